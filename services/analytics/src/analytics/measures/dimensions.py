"""The dimensions of slices: whose a posting is, and which of them cells keep apart. Pure."""

from uuid import UUID

from analytics.ledger.posting import Grouping, Slice
from events.catalogue.deals import Span
from events.catalogue.leads import Owner

LONGEST_LABEL = 80
TEXTS_MAX = 65_536


def labelled(*groupings: Grouping) -> tuple[Grouping, ...]:
    """The groupings with the label kept apart in each: for measures that are asked for by their label."""
    return tuple((*grouping, "label") for grouping in groupings)


def held_by(owner: Owner | None, where: Slice) -> Slice:
    """The slice as it counts for an owner, with the team and region this person had at the event."""
    return where if owner is None else at(owner, where, where.stage, where.product)


def at(owner: Owner, where: Slice, stage: str | None, product: UUID | str | None) -> Slice:
    """The slice of an owner in a stage with a product. Built at once: the fold asks for it a dozen times an event."""
    return Slice(
        text(owner.person),
        text(owner.team),
        text(owner.region),
        where.source,
        where.pipeline,
        stage,
        product if isinstance(product, str) else text(product),
        where.label,
    )


class Places:
    """The slices of a deal's spans, each built once: several measures ask for the same ones."""

    def __init__(self, where: Slice) -> None:
        self._where = where
        self._known: dict[int, Slice] = {}

    def __call__(self, span: Span) -> Slice:
        found = self._known.get(id(span))
        if found is None:
            found = self._known[id(span)] = at(span.owner, self._where, span.stage, span.product)
        return found


def text(identity: UUID | None) -> str | None:
    """The id as text. Remembered by its number, because hashing and comparing UUIDs costs as much as writing one."""
    if identity is None:
        return None
    found = _texts.get(identity.int)
    if found is None:
        if len(_texts) >= TEXTS_MAX:
            _texts.clear()
        found = _texts[identity.int] = str(identity)
    return found


_texts: dict[int, str] = {}


def reason_label(reason: str | None) -> str | None:
    """A reason as a label: spaces and case evened out, so that the same words are one row."""
    evened = " ".join((reason or "").split()).casefold()[:LONGEST_LABEL]
    return evened or None
