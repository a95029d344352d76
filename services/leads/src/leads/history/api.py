"""The past of leads, accounts and contacts over HTTP: who changed which field, when, from what to what.

What a record was at its entry is what its first changes name as ``from``, or what it still is. Who sees a record sees
its past.
"""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic_core import from_json

from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import NotFound
from leads import store
from leads.customers.masking import CLEAR, Sight
from leads.customers.personal_data import PersonalReads, sight_of
from leads.erasing.erasure import ContactIsErased
from leads.erasing.seeing import refuse_unseen
from leads.history import store as history_store
from leads.history.views import ChangeView

router = APIRouter(tags=["history"])


@router.get("/v1/leads/{lead_id}/history", responses=problems(NotFound))
async def get_lead_history(
    lead_id: UUID, reader: Reader, *, limit: Limit = 50, cursor: CursorText = None
) -> Page[ChangeView]:
    """What changed about a lead, oldest first, custom fields included."""
    await _refuse_unseen(reader, "lead", lead_id, *store.LEAD_OWNERS)
    return await _page(reader, "lead_change", lead_id, limit, cursor)


@router.get("/v1/accounts/{account_id}/history", responses=problems(NotFound))
async def get_account_history(
    account_id: UUID, reader: Reader, *, limit: Limit = 50, cursor: CursorText = None
) -> Page[ChangeView]:
    """What changed about an account, oldest first."""
    await _refuse_unseen(reader, "customer", account_id, *store.OWNERS, unowned=True)
    return await _page(reader, "customer_change", account_id, limit, cursor)


@router.get("/v1/contacts/{contact_id}/history", responses=problems(NotFound, ContactIsErased))
async def get_contact_history(
    contact_id: UUID, reads: PersonalReads, reader: Reader, *, limit: Limit = 50, cursor: CursorText = None
) -> Page[ChangeView]:
    """What changed about a contact, oldest first: personal data, masked as in the contact itself."""
    await refuse_unseen(reader, contact_id)
    reads.note(reader.principal, [contact_id])
    sight = await sight_of(reader.connection, reader.principal)
    return await _page(reader, "contact_change", contact_id, limit, cursor, sight=sight)


async def _refuse_unseen(
    reader: ReadTransaction, table: str, id_: UUID, *owners: tuple[str, str], unowned: bool = False
) -> None:
    query = store.Query(reader.tenant)
    query.equal({"id": id_})
    query.within(reader.scope, *owners, unowned=unowned)
    if not await query.fetch(reader.connection, table, "id"):
        raise NotFound


async def _page(
    reader: ReadTransaction, table: str, id_: UUID, limit: int, cursor: str | None, *, sight: Sight = CLEAR
) -> Page[ChangeView]:
    cursors = reader.cursors(f"{table} {id_}")
    after = cursors.read(cursor)
    rows = await history_store.changes(reader.connection, reader.tenant, table, id_, after=after, limit=limit)

    def view(row: Any) -> ChangeView:
        return ChangeView.of(row, from_json(row["changes"]), sight)

    return cursors.page(rows, limit, view, lambda row: [row["version"]])
