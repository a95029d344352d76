"""Who holds an account, over HTTP: take it over, give it up, who held it when. The company owns it throughout."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter

from chassis.examples import example
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, Invalid, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import CustomerState, Owner
from leads.customers.account_inputs import CustodyInput
from leads.customers.account_views import CustodyView
from leads.customers.customer import CUSTOMER, AccountIsHeld, GiveUp, TakeOver
from leads.inputs import When
from leads.lookups import ASSIGNERS, Lookups, sees_account
from leads.sequence import OutOfSequence

router = APIRouter(route_class=CommandRoute, tags=["accounts"])


@router.get("/v1/accounts/{account_id}/custody", responses=problems(NotFound))
async def get_custody(account_id: UUID, reader: Reader) -> CustodyView:
    """Who held the account, and from when to when."""
    scope = reader.scope
    return CustodyView.of(await reader.load(CUSTOMER, account_id, visible=lambda each: sees_account(scope, each)))


@router.post(
    "/v1/accounts/{account_id}/custody",
    responses=problems(NotFound, Forbidden, Invalid, AccountIsHeld, OutOfSequence),
    openapi_extra=example({"owner_external_id": "rep", "occurred_at": "2026-03-01T09:30:00Z"}),
)
async def take_over_account(account_id: UUID, body: CustodyInput, work: Work) -> CustodyView:
    """Hold the account, or give it to another.

    Everybody may take what nobody holds; those who look after others give accounts to anybody.
    """
    lookups = Lookups(work)
    moment = await lookups.moment(body.occurred_at)
    to = await _taker(lookups, body)
    command = TakeOver(moment=moment, to=to, only_free=not work.principal.has(*ASSIGNERS))
    return CustodyView.of(await work.execute(CUSTOMER, account_id, command, visible=_visible(work)))


@router.post(
    "/v1/accounts/{account_id}/custody-end",
    responses=problems(NotFound, OutOfSequence),
    openapi_extra=example({"occurred_at": "2026-03-01T09:30:00Z"}),
)
async def give_up_account(account_id: UUID, body: When, work: Work) -> CustodyView:
    """Nobody holds the account from then on: it is everybody's."""
    command = GiveUp(moment=await work.moment(body.occurred_at))
    return CustodyView.of(await work.execute(CUSTOMER, account_id, command, visible=_visible(work)))


async def _taker(lookups: Lookups, body: CustodyInput) -> Owner:
    on = (await lookups.moment(body.occurred_at)).on
    to = await lookups.given_owner(body, "owner", on) or await lookups.myself(on)
    if to is None:
        raise Invalid("You are no person: say who holds the account.", pointer="/owner")
    return to


def _visible(work: UnitOfWork) -> Callable[[CustomerState], bool]:
    scope = work.principal.scope
    return lambda each: sees_account(scope, each)
