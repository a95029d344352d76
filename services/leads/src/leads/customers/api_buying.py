"""Who has a part in what an account buys, over HTTP, and the tree that the account stands in."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from chassis import aggregate_store
from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import Invalid, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.contacts import ContactState
from events.catalogue.custody import Stakeholder
from events.catalogue.leads import CustomerState
from leads.customers import store as store_customers
from leads.customers.account_inputs import BuyingRolesInput
from leads.customers.account_views import StakeholdersView, StakeholderView, TreeNodeView, TreeView
from leads.customers.customer import CUSTOMER, SetBuyingRoles, TooManyStakeholders
from leads.customers.personal_data import PersonalReads, Reads
from leads.lookups import Lookups, sees_account
from leads.views import OwnerView

router = APIRouter(route_class=CommandRoute, tags=["accounts"])

NODES_MOST = 1000


@router.get("/v1/accounts/{account_id}/buying-roles", responses=problems(NotFound))
async def get_buying_roles(account_id: UUID, reads: PersonalReads, reader: Reader) -> StakeholdersView:
    """All who have a part in what the account buys, named where you see the contact."""
    return await _stakeholders(reads, reader, await seen_account(reader, account_id))


@router.post(
    "/v1/accounts/{account_id}/buying-roles",
    responses=problems(NotFound, Invalid, TooManyStakeholders),
    openapi_extra=example({"contact": "019a0000-0000-7000-8000-000000000007", "roles": ["champion", "user"]}),
)
async def set_buying_roles(
    account_id: UUID, body: BuyingRolesInput, reads: PersonalReads, work: Work
) -> StakeholdersView:
    """Say what part a contact, of this account or of another, has in what the account buys."""
    lookups = Lookups(work)
    await lookups.gather([body])
    contact, scope = lookups.contact(body), work.principal.scope
    if contact is None:
        raise TypeError("the body names a contact")
    command = SetBuyingRoles(moment=await work.moment(), contact_id=contact, roles=tuple(body.roles))
    loaded = await work.execute(CUSTOMER, account_id, command, visible=lambda each: sees_account(scope, each))
    return await _stakeholders(reads, work, loaded)


@router.get("/v1/accounts/{account_id}/tree", responses=problems(NotFound))
async def get_account_tree(account_id: UUID, reader: Reader) -> TreeView:
    """The companies above and below the account, and beside it, as far as you see them."""
    await seen_account(reader, account_id)
    rows = await store_customers.tree(reader.connection, reader.tenant, reader.scope, account_id, NODES_MOST + 1)
    nodes = [_node(row) for row in rows[:NODES_MOST]]
    return TreeView(account=account_id, items=nodes, truncated=len(rows) > NODES_MOST)


async def seen_account(reader: ReadTransaction, account: UUID) -> Loaded[CustomerState]:
    """The account, without an ETag: what is answered changes with others, too."""
    found = await aggregate_store.load(reader.connection, CUSTOMER, reader.tenant, account)
    if found is None or not sees_account(reader.scope, found.state):
        raise NotFound
    return found


async def _stakeholders(reads: Reads, asking: Any, loaded: Loaded[CustomerState]) -> StakeholdersView:
    account = loaded.state
    contacts = [each.contact_id for each in account.stakeholders]
    scope = asking.principal.scope
    seen = await store_customers.contacts_seen(asking.connection, asking.tenant, scope, contacts)
    reads.note(asking.principal, seen)
    items = [_stakeholder(each, seen.get(each.contact_id)) for each in account.stakeholders]
    return StakeholdersView(account=account.id, version=loaded.version, items=items)


def _stakeholder(held: Stakeholder, row: Any) -> StakeholderView:
    contact = None if row is None else ContactState.model_validate_json(row["state"])
    return StakeholderView(
        contact=held.contact_id,
        name=contact and contact.name,
        job_title=contact and contact.job_title,
        roles=list(held.roles),
    )


def _node(row: Any) -> TreeNodeView:
    account = CustomerState.model_validate_json(row["state"])
    return TreeNodeView(
        id=account.id,
        name=account.name,
        parent=account.parent,
        depth=row["depth"],
        owner=OwnerView.of(account.owner),
    )
