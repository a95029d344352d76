"""Trees of teams, regions and managers: nothing may stand above itself. Pure."""

from collections.abc import Collection
from uuid import UUID

from chassis.refusals import Kind, Refusal


class HierarchyLoop(Refusal):
    """This would put the record above itself."""

    slug = "hierarchy-loop"
    kind = Kind.INVALID


def refuse_loop(record: UUID, line: Collection[UUID], *, pointer: str) -> None:
    """Refuse a new parent whose line of ancestors, itself included, holds the record."""
    if record in line:
        raise HierarchyLoop(pointer=pointer)
