"""A small firm with random histories of leads, handoffs and deals, the same for the same seed.

Made by hand from the catalogue's states, not by the services: odd histories are in it on purpose. Several things happen
on one day or in one second, deals go back and forth, are reopened, lose their product, owner or expected close.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus, Move, VisitFlag
from events.catalogue.campaigns import Reversal, SpendState
from events.catalogue.deals import Closing, DealState, DealStatus, Line, Span
from events.catalogue.leads import HandoffState, HandoffStatus, LeadState, LeadStatus, Owner
from events.catalogue.response_clock import ResponseClock
from events.catalogue.scoring import Forecast, ScoreState
from events.money import Money, PinnedRate

NAMESPACE = UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff")
STAGES = (("qualified", 1000), ("needs", 2500), ("proposal", 5000), ("negotiation", 7500))
SOURCES = ("web", "fair", None, "unknown")
REASONS = ("price", " Price ", "No  decision", "junk")


def name(text: str) -> UUID:
    return uuid5(NAMESPACE, text)


PRODUCTS = (name("lamp"), name("chair"), None)
PIPELINES = (name("new business"), name("renewals"))
OWNERS = tuple(
    Owner(
        person=name(f"rep {rep}"), team=name(f"team {team}") if team else None, region=name("north") if team else None
    )
    for rep, team in ((1, 1), (1, 2), (2, 1), (3, 2), (4, None))
)


@dataclass
class World:
    """The states of each aggregate, one a version, oldest first; with the instant at which each became known."""

    leads: list[list[LeadState]] = field(default_factory=list)
    handoffs: list[list[HandoffState]] = field(default_factory=list)
    deals: list[list[DealState]] = field(default_factory=list)
    spends: list[list[SpendState]] = field(default_factory=list)
    scores: list[list[ScoreState]] = field(default_factory=list)
    activitys: list[list[ActivityState]] = field(default_factory=list)

    def latest(self, kind: str) -> list[Any]:
        return [versions[-1] for versions in getattr(self, f"{kind}s")]


def a_world(seed: int, size: int = 25, first: date = date(2025, 11, 20), days: int = 120) -> World:
    dice = Random(seed)  # noqa: S311 - repeatable, not secret
    world = World()
    for number in range(size):
        start = datetime(first.year, first.month, first.day, 9, tzinfo=UTC) + timedelta(days=dice.randrange(days))
        lead = _lead(dice, name(f"lead {seed} {number}"), start)
        world.leads.append(_answered(Random(f"response {seed} {number}"), lead))  # noqa: S311
        world.handoffs.append(_handoff(dice, world.leads[-1][-1], name(f"handoff {seed} {number}"), start))
        world.deals.append(_deal(dice, world.leads[-1][-1], name(f"deal {seed} {number}"), start))
        world.spends.append(_spend(Random(f"{seed} {number}"), name(f"spend {seed} {number}"), start))  # noqa: S311
        world.scores.append(_score(Random(f"score {seed} {number}"), world.leads[-1][-1]))  # noqa: S311
        acts = Random(f"activity {seed} {number}")  # noqa: S311
        world.activitys.append(_activity(acts, name(f"activity {seed} {number}"), start))
    return world


def _score(dice: Random, lead: LeadState) -> list[ScoreState]:
    """Said by a scorecard, a person, or both; a person may think again."""
    owner = dice.choice((lead.first_owner, *OWNERS))
    said = [
        None if dice.random() < 0.3 else Forecast(probability=dice.choice((0, 1, 999, 1_000, 4_321, 10_000)), at=at)
        for at in [lead.created_at] * 3
    ]
    score = ScoreState(id=lead.id, source=lead.source, owner=owner, system=said[0], rep_first=said[1], rep=said[1])
    versions = [score]
    if said[1] is not None:
        versions.append(score := score.model_copy(update={"rep": said[2]}))
    closed = lead.converted_on or lead.disqualified_on
    if closed is not None:
        settled = {"converted": lead.converted_on is not None, "closed_on": closed}
        versions.append(score := score.model_copy(update=settled))
    if dice.random() < 0.1:
        versions.append(score.model_copy(update={"converted": None, "closed_on": None}))
    return versions


def _lead(dice: Random, id_: UUID, at: datetime) -> list[LeadState]:
    lead = LeadState(id=id_, source=dice.choice(SOURCES), created_at=at, created_on=at.date())
    versions = [lead]
    owner = dice.choice((*OWNERS, None))
    if owner is not None:
        versions.append(lead := lead.model_copy(update={"owner": owner, "first_owner": owner}))
    later = at + timedelta(days=dice.randrange(0, 40))
    fate = dice.random()
    if fate < 0.4:
        converted = {"status": LeadStatus.CONVERTED, "converted_on": later.date()}
        versions.append(lead.model_copy(update=converted))
    elif fate < 0.7:
        gone = {"status": LeadStatus.DISQUALIFIED, "disqualified_on": later.date()}
        versions.append(lead.model_copy(update={**gone, "disqualified_reason": dice.choice(REASONS)}))
    return versions


def _answered(dice: Random, versions: list[LeadState]) -> list[LeadState]:
    """Turned to before the lead was there, in time, late or never, with a deadline or without; told late or not yet."""
    at = versions[0].created_at
    due = at + timedelta(hours=dice.choice((1, 8, 50)))
    clock = ResponseClock(limit=name("limit"), working_minutes=60, started_at=at, due_at=due, due_on=due.date())
    held = at + timedelta(minutes=dice.choice((0, 0, 30, 300)))
    facts: dict[str, Any] = {"response": clock if dice.random() < 0.7 else None}
    versions = [
        lead.model_copy(update={**facts, "first_held_at": None if lead.first_owner is None else held})
        for lead in versions
    ]
    contact = dice.choice((None, at - timedelta(days=3), at, at + timedelta(minutes=7), due, due + timedelta(days=9)))
    if facts["response"] is not None and (contact is None or contact > due) and dice.random() < 0.8:
        facts = {"response": clock.model_copy(update={"breached": True})}
        versions.append(versions[-1].model_copy(update=facts))
    if contact is not None:
        waited = max(0, int((contact - at).total_seconds()))
        contacted = {"first_contact_at": contact, "first_contact_on": contact.date()}
        working = None if dice.random() < 0.1 else waited // 3
        versions.append(versions[-1].model_copy(update={**contacted, "working_seconds_to_contact": working}))
    return versions


def _handoff(dice: Random, lead: LeadState, id_: UUID, at: datetime) -> list[HandoffState]:
    offered = HandoffState(
        id=id_, lead_id=lead.id, source=lead.source, offered_by=dice.choice(OWNERS), offered_to=dice.choice(OWNERS),
        offered_at=at, offered_on=at.date(), lead_created_on=lead.created_on, lead_owner=lead.first_owner,
    )  # fmt: skip
    fate, answered = (
        dice.random(),
        at + timedelta(seconds=dice.choice((0, 0, 1, 3600, 86_400 * 9)), minutes=dice.randrange(99)),
    )
    answer = {"answered_at": answered, "answered_on": answered.date()}
    if fate < 0.5:
        accepted = offered.model_copy(update={**answer, "status": HandoffStatus.ACCEPTED})
        if fate < 0.42:
            return [offered, accepted]
        later = answered + timedelta(days=3)
        failed = {"status": HandoffStatus.FAILED, "failed_at": later, "failed_on": later.date(), "failure": "x"}
        return [offered, accepted, accepted.model_copy(update=failed)]
    if fate < 0.8:
        returned = {**answer, "status": HandoffStatus.RETURNED, "reason": dice.choice(REASONS)}
        return [offered, offered.model_copy(update=returned)]
    if fate < 0.9:
        late = {"status": HandoffStatus.EXPIRED, "expired_at": answered, "expired_on": answered.date()}
        return [offered, offered.model_copy(update=late)]
    return [offered]


def _deal(dice: Random, lead: LeadState, id_: UUID, at: datetime) -> list[DealState]:
    return _Deal(dice, lead, id_, at).live()


def _spend(dice: Random, id_: UUID, at: datetime) -> list[SpendState]:
    """Booked weeks before or after its days, which are up to seventy; less than a minor unit a day is among them."""
    first = at.date() + timedelta(days=dice.randrange(-30, 30))
    last = first + timedelta(days=dice.choice((0, 0, 1, 6, 30, 70)))
    cost = dice.choice((0, 1, 2, 100_00, 99_999, 1_234_567))
    spend = SpendState(
        id=id_, campaign_id=name("campaign"), source=dice.choice(("web", "fair", "nobody came")), from_on=first,
        to_on=last, amount=Money(minor=cost * 2, currency="EUR"), base_minor=cost,
        rate=PinnedRate(currency="EUR", base="USD", rate="0.5", on=last), booked_at=at, booked_on=at.date(),
    )  # fmt: skip
    if dice.random() < 0.75:
        return [spend]
    reversal = Reversal(at=at + timedelta(days=5), on=(at + timedelta(days=5)).date(), reason="typing error")
    return [spend, spend.model_copy(update={"reversal": reversal})]


def _activity(dice: Random, id_: UUID, at: datetime) -> list[ActivityState]:
    """Planned or not, done on the day or weeks after, by another team than that of the plan, or cancelled."""
    planned = ActivityState(
        id=id_, kind=dice.choice((ActivityKind.VISIT, ActivityKind.VISIT, *ActivityKind)), entered_at=at,
        status=ActivityStatus.PLANNED, performer=dice.choice(OWNERS), planned_at=at, planned_on=at.date(),
        recorded_on=at.date(), customer_id=name("customer"),
    )  # fmt: skip
    done_at, fate = at + timedelta(days=dice.choice((0, 0, 1, 20))), dice.random()
    for _ in range(dice.choice((0, 0, 0, 1, 2))):
        planned = _moved(dice, planned, at)
    done = planned.model_copy(
        update={
            "status": ActivityStatus.DONE, "done_at": done_at, "done_on": done_at.date(),
            "performer": dice.choice(OWNERS),
            "first_of_day": planned.kind is ActivityKind.VISIT and dice.random() < 0.6,
            **_proof(dice, planned.kind),
        }
    )  # fmt: skip
    if fate < 0.2:
        return [planned]
    if fate < 0.4:
        off = dice.choice((ActivityStatus.CANCELLED, ActivityStatus.NO_SHOW))
        return [planned, planned.model_copy(update={"status": off, "closed_on": done_at.date()})]
    if fate < 0.5:
        unplanned = {"planned_at": None, "planned_on": None, "moves": (), "recorded_on": done.done_on}
        return [done.model_copy(update=unplanned)]
    return [done] if fate < 0.6 else [planned, done, done.model_copy(update={"outcome": "interested"})]


def _proof(dice: Random, kind: ActivityKind) -> dict[str, Any]:
    if kind is not ActivityKind.VISIT or dice.random() < 0.3:
        return {}
    flags = dice.choice(((), (), (VisitFlag.NO_SITE,), (VisitFlag.OUTSIDE_RADIUS, VisitFlag.TOO_SHORT)))
    return {"flags": flags, "verified": not flags}


def _moved(dice: Random, planned: ActivityState, at: datetime) -> ActivityState:
    """On the day, before it, or late; in the order in which it happened."""
    assert planned.planned_at is not None
    assert planned.planned_on is not None
    last = planned.moves[-1].at if planned.moves else at
    moved = last + timedelta(days=dice.choice((0, 1, 3)))
    to = moved + timedelta(days=dice.choice((0, 1, 7)))
    move = Move(at=moved, on=moved.date(), from_at=planned.planned_at, from_on=planned.planned_on)
    return planned.model_copy(update={"moves": (*planned.moves, move), "planned_at": to, "planned_on": to.date()})


class _Deal:
    """One deal's life, step by step."""

    def __init__(self, dice: Random, lead: LeadState, id_: UUID, at: datetime) -> None:
        self.dice, self.at = dice, at
        self.stage, self.owner = dice.choice((0, 0, 1, 2)), dice.choice(OWNERS)
        self.product, self.value = dice.choice(PRODUCTS), dice.choice((0, 1, 999, 120_000, 4_500_00))
        self.expected: date | None = None
        self.spans: list[Span] = []
        self.closings: list[Closing] = []
        from_lead, of_another_system = dice.random() < 0.5, dice.random() < 0.1
        created = lead.created_on + timedelta(days=dice.choice((0, 0, 20)))
        self.fixed: dict[str, Any] = {
            "id": id_, "name": "a deal", "pipeline": dice.choice(PIPELINES), "source": dice.choice(SOURCES),
            "opened_at": at, "opened_on": at.date(), "start_known": dice.random() < 0.85,
            "lead_id": lead.id if from_lead and not of_another_system else None,
            "lead_created_on": created if from_lead else None, "lead_owner": lead.first_owner if from_lead else None,
        }  # fmt: skip

    def live(self) -> list[DealState]:
        self._begin()
        versions = [self._state()]
        for _ in range(self.dice.randrange(9)):
            pause = self.dice.choice(
                (timedelta(), timedelta(minutes=5), timedelta(days=1), timedelta(days=13, seconds=77))
            )
            self.at += pause
            self._step()
            versions.append(self._state())
        return versions

    def _step(self) -> None:
        if self.spans[-1].to_at is not None:
            self._reopen()
        elif self.dice.random() < 0.35:
            self._close()
        else:
            self._end()
            self._change()
            self._begin()

    def _change(self) -> None:
        what = self.dice.randrange(5)
        if what == 0:
            self.stage = self.dice.randrange(len(STAGES))
        elif what == 1:
            self.owner = self.dice.choice(OWNERS)
        elif what == 2:
            self.value = self.dice.choice((0, 120_001, 77, 120_000))
        elif what == 3:
            self.product = self.dice.choice(PRODUCTS)
        else:
            expected = self.at.date() + timedelta(days=self.dice.randrange(-5, 60))
            self.expected = self.dice.choice((expected, expected, None))

    def _begin(self) -> None:
        stage, probability = STAGES[self.stage]
        before = self.spans[-1].stage_index if self.spans else self.stage
        self.spans.append(
            Span(
                stage=stage,
                stage_index=self.stage,
                skipped=tuple(key for key, _ in STAGES[before + 1 : self.stage]),
                probability=probability,
                owner=self.owner,
                base_minor=self.value,
                product=self.product,
                expected_close_on=self.expected,
                from_at=self.at,
                from_on=self.at.date(),
            )
        )

    def _end(self) -> None:
        self.spans[-1] = self.spans[-1].model_copy(update={"to_at": self.at, "to_on": self.at.date()})

    def _close(self) -> None:
        self._end()
        outcome = self.dice.choice((DealStatus.WON, DealStatus.WON, DealStatus.LOST))
        self.closings.append(
            Closing(
                outcome=outcome,
                at=self.at,
                on=self.at.date(),
                stage=STAGES[self.stage][0],
                owner=self.owner,
                base_minor=self.value,
                product=self.product,
                lines=self._lines(),
                reason=self.dice.choice(REASONS) if outcome is DealStatus.LOST else None,
            )
        )

    def _lines(self) -> tuple[Line, ...]:
        if self.product is None or self.dice.random() < 0.3:
            return ()
        third = self.value // 3
        parts = self.dice.choice(((self.value, 0), (self.value - third, third), (third, third)))
        return tuple(
            Line(
                product=product, quantity=1, list_minor=listed, list_base_minor=listed,
                net_minor=net, net_base_minor=net,
            )
            for product, net in zip((self.product, self.dice.choice(PRODUCTS[:2])), parts, strict=True)
            for listed in (self.dice.choice((net, net + 500, max(0, net - 3), net * 2)),)
        )  # fmt: skip

    def _reopen(self) -> None:
        taken_back = {"reopened_at": self.at, "reopened_on": self.at.date()}
        self.closings[-1] = self.closings[-1].model_copy(update=taken_back)
        self._begin()

    def _state(self) -> DealState:
        closed = self.closings[-1].outcome if self.spans[-1].to_at is not None else DealStatus.OPEN
        money = Money(minor=self.value, currency="USD")
        rate = PinnedRate(currency="USD", base="USD", rate="1", on=self.at.date())
        return DealState(
            **self.fixed, status=closed, stage=STAGES[self.stage][0], owner=self.owner, amount=money, rate=rate,
            base_minor=self.value, product=self.product, expected_close_on=self.expected,
            spans=tuple(self.spans), closings=tuple(self.closings), changed_at=self.at, changed_on=self.at.date(),
        )  # fmt: skip
