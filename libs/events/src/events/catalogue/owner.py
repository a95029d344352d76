"""Who holds a record: what all catalogues speak of."""

from uuid import UUID

from events.event import Value


class Owner(Value):
    """Who holds a record, and the team and region that this person belonged to on the day of the event."""

    person: UUID
    team: UUID | None = None
    region: UUID | None = None
