"""From what callers send to commands: who may ask for it, and what the command needs to know.

Rights are two: roles that work on deals at all, and roles that may give a deal to somebody else. Which deals a caller
may touch is the scope's matter, checked where the deal is loaded.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypedDict
from uuid import UUID

from chassis.refusals import Forbidden
from deals import commands
from deals.inputs import (
    AmountChange,
    DealChange,
    DealInput,
    DetailsChange,
    ExpectedCloseChange,
    LineInput,
    LinesChange,
    Loss,
    NextStepChange,
    NextStepInput,
    OwnerChange,
    Reopening,
    StageMove,
    Win,
    WorthInput,
)
from deals.lookups import Lookups, reference_of
from deals.refusals import MixedCurrencies
from deals.worth import LineOffer, Worth, worth_of_amount, worth_of_lines
from events.catalogue.deals import DealDetails, NextStep
from events.catalogue.identity import Role
from events.moment import Moment
from events.money import Money

GIVES_DEALS = (Role.MANAGER, Role.DIRECTOR, Role.SALES_OPS, Role.ADMIN, Role.INTEGRATION)
WORKS_ON_DEALS = (Role.REP, *GIVES_DEALS)


async def opening(body: DealInput, id_: UUID, lookups: Lookups) -> commands.OpenDeal:
    """The command that opens a deal."""
    moment = await lookups.moment(body.occurred_at)
    owner = await lookups.owner(reference_of(body, "owner"), moment.on)
    if not lookups.work.principal.scope.allows(owner):
        raise Forbidden("You may open deals for yourself and those you lead.", pointer="/owner")
    details = DealDetails(
        name=body.name,
        source=body.source,
        campaign=body.campaign,
        account_id=lookups.account(reference_of(body, "account")),
    )
    worth = await _worth(body, moment, lookups)
    return commands.OpenDeal(
        moment=moment,
        dated=body.occurred_at is not None,
        id=id_,
        details=details,
        pipeline=await lookups.pipeline(reference_of(body, "pipeline"), moment),
        owner=owner,
        worth=worth or await _worth_nothing(moment, lookups),
        stage=body.stage,
        external_id=body.external_id,
        expected_close_on=body.expected_close_on,
        next_step=_next_step(body.next_step),
        lead_created_on=body.lead_created_on,
        start_known=body.start_known,
        imported=body.imported,
    )


async def change(body: DealChange, lookups: Lookups) -> commands.DealCommand:
    """The command that changes a deal."""
    when = When(moment=await lookups.moment(body.occurred_at), dated=body.occurred_at is not None)
    translate = next(translate for kind, translate in _CHANGES.items() if isinstance(body, kind))
    return await translate(body, when, lookups)


class When(TypedDict):
    """The time of a command, and whether the caller named it."""

    moment: Moment
    dated: bool


async def _move(body: StageMove, when: When, lookups: Lookups) -> commands.MoveStage:
    return commands.MoveStage(**when, to=body.stage, pipelines=lookups.pipelines)


async def _change_amount(body: AmountChange, when: When, lookups: Lookups) -> commands.ChangeAmount:
    return commands.ChangeAmount(**when, worth=await _of_amount(body.amount.to_money(), when["moment"], lookups))


async def _change_lines(body: LinesChange, when: When, lookups: Lookups) -> commands.ChangeLines:
    return commands.ChangeLines(**when, worth=await _of_lines(body.lines, body.currency, when["moment"], lookups))


async def _change_owner(body: OwnerChange, when: When, lookups: Lookups) -> commands.ChangeOwner:
    lookups.work.principal.require(*GIVES_DEALS)
    return commands.ChangeOwner(**when, to=await lookups.owner(reference_of(body, "owner"), when["moment"].on))


async def _change_expected_close(body: ExpectedCloseChange, when: When, _: Lookups) -> commands.ChangeExpectedClose:
    return commands.ChangeExpectedClose(**when, to_on=body.expected_close_on)


async def _plan_next_step(body: NextStepChange, when: When, _: Lookups) -> commands.PlanNextStep:
    return commands.PlanNextStep(**when, next_step=_next_step(body.next_step))


async def _change_details(body: DetailsChange, when: When, lookups: Lookups) -> commands.ChangeDetails:
    return commands.ChangeDetails(**when, changes=_details(body, lookups))


async def _win(body: Win, when: When, lookups: Lookups) -> commands.WinDeal:
    return commands.WinDeal(**when, worth=await _worth(body, when["moment"], lookups), pipelines=lookups.pipelines)


async def _lose(body: Loss, when: When, _: Lookups) -> commands.LoseDeal:
    return commands.LoseDeal(**when, reason=body.reason, competitor=body.competitor)


async def _reopen(body: Reopening, when: When, lookups: Lookups) -> commands.ReopenDeal:
    return commands.ReopenDeal(**when, reason=body.reason, stage=body.stage, pipelines=lookups.pipelines)


_CHANGES: dict[type[DealChange], Callable[[Any, When, Lookups], Awaitable[commands.DealCommand]]] = {
    StageMove: _move,
    AmountChange: _change_amount,
    LinesChange: _change_lines,
    OwnerChange: _change_owner,
    ExpectedCloseChange: _change_expected_close,
    NextStepChange: _plan_next_step,
    DetailsChange: _change_details,
    Win: _win,
    Loss: _lose,
    Reopening: _reopen,
}


def _details(body: DetailsChange, lookups: Lookups) -> dict[str, Any]:
    changes: dict[str, Any] = {
        name: getattr(body, name) for name in ("name", "source", "campaign") if name in body.model_fields_set
    }
    if body.model_fields_set & {"account", "account_external_id"}:
        changes["account_id"] = lookups.account(reference_of(body, "account"))
    return changes


async def _worth(body: WorthInput, moment: Moment, lookups: Lookups) -> Worth | None:
    if body.lines is not None:
        return await _of_lines(body.lines, body.currency, moment, lookups)
    if body.amount is not None:
        return await _of_amount(body.amount.to_money(), moment, lookups)
    return None


async def _worth_nothing(moment: Moment, lookups: Lookups) -> Worth:
    conversion = await lookups.conversion(None, moment.on, "/amount")
    return worth_of_amount(Money(minor=0, currency=conversion.rate.currency), conversion)


async def _of_amount(amount: Money, moment: Moment, lookups: Lookups) -> Worth:
    return worth_of_amount(amount, await lookups.conversion(amount.currency, moment.on, "/amount/currency"))


async def _of_lines(lines: list[LineInput], currency: str | None, moment: Moment, lookups: Lookups) -> Worth:
    named = {price.currency for line in lines for price in line.prices} | ({currency} if currency else set())
    if len(named) > 1:
        raise MixedCurrencies(pointer="/lines")
    conversion = await lookups.conversion(next(iter(named), None), moment.on, "/lines")
    return worth_of_lines([_offer(line, lookups) for line in lines], conversion)


def _offer(line: LineInput, lookups: Lookups) -> LineOffer:
    return LineOffer(
        product=lookups.product(line),
        quantity=line.quantity,
        list_price=None if line.list_price is None else line.list_price.to_money().minor,
        net_price=None if line.net_price is None else line.net_price.to_money().minor,
        net_total=None if line.net_total is None else line.net_total.to_money().minor,
    )


def _next_step(step: NextStepInput | None) -> NextStep | None:
    return None if step is None else NextStep(what=step.what, due_on=step.due_on)
