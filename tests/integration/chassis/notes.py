"""A small service for the tests of the chassis: notes that are written, renamed and listed.

It publishes the events of regions, because the catalogue is closed and a test may not add to it.
Runs as a process too: ``python notes.py [api | migrate | openapi ...]``.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel

from chassis.aggregates import Aggregate, Command, Loaded
from chassis.auth import Caller
from chassis.bulk import Batch, BatchItem, BatchReply, reply, result_of
from chassis.http_context import context_of
from chassis.inputs import Day, Input, LongText, MoneyInput, MoneyView, OccurredAt, StrictInt, Text
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Refusal
from chassis.routes import CommandRoute, Work
from chassis.run import main
from chassis.service import Service
from chassis.settings import Settings
from events.catalogue.identity import RegionChanged, RegionDefined, RegionEvent, RegionState, Role, TenantState


class NameTaboo(Refusal):
    """A note may not have this name."""

    slug = "name-taboo"


@dataclass(frozen=True, kw_only=True)
class WriteNote(Command):
    creates = True
    id: UUID
    name: str
    external_id: str | None = None
    owner: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class RenameNote(Command):
    name: str


def decide(command: WriteNote | RenameNote, note: RegionState | None) -> Iterator[RegionEvent]:
    """The events name the new state themselves: those of regions have no fields for what changed."""
    if command.name == "taboo":
        raise NameTaboo(pointer="/name")
    match command:
        case WriteNote(id=id_, name=name, external_id=external_id, owner=owner):
            region = RegionState(id=id_, name=name, external_id=external_id, parent=owner)
            yield RegionDefined(region=region)
        case RenameNote(name=name) if note is not None and note.name != name:
            yield RegionChanged(region=note.model_copy(update={"name": name}))


def apply(_note: RegionState | None, event: RegionEvent) -> RegionState:
    return event.region


NOTE: Aggregate[RegionState] = Aggregate(
    noun="note",
    table="note",
    state=RegionState,
    decide=decide,
    apply=apply,
    columns=lambda note: {"external_id": note.external_id, "owner": note.parent},
)


class NoteInput(Input):
    name: Annotated[str, Text(200)]
    external_id: Annotated[str, Text(50)] | None = None
    text: LongText | None = None
    stars: StrictInt | None = None
    price: MoneyInput | None = None
    day: Day | None = None
    occurred_at: OccurredAt | None = None


class NoteName(Input):
    name: Annotated[str, Text(200)]


class NoteItem(BatchItem):
    id: UUID | None = None
    name: Annotated[str, Text(200)]
    external_id: Annotated[str, Text(50)] | None = None


class NoteView(BaseModel):
    id: UUID
    name: str
    external_id: str | None
    version: int
    price: MoneyView | None = None

    @classmethod
    def of(cls, note: Loaded[RegionState], price: MoneyInput | None = None) -> "NoteView":
        shown = None if price is None else MoneyView.of(price.to_money())
        state = note.state
        return cls(id=state.id, name=state.name, external_id=state.external_id, version=note.version, price=shown)


router = APIRouter(route_class=CommandRoute, tags=["notes"])


@router.post("/v1/notes", status_code=201, responses=problems(NameTaboo))
async def write_note(body: NoteInput, work: Work, response: Response) -> NoteView:
    id_ = work.new_id()
    moment = await work.moment(body.occurred_at)
    command = WriteNote(
        id=id_, name=body.name, external_id=body.external_id, owner=work.principal.person, moment=moment
    )
    note = await work.execute(NOTE, id_, command)
    if body.name.startswith("slow"):
        await asyncio.sleep(float(body.name.partition(" ")[2]))
    response.headers["Location"] = f"/v1/notes/{id_}"
    return NoteView.of(note, body.price)


@router.patch("/v1/notes/{note_id}", responses=problems(NameTaboo))
async def rename_note(note_id: UUID, body: NoteName, work: Work) -> NoteView:
    command = RenameNote(name=body.name, moment=await work.moment())
    scope = work.principal.scope
    return NoteView.of(
        await work.execute(NOTE, note_id, command, visible=lambda note: scope.everything or note.parent == scope.person)
    )


@router.post("/v1/notes:batch", responses={207: {"model": BatchReply}})
async def write_notes(body: Batch[NoteItem], work: Work, response: Response) -> BatchReply:
    moment = await work.moment()
    items: list[tuple[UUID, Command]] = []
    for item in body.items:
        id_ = item.id or work.new_id()
        command: Command = (
            WriteNote(id=id_, name=item.name, external_id=item.external_id, moment=moment)
            if item.id is None
            else RenameNote(name=item.name, moment=moment)
        )
        items.append((id_, command))
    outcomes = await work.execute_many(NOTE, items, atomic=body.atomic)
    results = [
        result_of(item.item_id, (id_, outcome), created=item.id is None)
        for item, (id_, _), outcome in zip(body.items, items, outcomes, strict=True)
    ]
    return reply(results, response)


@router.get("/v1/notes/{note_id}")
async def read_note(note_id: UUID, reader: Reader) -> NoteView:
    return NoteView.of(await reader.load(NOTE, note_id))


@router.get("/v1/notes")
async def list_notes(
    reader: Reader, limit: Limit = 50, cursor: CursorText = None, name: str | None = None
) -> Page[NoteView]:
    cursors = reader.cursors("notes")
    after = cursors.read(cursor)
    rows = await reader.fetch(
        "SELECT id, version, state FROM note WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2)"
        " AND ($4::text IS NULL OR state ->> 'name' = $4) ORDER BY id LIMIT $3",
        reader.tenant,
        after and after[0],
        limit + 1,
        name,
    )
    return cursors.page(
        rows,
        limit,
        lambda row: NoteView.of(Loaded(RegionState.model_validate_json(row["state"]), row["version"])),
        lambda row: [row["id"]],
    )


@router.get("/v1/me")
async def me(caller: Caller) -> dict[str, Any]:
    return {"subject": caller.subject, "roles": sorted(caller.roles), "team": caller.team, "led": caller.led_teams}


streams = APIRouter()


@streams.get("/v1/stream", response_class=EventSourceResponse)
async def stream(request: Request, caller: Caller) -> AsyncIterator[dict[str, int]]:
    stopping = context_of(request.scope).resources.stopping
    for number in range(10_000):
        if stopping.is_set():
            return
        yield {"number": number}
        try:
            await asyncio.wait_for(stopping.wait(), 0.2)
        except TimeoutError:
            continue


def tenant_state(tenant: UUID | None = None, zone: str = "Asia/Ho_Chi_Minh") -> TenantState:
    id_ = tenant or uuid4()
    return TenantState(id=id_, slug=f"t{id_.hex[:8]}", name="Firm", zone=zone, base_currency="USD")


NOTES = Service(
    name=os.environ.get("NOTES_NAME", "notes"),
    title="Notes",
    settings=Settings,
    routers=(router, streams),
    migrations=Path(__file__).parent / "notes_migrations",
)
ROLES = frozenset(Role)

if __name__ == "__main__":
    main(NOTES)
