"""The later touches of a lead, its own and those of the leads it stands for. Pure."""

from collections.abc import Iterable
from uuid import UUID

from events.catalogue.leads import Touch
from events.catalogue.touches import Origin

TOUCHES_KEPT = 20
"""So many later touches stay in the state, which each event of the lead carries."""


def kept(touches: Iterable[Touch]) -> tuple[Touch, ...]:
    """The latest, in the order of time; those of merged leads make room for the lead's own."""
    in_order = sorted(touches, key=lambda touch: touch.at)
    own = [touch for touch in in_order if touch.from_lead is None][-TOUCHES_KEPT:]
    room = TOUCHES_KEPT - len(own)
    others = [touch for touch in in_order if touch.from_lead is not None][-room:] if room else []
    return tuple(sorted((*own, *others), key=lambda touch: touch.at))


def capture_of(lead: UUID, origin: Origin) -> Touch:
    """How a lead came in, as a touch of the one that stands for it."""
    return Touch(
        at=origin.created_at,
        on=origin.created_on,
        external_id=origin.external_id,
        source=origin.source,
        campaign=origin.campaign,
        medium=origin.medium,
        from_lead=lead,
    )
