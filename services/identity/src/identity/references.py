"""What a caller names by id or external id, as the id of a record of this tenant; what does not exist is refused."""

from uuid import UUID

from pydantic import BaseModel

from chassis.refusals import AlreadyExists, Invalid
from chassis.unit_of_work import UnitOfWork
from identity import store
from identity.store import Tree


async def named(work: UnitOfWork, table: str, body: BaseModel, noun: str) -> UUID | None:
    """The id behind ``<noun>`` or ``<noun>_external_id`` of a body; None where neither is given."""
    id_: UUID | None = getattr(body, noun)
    external_id: str | None = getattr(body, f"{noun}_external_id", None)
    if id_ is not None:
        await refuse_unknown(work, table, id_, pointer=f"/{noun}")
    elif external_id is not None:
        found = await store.ids_by_external_id(work.connection, table, work.tenant, [external_id])
        id_ = found.get(external_id)
        if id_ is None:
            raise Invalid(f"No {table} with this external id is known.", pointer=f"/{noun}_external_id")
    return id_


async def refuse_unknown(work: UnitOfWork, table: str, id_: UUID, *, pointer: str) -> None:
    if id_ not in await store.known_ids(work.connection, table, work.tenant, [id_]):
        raise Invalid(f"No such {table} is known.", pointer=pointer)


async def line(work: UnitOfWork, tree: Tree, start: UUID | None, *, pointer: str) -> tuple[UUID, ...]:
    """A new parent and all above it; empty for none."""
    if start is None:
        return ()
    above = await store.line_above(work.connection, tree, work.tenant, start)
    if not above:
        raise Invalid(f"No such {tree} is known.", pointer=pointer)
    return above


async def existing(work: UnitOfWork, table: str, external_id: str | None) -> UUID | None:
    """The record that has this external id."""
    if external_id is None:
        return None
    return (await store.ids_by_external_id(work.connection, table, work.tenant, [external_id])).get(external_id)


async def refuse_existing(work: UnitOfWork, table: str, external_id: str | None) -> None:
    if (id_ := await existing(work, table, external_id)) is not None:
        raise AlreadyExists(f"A {table} with this external id exists.", pointer="/external_id", id=str(id_))
