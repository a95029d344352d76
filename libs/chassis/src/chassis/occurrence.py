"""Who may say that something happened at another time than now, or under other rules. Pure.

Everybody may report what happened within the last month, because sales people write things down late. Loading older
history, and history that keeps no rules of today, is the right of those who look after the data. Nothing may happen
later than tomorrow or before 1990.
"""

from datetime import UTC, datetime, timedelta

from chassis.principal import Principal
from chassis.refusals import Forbidden, Invalid
from events.catalogue.identity import Role

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
OPEN_FOR = timedelta(days=31)
AHEAD = timedelta(days=1)
HISTORIANS = (Role.ADMIN, Role.SALES_OPS, Role.INTEGRATION)


def occurrence(occurred_at: datetime | None, now: datetime, principal: Principal) -> datetime:
    """The instant to book; ``None`` means now."""
    if occurred_at is None:
        return now
    at = occurred_at.astimezone(UTC)
    if at > now + AHEAD:
        raise Invalid("It cannot have happened more than a day in the future.", pointer="/occurred_at")
    if at < EARLIEST:
        raise Invalid("It cannot have happened before 1990.", pointer="/occurred_at")
    if at < now - OPEN_FOR and not principal.has(*HISTORIANS):
        raise Forbidden(
            "Only admin, sales-ops and integration may book more than 31 days back.", pointer="/occurred_at"
        )
    return at


def as_history(principal: Principal, *, imported: bool) -> bool:
    """Whether a record is loaded as it was elsewhere, by no rule of today: not for whoever is held to the rules."""
    if imported and not principal.has(*HISTORIANS):
        raise Forbidden("Only admin, sales-ops and integration may load history.", pointer="/imported")
    return imported
