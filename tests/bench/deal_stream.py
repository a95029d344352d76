"""A stream of deal events as Kafka would hold it: many deals worked on side by side, in order of time.

Each step picks a deal at random among those open, and moves it on: through its stages, to another amount, to its end;
a closed deal is replaced by a new one. So the number of open deals stays the same while time passes, as in a firm at
work. The same seed gives the same stream.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.codec import Received

TENANT = UUID("0190b5a0-0000-7000-8000-000000000001")
PIPELINE = UUID("0190b5a0-0000-7000-8000-0000000000aa")
STAGES = (("qualified", 1000), ("needs", 2500), ("proposal", 5000), ("negotiation", 7500))
REPS, TEAMS, REGIONS, PRODUCTS = 100, 10, 4, 20
SOURCES = ("web", "referral", "fair", "call", "partner", "mail", "social", "organic")
CHANGES_MAX = 6

_HEADERS = (("content-type", b"application/json"), ("ce_specversion", b"1.0"), ("ce_source", b"/dealstream/deals"))


@dataclass(slots=True)
class OpenDeal:
    """Only what is needed to write its next event."""

    number: int
    opened: datetime
    version: int = 0
    amount: int = 0
    spans: list[tuple[int, int, datetime]] = field(default_factory=list)
    """Stage index, amount, begin."""


class DealStream:
    """An endless stream over ``open_deals`` deals that are open at the same time."""

    def __init__(self, open_deals: int, *, seed: int = 7, events_a_day: int = 5_000, tenant: UUID = TENANT) -> None:
        self._tenant = tenant
        self._random = random.Random(seed)  # noqa: S311
        self._now = datetime(2026, 1, 5, 9, tzinfo=UTC)
        self._step = timedelta(days=1) / events_a_day
        self._next_number = 0
        self._offset = 0
        self._open = [self._new() for _ in range(open_deals)]

    def stock(self) -> Iterator[Received]:
        """The opening of each deal that is open from the beginning."""
        for deal in self._open:
            deal.version = 1
            yield self._record(deal, "opened", "")

    def events(self, count: int) -> Iterator[Received]:
        for _ in range(count):
            self._now += self._step
            yield self._advance(self._random.randrange(len(self._open)))

    def closed(self, count: int, first: datetime, days: int) -> Iterator[Received]:
        """Deals that closed within so many days, each with its one last event and as many spans as it had stages."""
        for _ in range(count):
            deal = self._new()
            closed_at = first + timedelta(days=self._random.random() * days)
            deal.version, deal.opened = 1, closed_at - timedelta(days=self._random.randrange(10, 90))
            stages = self._random.randrange(1, 4)
            step = (closed_at - deal.opened) / stages
            deal.spans = [(stage, deal.amount, deal.opened + step * stage) for stage in range(stages)]
            self._now = closed_at
            won = self._random.random() < 0.4
            yield self._record(deal, *(_WON if won else _LOST), closed="won" if won else "lost")

    def _new(self) -> OpenDeal:
        self._next_number += 1
        deal = OpenDeal(self._next_number, self._now, amount=self._random.randrange(10_000, 5_000_000))
        deal.spans.append((0, deal.amount, self._now))
        return deal

    def _advance(self, place: int) -> Received:
        deal = self._open[place]
        chance = self._random.random()
        deal.version += 1
        if deal.version == 1:
            deal.opened = self._now
            deal.spans[0] = (0, deal.amount, self._now)
            return self._record(deal, "opened", "")
        stage = deal.spans[-1][0]
        if chance < 0.15 or len(deal.spans) >= CHANGES_MAX:
            won = self._random.random() < 0.4
            self._open[place] = self._new()
            return self._record(deal, *(_WON if won else _LOST), closed="won" if won else "lost")
        if chance < 0.35:
            before, deal.amount = deal.amount, self._random.randrange(10_000, 5_000_000)
            deal.spans.append((stage, deal.amount, self._now))
            return self._record(
                deal, "amount_changed", f'"from_amount":{_money(before)},"to_amount":{_money(deal.amount)},'
            )
        to = min(stage + 1, 3) if stage < 3 else 1
        deal.spans.append((to, deal.amount, self._now))
        what = f'"from_stage":"{STAGES[stage][0]}","to_stage":"{STAGES[to][0]}","seconds_in_stage":100,'
        return self._record(deal, "stage_changed", what)

    def _record(self, deal: OpenDeal, verb: str, what: str, closed: str = "") -> Received:
        self._offset += 1
        id_ = deal_id(deal.number)
        headers = (
            *_HEADERS,
            ("ce_type", b"dealstream.deal.%s.v1" % verb.encode()),
            ("ce_id", str(UUID(int=(0x0190B5A1 << 96) | 0x7000 << 64 | 0x8 << 60 | self._offset)).encode()),
            ("ce_subject", id_.encode()),
            ("ce_time", _time(self._now).encode()),
            ("ce_tenantid", str(self._tenant).encode()),
            ("ce_aggregateversion", b"%d" % deal.version),
            ("ce_partitionkey", f"{self._tenant}:{id_}".encode()),
        )
        value = f'{{"occurred_at":"{_time(self._now)}",{what}"deal":{_state(deal, id_, self._now, closed)}}}'
        return Received("deals.deal", 0, self._offset, 0, f"{self._tenant}:{id_}".encode(), value.encode(), headers)


_WON = ("won", '"seconds_open":1000,')
_LOST = ("lost", '"reason":"price",')


def deal_id(number: int) -> str:
    """Like a UUIDv7 made in order of time: its first half grows, its second half is scattered."""
    return str(
        UUID(int=(0x0190B5A2 << 96) | (number << 80) | 0x7000 << 64 | 0x8 << 60 | number * 0x9E3779B97F4A7 % 2**60)
    )


def _state(deal: OpenDeal, id_: str, now: datetime, closed: str) -> str:
    amount, (stage, _, _) = deal.amount, deal.spans[-1]
    return (
        f'{{"id":"{id_}","name":"Deal {deal.number}","status":"{closed or "open"}","pipeline":"{PIPELINE}",'
        f'"stage":"{STAGES[stage][0]}","owner":{_owner(deal.number)},"source":"{SOURCES[deal.number * 7 % 8]}",'
        f'"amount":{_money(amount)},"rate":{{"currency":"USD","base":"USD","rate":"1","on":"2026-01-01"}},'
        f'"base_minor":{amount},"product":"{_product(deal.number)}","opened_at":"{_time(deal.opened)}",'
        f'"opened_on":"{deal.opened:%Y-%m-%d}","expected_close_on":"2026-06-30",'
        f'"spans":[{",".join(_spans(deal, now, closed))}],"closings":[{_closing(deal, now, closed)}]}}'
    )


def _spans(deal: OpenDeal, now: datetime, closed: str) -> Iterator[str]:
    ends = [begin for _, _, begin in deal.spans[1:]] + [now if closed else None]
    for (stage, amount, begin), end in zip(deal.spans, ends, strict=True):
        ending = f'"to_at":"{_time(end)}","to_on":"{end:%Y-%m-%d}",' if end else ""
        yield (
            f'{{"stage":"{STAGES[stage][0]}","stage_index":{stage},"probability":{STAGES[stage][1]},{ending}'
            f'"owner":{_owner(deal.number)},"base_minor":{amount},"product":"{_product(deal.number)}",'
            f'"expected_close_on":"2026-06-30","from_at":"{_time(begin)}","from_on":"{begin:%Y-%m-%d}"}}'
        )


def _closing(deal: OpenDeal, now: datetime, closed: str) -> str:
    if not closed:
        return ""
    return (
        f'{{"outcome":"{closed}","at":"{_time(now)}","on":"{now:%Y-%m-%d}","stage":"{STAGES[deal.spans[-1][0]][0]}",'
        f'"owner":{_owner(deal.number)},"base_minor":{deal.amount},"product":"{_product(deal.number)}",'
        f'"reason":"price"}}'
    )


def _owner(number: int) -> str:
    rep = number * 31 % REPS
    return (
        f'{{"person":"{UUID(int=0x10_0000 + rep)}","team":"{UUID(int=0x20_0000 + rep % TEAMS)}",'
        f'"region":"{UUID(int=0x30_0000 + rep % REGIONS)}"}}'
    )


def _product(number: int) -> UUID:
    return UUID(int=0x40_0000 + number * 13 % PRODUCTS)


def _money(minor: int) -> str:
    return f'{{"minor":{minor},"currency":"USD"}}'


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
