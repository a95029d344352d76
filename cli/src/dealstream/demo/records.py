"""The demo's stories as the bodies of API calls. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dealstream.demo import firm
from dealstream.demo.firm import Person, Product
from dealstream.demo.year import STAGES, DealStory, LeadStory
from dealstream.imports.loading import instant

Item = Mapping[str, Any]

_DIGITS = {"VND": Decimal(1), "CNY": Decimal("0.01"), "USD": Decimal("0.01")}


def person(of: Person) -> Item:
    """A member of staff, managed by the manager of the team."""
    manager = next((each.key for each in firm.MANAGERS if each.team == of.team and of not in firm.MANAGERS), None)
    item = {
        "external_id": of.key,
        "name": of.name,
        "email": of.email,
        "locale": of.locale,
        "roles": [of.role],
        "team_external_id": of.team,
        "region_external_id": of.region,
    }
    return (
        item if manager is None or of in (firm.DIRECTOR, firm.OPERATIONS) else {**item, "manager_external_id": manager}
    )


def product(of: Product) -> Item:
    """A product with a list price in each currency."""
    prices = [_money(Decimal(of.price(currency)), currency) for currency in ("VND", "CNY", "USD")]
    return {"external_id": of.key, "name": of.name, "family": of.family, "list_prices": prices}


def rates(end: datetime) -> Item:
    """What a unit of each currency was worth on the first of each month, drifting a little."""
    first = end - timedelta(days=420)
    months = sorted({(first + timedelta(days=day)).replace(day=1).date() for day in range(421)})
    return {
        "rates": [
            {"currency": currency, "on": month.isoformat(), "rate": str(rate + rate * (place % 5 - 2) / 1000)}
            for currency, rate in firm.RATES.items()
            for place, month in enumerate(months)
        ]
    }


def capture(lead: LeadStory) -> Item:
    """The lead as it came in, with the person behind it."""
    return {
        "command": "capture",
        "external_id": lead.key,
        "title": lead.company,
        "source": lead.source.name,
        "campaign": lead.campaign,
        "owner_external_id": lead.sdr.key,
        "prospect": {"name": lead.contact, "phone": lead.phone},
        "occurred_at": instant(lead.at),
    }


def judgement(lead: LeadStory) -> Item | None:
    """What the SDR decided about the lead, if anything."""
    if lead.qualified_at is not None:
        return {"command": "qualify", "external_id": lead.key, "occurred_at": instant(lead.qualified_at)}
    if lead.disqualified_at is not None:
        at = instant(lead.disqualified_at)
        return {"command": "disqualify", "external_id": lead.key, "reason": lead.reason, "occurred_at": at}
    return None


def offer(lead: LeadStory, to: Person) -> Item | None:
    """The handoff to an account executive."""
    if lead.offered_at is None:
        return None
    return {
        "command": "offer",
        "external_id": lead.key,
        "lead_external_id": lead.key,
        "offered_to_external_id": to.key,
        "opportunity": {"name": lead.company},
        "occurred_at": instant(lead.offered_at),
    }


def answer(lead: LeadStory) -> Item | None:
    """What the account executive answered."""
    if lead.answered_at is None:
        return None
    told = {"external_id": lead.key, "occurred_at": instant(lead.answered_at)}
    if lead.returned is not None:
        return {**told, "command": "return", "reason": lead.returned}
    return {**told, "command": "accept", "account_name": lead.company}


def opening(deal: DealStory, account: str) -> Item:
    """A deal that begins without a lead."""
    return {
        "command": "open",
        "external_id": deal.key,
        "name": deal.customer,
        "owner_external_id": deal.rep.key,
        "account": account,
        "occurred_at": instant(deal.opened_at),
    }


def course(deal: DealStory, named: Item) -> Iterator[Item]:
    """All that happened to a deal after it was opened, in order; ``named`` says which deal."""
    opened = instant(deal.opened_at)
    yield {
        **named,
        "command": "change_lines",
        "lines": _lines(deal, 0.0),
        "currency": deal.currency,
        "occurred_at": opened,
    }
    expected = deal.expected_close.date().isoformat()
    yield {**named, "command": "change_expected_close", "expected_close_on": expected, "occurred_at": opened}
    for move in deal.moves:
        yield {**named, "command": "move", "stage": move.stage, "occurred_at": instant(move.at)}
    if deal.close is None:
        yield from _next_step(deal, named)
    elif deal.close.won:
        lines = {"lines": _lines(deal, deal.close.discount), "currency": deal.currency}
        yield {**named, **lines, "command": "win", "occurred_at": instant(deal.close.at)}
    else:
        why = {"reason": deal.close.reason, "competitor": deal.close.competitor}
        yield {**named, **why, "command": "lose", "occurred_at": instant(deal.close.at)}


def _next_step(deal: DealStory, named: Item) -> Iterator[Item]:
    if deal.next_step is not None:
        what = ("Gọi lại xác nhận ngân sách", "Gửi báo giá", "Hẹn khảo sát tại xưởng")[
            len(deal.moves) % len(STAGES) % 3
        ]
        step = {"what": what, "due_on": deal.next_step.date().isoformat()}
        yield {**named, "command": "plan_next_step", "next_step": step}


def _lines(deal: DealStory, discount: float) -> list[Item]:
    return [
        {
            "product_external_id": product.key,
            "quantity": quantity,
            "net_total": _money(
                Decimal(product.price(deal.currency)) * quantity * (1 - Decimal(str(discount))), deal.currency
            ),
        }
        for product, quantity in deal.lines
    ]


def _money(amount: Decimal, currency: str) -> Item:
    return {"amount": str(amount.quantize(_DIGITS[currency], rounding=ROUND_HALF_UP)), "currency": currency}
