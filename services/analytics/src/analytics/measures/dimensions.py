"""The dimensions of slices: whose a posting is, and which of them cells keep apart. Pure."""

from functools import lru_cache
from uuid import UUID

from analytics.ledger.posting import Grouping, Slice
from events.catalogue.leads import Owner

LONGEST_LABEL = 80


def labelled(*groupings: Grouping) -> tuple[Grouping, ...]:
    """The groupings with the label kept apart in each: for measures that are asked for by their label."""
    return tuple((*grouping, "label") for grouping in groupings)


def held_by(owner: Owner | None, where: Slice) -> Slice:
    """The slice as it counts for an owner, with the team and region this person had at the event."""
    if owner is None:
        return where
    return where._replace(rep=text(owner.person), team=text(owner.team), region=text(owner.region))


@lru_cache(maxsize=65_536)
def text(identity: UUID | None) -> str | None:
    return None if identity is None else str(identity)


def reason_label(reason: str | None) -> str | None:
    """A reason as a label: spaces and case evened out, so that the same words are one row."""
    evened = " ".join((reason or "").split()).casefold()[:LONGEST_LABEL]
    return evened or None
