"""When something happens: the instant, and the business day it falls on in the tenant's zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in UTC and its day in the tenant's zone, so that no decision needs a clock or a zone."""

    at: datetime
    on: date

    @classmethod
    def of(cls, at: datetime, zone: str) -> "Moment":
        """The moment of an aware instant in an IANA zone."""
        return cls(at=at.astimezone(UTC), on=at.astimezone(ZoneInfo(zone)).date())
