"""Events of analytics: sealed periods."""

from datetime import date
from uuid import UUID

from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import ANALYTICS_SEAL


class CoveredOffset(Value):
    """Everything before ``next_offset`` of one partition was folded when the period was sealed."""

    topic: str
    partition: int
    next_offset: int


class SealState(Value):
    """The balances of a closed period, fixed by a hash. ``to_on`` is the first day after the period."""

    id: UUID
    from_on: date
    to_on: date
    sealed_at: Timestamp
    sealed_by: UUID | None = None
    ledger_seq: int
    """The last ledger entry that the seal covers."""
    sha256: str
    offsets: tuple[CoveredOffset, ...] = ()


class SealEvent(Event, topic=ANALYTICS_SEAL):
    """Base of what happens to a seal."""

    seal: SealState = UNSTAMPED


class PeriodSealed(SealEvent, type="dealstream.seal.period_sealed", version=1):
    """A period was sealed; whatever is booked on its days from now on is shown as an adjustment."""
