"""Accounts over HTTP: open, change, list."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.bulk import Batch, BatchItem, BatchReply, each, reply
from chassis.examples import example
from chassis.inputs import ExternalId
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.custom_fields import RecordKind
from events.catalogue.leads import CustomerState
from leads import store
from leads.custom.values import VALUE_REFUSALS
from leads.customers.customer import CUSTOMER, ChangeCustomer, HierarchyLoop, OpenCustomer
from leads.inputs import AccountChange, AccountInput
from leads.known_names import as_existing, name_taken
from leads.lookups import ASSIGNERS, Lookups, sees_account
from leads.sequence import OutOfSequence
from leads.views import AccountView

router = APIRouter(route_class=CommandRoute, tags=["accounts"])


class AccountItem(AccountInput, BatchItem):
    """An account of a batch."""


@router.post(
    "/v1/accounts",
    status_code=201,
    responses=problems(AlreadyExists, Forbidden, Invalid, *VALUE_REFUSALS),
    openapi_extra=example({"name": "Công ty Đông Á", "external_id": "a-77", "sector": "Retail", "country": "VN"}),
)
async def open_account(body: AccountInput, work: Work, response: Response) -> AccountView:
    """Open an account. The company owns the record; a person may hold it."""
    if (known := await _existing(work, body)) is not None:
        raise name_taken("An account", known, seen=sees_account(work.principal.scope, known.state))
    loaded = await _opened(work, body)
    response.headers["Location"] = f"/v1/accounts/{loaded.state.id}"
    return AccountView.of(loaded)


@router.post(
    "/v1/accounts:batch",
    openapi_extra=example({"items": [{"item_id": "row 1", "name": "Công ty Đông Á", "external_id": "a-77"}]}),
)
async def open_accounts(body: Batch[AccountItem], work: Work, response: Response) -> BatchReply:
    """Open many accounts, parents first; one whose external id is known is answered with ``existing``."""

    async def run(item: AccountItem) -> Any:
        known = await _existing(work, item)
        if known is not None:
            seen = sees_account(work.principal.scope, known.state)
            return known.state.id, as_existing("An account", known, seen=seen)
        loaded = await _opened(work, item)
        return loaded.state.id, loaded

    results = await each(work, body.items, run, atomic=body.atomic, created=True)
    work.version = None
    return reply(results, response)


@router.get("/v1/accounts")
async def list_accounts(
    reader: Reader,
    *,
    owner: UUID | None = None,
    parent: UUID | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[AccountView]:
    """Accounts that the caller may see, in order of entry."""
    cursors = reader.cursors("accounts")
    query = store.Query(reader.tenant)
    query.equal({"owner_id": owner, "parent_id": parent, "external_id": external_id})
    query.within(reader.scope, *store.OWNERS, unowned=True)
    rows = await store.by_id(reader.connection, query, "customer", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: AccountView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/accounts/{account_id}", responses=problems(NotFound))
async def get_account(account_id: UUID, reader: Reader) -> AccountView:
    """One account."""
    scope = reader.scope
    return AccountView.of(await reader.load(CUSTOMER, account_id, visible=lambda each: sees_account(scope, each)))


@router.patch(
    "/v1/accounts/{account_id}",
    responses=problems(NotFound, Forbidden, HierarchyLoop, Invalid, OutOfSequence, *VALUE_REFUSALS),
    openapi_extra=example({"sector": "Wholesale"}),
)
async def change_account(account_id: UUID, body: AccountChange, work: Work) -> AccountView:
    """Change name, sector, country, parent, holder, class or own fields."""
    moment, scope, lookups = await work.moment(), work.principal.scope, Lookups(work)
    await lookups.gather([body])
    changes = body.model_dump(exclude_unset=True, exclude={"custom"})
    if "owner" in changes:
        work.principal.require(*ASSIGNERS)
        changes["owner"] = await lookups.owner(body, "owner", moment.on)
    line: tuple[UUID, ...] = ()
    if (parent := lookups.account(body, "parent")) is not None:
        line = await store.line_above(work.connection, work.tenant, parent)
    fields = await lookups.custom(RecordKind.ACCOUNT, body.custom, complete=False)
    command = ChangeCustomer(moment=moment, changes=changes, line=line, custom=fields)
    return AccountView.of(
        await work.execute(CUSTOMER, account_id, command, visible=lambda each: sees_account(scope, each))
    )


async def _existing(work: UnitOfWork, body: AccountInput) -> Loaded[CustomerState] | None:
    return None if body.external_id is None else await work.find(CUSTOMER, "external_id", body.external_id)


async def _opened(work: UnitOfWork, body: AccountInput) -> Loaded[CustomerState]:
    lookups = Lookups(work)
    await lookups.gather([body])
    moment = await lookups.moment(body.occurred_at)
    command = OpenCustomer(
        moment=moment,
        id=work.new_id(),
        external_id=body.external_id,
        name=body.name,
        sector=body.sector,
        country=body.country,
        customer_class=body.customer_class,
        parent=lookups.account(body, "parent"),
        owner=await lookups.first_owner(body, moment.on),
        custom=await lookups.custom(RecordKind.ACCOUNT, body.custom, complete=True),
    )
    return await work.execute(CUSTOMER, command.id, command)


def _loaded(row: Any) -> Loaded[CustomerState]:
    return Loaded(CustomerState.model_validate_json(row["state"]), row["version"])
