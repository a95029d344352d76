"""What is asked of a KPI, and by whom. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from analytics.kpi import Kpi, Window
from analytics.ledger.posting import Dimension, Slice
from analytics.periods import ALWAYS, Calendar, Days, Unit
from chassis.principal import Scope

EVERYTHING = Scope(everything=True)


@dataclass(frozen=True)
class Only:
    """Which slices count: those that hold one of the values of each filter and that the caller may see."""

    filters: Mapping[Dimension, frozenset[str | None]] = field(default_factory=dict)
    scope: Scope = EVERYTHING

    @property
    def dimensions(self) -> frozenset[Dimension]:
        """What must be kept apart to tell."""
        seen: set[Dimension] = set(self.filters)
        if not self.scope.everything:
            seen.add("rep")
            if self.scope.teams:
                seen.add("team")
        return frozenset(seen)

    def allows(self, where: Slice) -> bool:
        return all(getattr(where, name) in values for name, values in self.filters.items()) and self._sees(where)

    def _sees(self, where: Slice) -> bool:
        if self.scope.everything:
            return True
        own = self.scope.person is not None and where.rep == str(self.scope.person)
        return own or where.team in {str(team) for team in self.scope.teams}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A KPI, sliced and limited. ``as_of`` and ``known_at`` are absent for "now, with all that is known"."""

    kpi: Kpi
    by: tuple[Dimension, ...] = ()
    unit: Unit | None = None
    days: Days = ALWAYS
    as_of: date | None = None
    known_at: datetime | None = None
    only: Only = field(default_factory=Only)
    now: datetime
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def today(self) -> date:
        return self.calendar.day_of(self.now)

    @property
    def stock_day(self) -> date:
        """The day at whose end stocks are taken."""
        return self.today if self.as_of is None else self.as_of

    @cached_property
    def instant(self) -> datetime:
        """Up to when time is counted that still runs."""
        return min(self.now, self.calendar.end_of(self.stock_day))

    @property
    def needs_replay(self) -> bool:
        """Whether later events may have changed what the day asked for showed then."""
        return self.kpi.retroactive and self.as_of is not None and self.as_of < self.today

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        return tuple(dict.fromkeys((*self.kpi.always_by, *self.by)))

    def over(self, window: Window) -> Days:
        """The days of a window."""
        today = self.stock_day
        match window:
            case Window.PERIOD:
                return self.days.until(self.as_of)
            case Window.STOCK:
                return ALWAYS.until(today)
            case Window.BEFORE_AS_OF:
                return ALWAYS.until(today - timedelta(days=1))
            case Window.FROM_AS_OF:
                return self.days.since(today)
            case Window.TRAILING_YEAR:
                return Days(today - timedelta(days=364)).until(today)
        return ALWAYS

    def during(self, days: Days) -> "Question":
        """The same over other days."""
        return replace(self, days=days)
