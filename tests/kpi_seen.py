"""What each figure counts, reckoned the long way: every lead, handoff or deal, as it stood on the day asked for."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from events.catalogue.deals import Closing, DealState, Span

FOREVER = date(9999, 1, 1)
NOT_PROSPECTS = {"junk", "spam", "test", "duplicate", "fake"}


class Seen(NamedTuple):
    """One thing that a figure counts: when, where, as what, and how much."""

    on: date | None
    where: dict[str, str | None]
    what: str
    value: int | Fraction = 1


def place(owner: Any, **more: Any) -> dict[str, str | None]:
    found = {"rep": owner and owner.person, "team": owner and owner.team, "region": owner and owner.region, **more}
    return {key: None if value is None else str(value) for key, value in found.items()}


def evened(reason: str | None) -> str | None:
    return " ".join((reason or "").split()).lower() or None


# Leads and handoffs


def leads(world: Any, day: date) -> Iterator[Seen]:
    for lead in world.latest("lead"):
        if lead.created_on > day or lead.merged_into:
            continue
        where = place(lead.first_owner, source=lead.source)
        yield Seen(lead.created_on, where, "created")
        if lead.converted_on and lead.converted_on <= day:
            yield Seen(lead.created_on, where, "converted")
        elif lead.disqualified_on and lead.disqualified_on <= day:
            junk = lead.disqualified_reason.strip().lower() in NOT_PROSPECTS
            yield Seen(lead.created_on, where, "junk" if junk else "disqualified")
        else:
            yield Seen(lead.created_on, where, "pending")


def lead_wins(world: Any, day: date) -> Iterator[Seen]:
    yield from leads(world, day)
    for deal in world.latest("deal"):
        win = win_in_force(deal, day)
        if win and deal.lead_id and deal.lead_created_on:
            yield Seen(deal.lead_created_on, place(deal.lead_owner, source=deal.source), "led to a win")


def responses(world: Any, day: date) -> Iterator[Seen]:
    """First contacts until the day, what became of deadlines by then, and whom nobody had turned to."""
    for lead in world.latest("lead"):
        if lead.created_on > day or lead.merged_into:
            continue
        where, on = place(lead.first_owner, source=lead.source), lead.created_on
        contact = lead.first_contact_at if lead.first_contact_on and lead.first_contact_on <= day else None
        gone = lead.disqualified_reason if lead.disqualified_on and lead.disqualified_on <= day else None
        junk = (gone or "").strip().lower() in NOT_PROSPECTS
        if contact:
            hours = hours_between(lead.created_at, contact)
            yield Seen(on, where, "hours", hours)
            if lead.working_seconds_to_contact is not None:
                yield Seen(on, where, "working hours", Fraction(lead.working_seconds_to_contact, 3600))
            if lead.first_held_at:
                held = min(hours, hours_between(lead.created_at, lead.first_held_at))
                yield Seen(on, where, "until held", held)
                yield Seen(on, where, "since held", hours - held)
        elif not junk:
            yield Seen(on, where, "unanswered")
        if lead.response:
            in_time = contact and contact <= lead.response.due_at
            missed = lead.response.breached and lead.response.due_on <= day
            excused = not contact and junk
            became = "met" if in_time else "excused" if excused else "breached" if missed else "running"
            yield Seen(on, where, became)


def hours_between(start: datetime, end: datetime) -> Fraction:
    return Fraction(max(0, int((end - start).total_seconds())), 3600)


def handoffs(world: Any, day: date) -> Iterator[Seen]:
    for handoff in world.latest("handoff"):
        if handoff.offered_on > day:
            continue
        where = place(handoff.offered_by, source=handoff.source)
        if handoff.failed_on is not None and handoff.failed_on <= day:
            yield Seen(handoff.offered_on, where, "failed")
            continue
        yield Seen(handoff.offered_on, where, "offered")
        if handoff.expired_on is not None and handoff.expired_on <= day:
            yield Seen(handoff.offered_on, where, "expired")
            continue
        answered = handoff.answered_on is not None and handoff.answered_on <= day
        if not answered:
            yield Seen(handoff.offered_on, where, "pending")
        elif handoff.status in {"accepted", "failed"}:
            yield Seen(handoff.offered_on, where, "accepted")
            taken = int((handoff.answered_at - handoff.offered_at).total_seconds())
            yield Seen(handoff.offered_on, where, "hours", Fraction(taken, 3600))
        else:
            yield Seen(handoff.offered_on, {**where, "label": evened(handoff.reason)}, "returned")


# Money spent


def spent(world: Any, day: date) -> Iterator[Seen]:
    """By the end of each day so much of the whole is spent as days have passed of all days, in whole minor units."""
    for spend in world.latest("spend"):
        if spend.reversal:
            continue
        days = (spend.to_on - spend.from_on).days + 1
        due = [Fraction(spend.base_minor * number, days) for number in range(1, days + 1)]
        before = 0
        for number, until in enumerate(due):
            on = spend.from_on + timedelta(days=number)
            if on <= day:
                yield Seen(on, {"source": spend.source}, "spent", floor(until) - before)
            before = floor(until)


def cost_of_leads(world: Any, day: date) -> Iterator[Seen]:
    yield from spent(world, day)
    yield from leads(world, day)


def cost_of_wins(world: Any, day: date) -> Iterator[Seen]:
    yield from spent(world, day)
    yield from closes(world, day)


# What was said of the chance of leads


def said_of_leads(who: str) -> Callable[[Any, date], Iterator[Seen]]:
    """Of leads closed until the day: what was first said, what came, and how far apart they are, squared."""

    def see(world: Any, day: date) -> Iterator[Seen]:
        for score in world.latest("score"):
            first = score.system if who == "system" else score.rep_first
            if first is None or score.converted is None or score.closed_on > day:
                continue
            chance = Fraction(first.probability, 10_000)
            tens = min(int(chance * 10), 9)
            where = place(score.owner, source=score.source, label=f"{tens}0-{tens + 1}0")
            came = Fraction(int(score.converted))
            yield Seen(score.closed_on, where, "said", chance)
            yield Seen(score.closed_on, where, "came", came)
            yield Seen(score.closed_on, where, "apart", (chance - came) ** 2)

    return see


# Activities


def activities(world: Any, day: date) -> Iterator[Seen]:
    for activity in world.latest("activity"):
        if activity.status != "done" or activity.done_on > day:
            continue
        where = place(activity.performer, label=activity.kind)
        yield Seen(activity.done_on, where, "done")
        if activity.kind == "visit":
            yield Seen(activity.done_on, {**where, "label": None}, "visit")
        if activity.first_of_day:
            yield Seen(activity.done_on, {**where, "label": None}, "visited")
        if activity.verified:
            yield Seen(activity.done_on, {**where, "label": None}, "verified")
        for flag in activity.flags:
            yield Seen(activity.done_on, {**where, "label": flag}, "flag")


def plans(world: Any, day: date) -> Iterator[Seen]:
    """What had become of plans by the end of a day."""
    for activity in world.latest("activity"):
        if activity.kind not in {"visit", "meeting"} or activity.recorded_on > day:
            continue
        where, kind = place(activity.performer), activity.kind
        on = activity.planned_on
        for move in reversed(activity.moves):
            if move.on > day:
                on = move.from_on
            elif move.on >= move.from_on:
                yield Seen(move.from_on, place(move.performer or activity.performer), f"{kind} moved late")
        over = activity.done_on or activity.closed_on
        became = activity.status if over and over <= day else "open"
        if on:
            yield Seen(on, where, f"{kind} {became}")
        elif became == "done":
            yield Seen(activity.done_on, where, f"{kind} unplanned")


# Deals


def opened(world: Any, day: date) -> Iterator[Seen]:
    for deal in world.latest("deal"):
        if deal.opened_on <= day:
            first = deal.spans[0]
            yield Seen(deal.opened_on, of_deal(deal, first.owner, first.product), "opened")


def closes(world: Any, day: date) -> Iterator[Seen]:
    for deal in world.latest("deal"):
        for closing in deal.closings:
            for on, sign in ((closing.on, 1), (closing.reopened_on, -1)):
                if on and on <= day:
                    yield from one_close(deal, closing, on, sign)


def one_close(deal: DealState, closing: Closing, on: date, sign: int) -> Iterator[Seen]:
    where = of_deal(deal, closing.owner, closing.product, closing.stage)
    what = str(closing.outcome)
    label = evened(closing.reason) if what == "lost" else None
    yield Seen(on, {**where, "label": label}, what, sign)
    yield Seen(on, where, f"value {what}", sign * closing.base_minor)
    if what == "lost":
        return
    for line in closing.lines:
        at_product = {**where, "product": str(line.product)}
        yield Seen(on, at_product, "revenue", sign * line.net_base_minor)
        yield Seen(on, at_product, "list", sign * line.list_base_minor)
        yield Seen(on, at_product, "discount", sign * (line.list_base_minor - line.net_base_minor))
    left = closing.base_minor - sum(line.net_base_minor for line in closing.lines)
    yield Seen(on, where, "revenue", sign * left)


def of_deal(deal: DealState, owner: Any, product: Any, stage: str | None = None) -> dict[str, str | None]:
    return place(owner, source=deal.source, pipeline=deal.pipeline, product=product, stage=stage)


def win_in_force(deal: DealState, day: date) -> Closing | None:
    """The last close until the day, if it is a win that was not taken back by then."""
    known = [closing for closing in deal.closings if closing.on <= day]
    if not known or known[-1].outcome != "won":
        return None
    taken_back = known[-1].reopened_on
    return None if taken_back and taken_back <= day else known[-1]


def wins(world: Any, day: date) -> Iterator[Seen]:
    for deal in world.latest("deal"):
        win = win_in_force(deal, day)
        if win is None:
            continue
        where = of_deal(deal, win.owner, win.product, win.stage)
        yield Seen(win.on, where, "size", win.base_minor)
        if win.base_minor == 0:
            yield Seen(win.on, where, "zero")
        if deal.start_known:
            yield Seen(win.on, where, "cycle", Fraction(int((win.at - deal.opened_at).total_seconds()), 86_400))
        else:
            yield Seen(win.on, where, "unknown")
        if deal.lead_created_on:
            yield Seen(win.on, where, "from lead", Fraction(max(0, (win.on - deal.lead_created_on).days)))


def open_on(deal: DealState, day: date) -> Span | None:
    """The span that is in force at the end of the day, if the deal is open then."""
    for span in reversed(deal.spans):
        if span.from_on <= day and (span.to_on is None or span.to_on > day):
            return span
    return None


def pipeline(world: Any, day: date) -> Iterator[Seen]:
    for deal in world.latest("deal"):
        span = open_on(deal, day)
        if span:
            where = of_deal(deal, span.owner, span.product, span.stage)
            yield Seen(None, where, "open")
            yield Seen(None, where, "open value", span.base_minor)


def expected(world: Any, day: date) -> Iterator[Seen]:
    for deal in world.latest("deal"):
        span = open_on(deal, day)
        if not span:
            continue
        where = of_deal(deal, span.owner, span.product, span.stage)
        worth = Fraction(span.base_minor * span.probability, 10_000)
        if span.expected_close_on is None:
            yield Seen(None, where, "undated", worth)
        elif span.expected_close_on < day:
            yield Seen(None, where, "overdue", worth)
        else:
            yield Seen(span.expected_close_on, where, "expected", worth)


def visits(deal: DealState, day: date) -> list[list[Span]]:
    """Runs of spans in one stage without a gap, as they stood at the end of the day."""
    runs: list[list[Span]] = []
    for span in deal.spans:
        if span.from_on > day:
            break
        if runs and runs[-1][-1].stage == span.stage and runs[-1][-1].to_at == span.from_at:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def entries(world: Any, day: date) -> Iterator[Seen]:
    for deal in world.latest("deal"):
        if deal.opened_on > day:
            continue
        known = [span for span in deal.spans if span.from_on <= day]
        for stage in {span.stage for span in known}:
            first = next(span for span in known if span.stage == stage)
            where = of_deal(deal, first.owner, first.product, stage)
            yield Seen(first.from_on, where, "entered")
            now = open_on(deal, day)
            if win_in_force(deal, day) or any(span.stage_index > first.stage_index for span in known):
                yield Seen(first.from_on, where, "passed")
            elif now and now.stage == stage:
                yield Seen(first.from_on, where, "still in")
        for stage in {stage for span in known for stage in span.skipped} - {span.stage for span in known}:
            over = next(span for span in known if stage in span.skipped)
            where = of_deal(deal, over.owner, over.product, stage)
            yield Seen(over.from_on, where, "entered")
            yield Seen(over.from_on, where, "passed")


def stays(world: Any, day: date) -> Iterator[Seen]:
    for deal in world.latest("deal"):
        runs = visits(deal, day)
        for stage in {run[0].stage for run in runs}:
            ended = [run for run in runs if run[0].stage == stage and run[-1].to_on and run[-1].to_on <= day]
            if not ended:
                continue
            last = ended[-1][-1]
            where = of_deal(deal, last.owner, last.product, stage)
            if not deal.start_known:
                yield Seen(last.to_on, where, "unknown")
                continue
            times = [Fraction(_seconds(run), 86_400) for run in ended]
            yield Seen(last.to_on, where, "all stays", sum(times, Fraction()))
            yield Seen(last.to_on, where, "latest stay", times[-1])


def _seconds(run: list[Span]) -> int:
    last = run[-1]
    assert last.to_at is not None
    return int((last.to_at - run[0].from_at).total_seconds())


def open_stays(world: Any, day: date, now: datetime) -> Iterator[Seen]:
    end = min(now, datetime.combine(day + timedelta(days=1), time(), UTC))
    for deal in world.latest("deal"):
        span = open_on(deal, day)
        if not span or not deal.start_known:
            continue
        runs = [run for run in visits(deal, day) if run[0].stage == span.stage]
        earlier = sum(_seconds(run) for run in runs[:-1])
        first = runs[-1][0]
        spent = int((end - first.from_at).total_seconds()) + earlier
        yield Seen(None, of_deal(deal, first.owner, first.product, span.stage), "open stay", Fraction(spent, 86_400))
