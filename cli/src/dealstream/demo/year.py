"""A believable year of the demo's firm, drawn from one seed: which leads came, what became of them, and when. Pure.

The year ends at ``end``. Sales follow the seasons of the country: little at Tết, more at the end of each quarter.
Everything is dated before ``end``; what would have happened later has not happened yet, which leaves an open pipeline.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dealstream.demo import firm
from dealstream.demo.firm import Person, Product, Source

STAGES = ("qualified", "needs", "proposal", "negotiation")
"""Those of the default pipeline."""

STAY_DAYS = (9, 14, 18, 12)
"""How long a deal typically stays in each."""

WIN_CHANCE = 0.34
LEADS, OWN_DEALS = 5_400, 750
DAYS = 365


@dataclass(frozen=True)
class Move:
    """The deal goes to the next stage."""

    at: datetime
    stage: str


@dataclass(frozen=True)
class Close:
    """The deal ends: won for ``discount`` less than the list price, or lost for a reason."""

    at: datetime
    won: bool
    discount: float
    reason: str = ""
    competitor: str | None = None


@dataclass(frozen=True)
class DealStory:
    """The life of a deal after it is opened."""

    key: str
    rep: Person
    opened_at: datetime
    currency: str
    lines: tuple[tuple[Product, int], ...]
    expected_close: datetime
    moves: tuple[Move, ...]
    close: Close | None
    next_step: datetime | None
    customer: str


@dataclass(frozen=True)
class LeadStory:
    """The life of a lead."""

    key: str
    company: str
    contact: str
    phone: str
    source: Source
    campaign: str | None
    sdr: Person
    at: datetime
    qualified_at: datetime | None = None
    disqualified_at: datetime | None = None
    reason: str | None = None
    offered_at: datetime | None = None
    answered_at: datetime | None = None
    returned: str | None = None
    deal: DealStory | None = None


class Year:
    """Draws the stories; the same seed and end give the same year."""

    def __init__(self, end: datetime, seed: int = 2026, leads: int = LEADS, own_deals: int = OWN_DEALS) -> None:
        self.end = end
        self._random = random.Random(seed)  # noqa: S311 - a story, not a secret
        self._leads = leads
        self._own_deals = own_deals
        self._days = [end - timedelta(days=day) for day in range(DAYS, 0, -1)]
        self._weights = [season(day) for day in self._days]

    def leads(self) -> Iterator[LeadStory]:
        """Each lead of the year, oldest first."""
        for number, at in enumerate(sorted(self._moments(self._leads)), start=1):
            yield self._lead(f"L-{number:05d}", at)

    def own_deals(self) -> Iterator[DealStory]:
        """Deals with customers the firm knew already, opened without a lead."""
        for number, at in enumerate(sorted(self._moments(self._own_deals)), start=1):
            rep = self._random.choice(firm.REPS)
            yield self._deal(f"D-{number:05d}", rep, at, self._company(rep), chance=1.35)

    def totals(self) -> dict[str, int]:
        """How many of what this year holds, by the KPI that counts them."""
        leads = list(self.leads())
        deals = [lead.deal for lead in leads if lead.deal is not None] + list(self.own_deals())
        closes = [deal.close for deal in deals if deal.close is not None]
        return {
            "leads-created": len(leads),
            "deals-opened": len(deals),
            "deals-won": sum(close.won for close in closes),
            "deals-lost": sum(not close.won for close in closes),
        }

    def _moments(self, count: int) -> list[datetime]:
        days = self._random.choices(self._days, self._weights, k=count)
        return [self._working_hour(day) for day in days]

    def _working_hour(self, day: datetime) -> datetime:
        """Between eight and half past five, Hanoi time (UTC+7)."""
        begin = day.replace(hour=1, minute=0, second=0, microsecond=0)
        return min(begin + timedelta(seconds=self._random.randrange(34_200)), self.end - timedelta(minutes=5))

    def _lead(self, key: str, at: datetime) -> LeadStory:
        source = self._random.choices(firm.SOURCES, [each.share for each in firm.SOURCES])[0]
        team = "shanghai" if source.name == "wechat" or self._random.random() < 0.06 else None
        sdr = self._random.choice([each for each in firm.SDRS if (each.team == "shanghai") == (team == "shanghai")])
        story = LeadStory(
            key=key,
            company=self._company(sdr),
            contact=self._contact(sdr),
            phone=f"+84{self._random.randrange(900_000_000, 989_999_999)}",
            source=source,
            campaign=self._random.choice(source.campaigns) if source.campaigns else None,
            sdr=sdr,
            at=at,
        )
        return self._worked(story)

    def _worked(self, lead: LeadStory) -> LeadStory:
        """What the SDR makes of the lead."""
        answered = lead.at + self._days_about(1.6)
        if answered > self.end:
            return lead
        if self._random.random() > lead.source.quality * lead.sdr.skill:
            if self._random.random() < 0.12:  # still being worked on
                return lead
            return _with(lead, disqualified_at=answered, reason=self._random.choice(firm.DISQUALIFIED))
        lead = _with(lead, qualified_at=answered)
        offered = answered + self._days_about(0.7)
        return lead if offered > self.end else self._handed_over(_with(lead, offered_at=offered))

    def _handed_over(self, lead: LeadStory) -> LeadStory:
        if lead.offered_at is None:
            return lead
        answered = lead.offered_at + self._days_about(0.5)
        if answered > self.end:
            return lead
        lead = _with(lead, answered_at=answered)
        if self._random.random() < 0.09:
            return _with(lead, returned=self._random.choice(firm.RETURNED))
        rep = self._random.choice([each for each in firm.REPS if each.team == lead.sdr.team])
        return _with(lead, deal=self._deal(lead.key, rep, answered, lead.company, chance=lead.source.quality / 0.42))

    def _deal(self, key: str, rep: Person, at: datetime, customer: str, chance: float) -> DealStory:
        currency = self._currency(rep)
        moves, close = self._course(rep, at, chance)
        planned = close.at if close else at + timedelta(days=sum(STAY_DAYS) * 1.2)
        slip = timedelta(days=self._random.choice((-12, -5, 0, 0, 7, 21)))
        return DealStory(
            key=key,
            rep=rep,
            opened_at=at,
            currency=currency,
            lines=self._lines(),
            expected_close=max(planned + slip, at + timedelta(days=7)),
            moves=tuple(moves),
            close=close,
            next_step=self.end + self._days_about(6) if self._random.random() < 0.7 else None,
            customer=customer,
        )

    def _course(self, rep: Person, at: datetime, chance: float) -> tuple[list[Move], Close | None]:
        """Stage after stage, until the deal is won, lost, or the year ends."""
        wins = self._random.random() < min(0.9, WIN_CHANCE * rep.skill * chance)
        lost_in = None if wins else self._random.choices(range(len(STAGES)), (4, 3, 3, 2))[0]
        moves: list[Move] = []
        now = at
        for place, stay in enumerate(STAY_DAYS):
            now = now + self._days_about(stay)
            if now > self.end:
                return moves, None
            if place == lost_in:
                return moves, self._loss(now)
            if place + 1 < len(STAGES):
                moves.append(Move(now, STAGES[place + 1]))
        return moves, Close(now, won=True, discount=round(self._random.betavariate(1.6, 14), 3))

    def _loss(self, at: datetime) -> Close:
        reason = self._random.choices([text for text, _ in firm.LOST], [share for _, share in firm.LOST])[0]
        competitor = self._random.choice(firm.COMPETITORS) if reason in {"price", "competitor"} else None
        return Close(at, won=False, discount=0.0, reason=reason, competitor=competitor)

    def _lines(self) -> tuple[tuple[Product, int], ...]:
        products = self._random.sample(firm.PRODUCTS, k=self._random.choice((1, 1, 1, 2, 2, 3)))
        return tuple((product, self._random.choice((1, 1, 1, 2, 2, 3, 4, 6))) for product in products)

    def _currency(self, rep: Person) -> str:
        if rep.team == "shanghai":
            return "CNY"
        return "USD" if self._random.random() < 0.08 else "VND"

    def _company(self, person: Person) -> str:
        if person.team == "shanghai":
            return f"{self._random.choice(firm.CHINESE_COMPANIES)}有限公司"
        head, core = self._random.choice(firm.COMPANY_HEADS), self._random.choice(firm.COMPANY_CORES)
        return f"{head} {self._random.choice(firm.COMPANY_TRADES)} {core}"

    def _contact(self, person: Person) -> str:
        if person.team == "shanghai":
            return self._random.choice(firm.CHINESE_NAMES)
        return f"{self._random.choice(firm.FAMILY_NAMES)} {self._random.choice(firm.GIVEN_NAMES)}"

    def _days_about(self, days: float) -> timedelta:
        """Log-normal around the median: a few take much longer, as in life."""
        return timedelta(days=days * math.exp(self._random.gauss(0, 0.55)))


def season(day: datetime) -> float:
    """How busy a day is: weekends are quiet, late January to mid February is Tết, quarters end busily."""
    busy = 0.25 if day.weekday() >= 5 else 1.0
    if (day.month, day.day) >= (1, 25) and (day.month, day.day) <= (2, 14):
        busy *= 0.35
    if day.month % 3 == 0 and day.day > 10:
        busy *= 1.35
    return busy


def _with(lead: LeadStory, **changes: object) -> LeadStory:
    return LeadStory(**{**vars(lead), **changes})
