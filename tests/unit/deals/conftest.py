"""The cast of the tests of deals: Ana the rep, Binh who takes over, two products, a pipeline of four stages.

Tests take the cast as one fixture, ``cast``; times are told in days after the first of January 2026.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from deals.commands import ChangeAmount, ChangeLines, LoseDeal, MoveStage, OpenDeal, ReopenDeal, WinDeal
from deals.worth import Conversion, LineOffer, Worth, worth_of_amount, worth_of_lines
from events.catalogue.deals import DealDetails, ExitCriterion, PipelineState, ProductState, Stage
from events.catalogue.leads import Owner
from events.moment import Moment
from events.money import Money, PinnedRate

BEGIN = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


def _id(number: int) -> UUID:
    return UUID(int=number)


class Cast:
    """Who and what the tests speak of."""

    deal = _id(1)
    ana = Owner(person=_id(11), team=_id(21), region=_id(31))
    binh = Owner(person=_id(12), team=_id(22), region=_id(31))
    account = _id(41)
    laptop = ProductState(
        id=_id(51),
        name="Laptop",
        list_prices=(Money(minor=120_000, currency="USD"), Money(minor=30_000_000, currency="VND")),
    )
    mouse = ProductState(id=_id(52), name="Mouse", list_prices=(Money(minor=2_500, currency="USD"),))
    pipeline = PipelineState(
        id=_id(61),
        name="Direct",
        is_default=True,
        stages=(
            Stage(key="qualified", title="Qualified", probability=1_000, stalled_after_days=14),
            Stage(key="needs", title="Needs", probability=2_500, exit_criteria=(ExitCriterion.NEXT_STEP,)),
            Stage(
                key="proposal",
                title="Proposal",
                probability=5_000,
                exit_criteria=(ExitCriterion.AMOUNT, ExitCriterion.PRODUCTS),
            ),
            Stage(key="negotiation", title="Negotiation", probability=7_500),
        ),
    )

    def at(self, days: float) -> Moment:
        moment = BEGIN + timedelta(days=days)
        return Moment(at=moment, on=moment.date())

    def day(self, days: float) -> date:
        return self.at(days).on

    def pipelines(self, pipeline: PipelineState | None = None) -> Mapping[UUID, PipelineState]:
        return {self.pipeline.id: pipeline or self.pipeline}

    def conversion(self, currency: str = "USD", rate: str = "1", exponent: int = 2) -> Conversion:
        pinned = PinnedRate(currency=currency, base="USD", rate=rate, on=date(2026, 1, 1))
        return Conversion(rate=pinned, exponent=exponent, base_exponent=2)

    def amount(self, minor: int) -> Worth:
        return worth_of_amount(Money(minor=minor, currency="USD"), self.conversion())

    def lines(self, *offers: LineOffer) -> Worth:
        return worth_of_lines(offers, self.conversion())

    def opened(self, days: float = 0, **changes: Any) -> OpenDeal:
        given: dict[str, Any] = {
            "moment": self.at(days),
            "id": self.deal,
            "details": DealDetails(name="Acme laptops", source="referral"),
            "pipeline": self.pipeline,
            "owner": self.ana,
            "worth": self.amount(100_000),
        }
        return OpenDeal(**(given | changes))

    def move(self, to: str, days: float, **changes: Any) -> MoveStage:
        return MoveStage(moment=self.at(days), to=to, **({"pipelines": self.pipelines()} | changes))

    def revalue(self, minor: int, days: float) -> ChangeAmount:
        return ChangeAmount(moment=self.at(days), worth=self.amount(minor))

    def put(self, days: float, *offers: LineOffer) -> ChangeLines:
        return ChangeLines(moment=self.at(days), worth=self.lines(*offers))

    def win(self, days: float, **changes: Any) -> WinDeal:
        return WinDeal(moment=self.at(days), **({"pipelines": self.pipelines()} | changes))

    def lose(self, days: float, reason: str = "too dear") -> LoseDeal:
        return LoseDeal(moment=self.at(days), reason=reason)

    def reopen(self, days: float, **changes: Any) -> ReopenDeal:
        given: dict[str, Any] = {"reason": "they called back", "pipelines": self.pipelines()}
        return ReopenDeal(moment=self.at(days), **(given | changes))


@pytest.fixture(scope="session")
def cast() -> Cast:
    return Cast()
