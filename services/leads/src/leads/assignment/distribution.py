"""Whose turn it is among the members of a rule. Pure.

Each time, every member who is there earns credit by weight; who has most of it gets the lead and pays what all earned
together. So over any stretch in which the same people are there, shares are as the weights say, and evenly mixed; and
who comes back from leave is not buried under what went to others meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from events.catalogue.assignment import Limit, Member, Period


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a member of a rule stands: the credit, and how many leads the rule gave in which period."""

    credit: int = 0
    period: str = ""
    given: int = 0

    def given_in(self, period: str) -> int:
        return self.given if self.period == period else 0


NO_TURN = Turn()
Turns = Mapping[UUID, Turn]


def below(limit: Limit | None, turns: Turns, members: Sequence[Member], day: date) -> tuple[Member, ...]:
    """Those of the members who may get one more in the period of the day."""
    if limit is None:
        return tuple(members)
    period = period_of(day, limit.per)
    return tuple(each for each in members if turns.get(each.person, NO_TURN).given_in(period) < limit.leads)


def next_of(turns: Turns, present: Sequence[Member]) -> UUID:
    """Whose turn it is among those who are there; of equals the first in the rule's order."""
    return max(present, key=lambda each: turns.get(each.person, NO_TURN).credit + each.weight).person


def taken(turns: Turns, present: Sequence[Member], person: UUID, period: str) -> dict[UUID, Turn]:
    """The turns after this person got a lead."""
    after = dict(turns)
    for member in present:
        turn = turns.get(member.person, NO_TURN)
        after[member.person] = Turn(turn.credit + member.weight, turn.period, turn.given)
    paid = after[person]
    everything = sum(member.weight for member in present)
    after[person] = Turn(paid.credit - everything, period, turns.get(person, NO_TURN).given_in(period) + 1)
    return after


def period_of(day: date, per: Period | None) -> str:
    """The period that a day falls into, by name; weeks begin on Monday."""
    match per:
        case Period.DAY:
            return day.isoformat()
        case Period.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case Period.MONTH:
            return f"{day:%Y-%m}"
        case None:
            return ""


def first_day_of(day: date, per: Period) -> date:
    """The day on which the period of a day began."""
    match per:
        case Period.DAY:
            return day
        case Period.WEEK:
            return date.fromordinal(day.toordinal() - day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
