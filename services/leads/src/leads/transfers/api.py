"""Transfers over HTTP: ask for one, see beforehand what it would move, follow it, call it off."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis import aggregate_store
from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, Invalid, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.transfers import TransferState, TransferStatus
from leads import store
from leads.lookups import ASSIGNERS
from leads.transfers import store as store_transfers
from leads.transfers.asking import Asked
from leads.transfers.inputs import TransferInput
from leads.transfers.transfer import (
    PARTS,
    TRANSFER,
    CancelTransfer,
    RequestTransfer,
    TransferHasBegun,
    TransferIsOpen,
)
from leads.transfers.views import PartPreview, PreviewView, RefusalView, SuccessorView, TransferView
from leads.views import OwnerView

router = APIRouter(route_class=CommandRoute, tags=["transfers"])

OWNERS = (("person_id", "person_team_id"),)
EXAMPLE = example({"person_external_id": "leaver", "to_external_id": "rep", "from_on": "2026-12-01"})


@router.post(
    "/v1/transfers",
    status_code=202,
    responses=problems(Forbidden, Invalid, TransferIsOpen),
    openapi_extra=EXAMPLE,
)
async def request_transfer(body: TransferInput, work: Work, response: Response) -> TransferView:
    """A person's open leads, accounts, handoffs and deals pass to others from the beginning of a day on.

    It is carried out in the background; what is closed stays, and so does all credit. What the person holds for teams
    that you do not look after stays, too, and is listed. Asking again moves what has come since.
    """
    asked = await Asked(work.directory, work.principal, work.now).understand(body)
    person = asked.person.person
    if (known := await store_transfers.open_transfer(work.connection, work.tenant, person)) is not None:
        raise TransferIsOpen(pointer="/person", id=str(known))
    command = RequestTransfer(
        moment=await work.moment(),
        id=work.new_id(),
        from_owner=asked.person,
        successors=asked.successors,
        starts=asked.starts,
        within_teams=asked.within_teams,
        requested_by=work.principal.subject,
    )
    loaded = await work.execute(TRANSFER, command.id, command)
    response.headers["Location"] = f"/v1/transfers/{command.id}"
    return TransferView.of(loaded)


@router.post("/v1/transfers:preview", responses=problems(Forbidden, Invalid), openapi_extra=EXAMPLE)
async def preview_transfer(body: TransferInput, reader: Reader) -> PreviewView:
    """What the transfer would move if it began now. Writes nothing."""
    asked = await Asked(reader.directory, reader.principal, reader.now).understand(body)
    person = asked.person.person
    counts = await store_transfers.counts(reader.connection, reader.tenant, person, PARTS, asked.within_teams)
    return PreviewView(
        person=OwnerView.sure(asked.person),
        successors=[SuccessorView.of(each) for each in asked.successors],
        from_on=asked.starts.on,
        parts=[PartPreview.of(part, counts[part], person, asked.successors) for part in PARTS],
    )


@router.get("/v1/transfers")
async def list_transfers(
    reader: Reader,
    *,
    person: UUID | None = None,
    status: Annotated[TransferStatus | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[TransferView]:
    """Transfers of those whose records the caller may see, in order of entry."""
    cursors = reader.cursors("transfers")
    query = store.Query(reader.tenant)
    query.equal({"person_id": person, "status": status.value if status else None})
    query.within(reader.scope, *OWNERS)
    rows = await store.by_id(reader.connection, query, "transfer", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: TransferView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/transfers/{transfer_id}", responses=problems(NotFound))
async def get_transfer(transfer_id: UUID, reader: Reader) -> TransferView:
    """A transfer and how far it is."""
    scope = reader.scope
    return TransferView.of(await reader.load(TRANSFER, transfer_id, visible=lambda each: scope.allows(each.from_owner)))


@router.get("/v1/transfers/{transfer_id}/refusals", responses=problems(NotFound))
async def list_transfer_refusals(
    transfer_id: UUID, reader: Reader, *, limit: Limit = 50, cursor: CursorText = None
) -> Page[RefusalView]:
    """The records that stayed with the person, and why."""
    found = await aggregate_store.load(reader.connection, TRANSFER, reader.tenant, transfer_id)
    if found is None or not reader.scope.allows(found.state.from_owner):
        raise NotFound
    cursors = reader.cursors("transfer refusals")
    after = cursors.read(cursor)
    rows = await store_transfers.refusals(reader.connection, reader.tenant, transfer_id, after, limit)
    return cursors.page(rows, limit, _refusal, lambda row: [row["part"], row["record_id"]])


@router.post("/v1/transfers/{transfer_id}/cancellation", responses=problems(NotFound, Forbidden, TransferHasBegun))
async def cancel_transfer(transfer_id: UUID, work: Work) -> TransferView:
    """Call off a transfer that has not begun."""
    work.principal.require(*ASSIGNERS)
    scope, command = work.principal.scope, CancelTransfer(moment=await work.moment())
    return TransferView.of(
        await work.execute(TRANSFER, transfer_id, command, visible=lambda each: scope.allows(each.from_owner))
    )


def _refusal(row: Any) -> RefusalView:
    return RefusalView(part=row["part"], id=row["record_id"], code=row["code"])


def _loaded(row: Any) -> Loaded[TransferState]:
    return Loaded(TransferState.model_validate_json(row["state"]), row["version"])
