"""One partition in the hands of a consumer: its stage, its backlog, and when it may be worked on.

Pure: no I/O; the time comes in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from events.backlog import Backlog, Bounds
from events.batch import Slice
from events.codec import Received
from events.failure_limit import FailureLimit, Limits
from events.partition import Partition
from events.recoverability import Backoff, described


class Stage(StrEnum):
    """Where a partition is in its life."""

    PREPARING = "preparing"
    """Its position must be read from the database and sought."""
    FLOWING = "flowing"
    STOPPED = "stopped"
    """Waits for an operator."""
    FINISHED = "finished"
    """Has reached the end that was asked for."""


@dataclass(eq=False)
class Assigned:
    """A partition that is ours, until it is revoked."""

    partition: Partition
    bounds: Bounds = field(default_factory=Bounds)
    limits: Limits = field(default_factory=Limits)
    until: int | None = None
    stage: Stage = Stage.PREPARING
    reason: str | None = None
    """Why it is stopped, or why it tries again."""
    next_offset: int = 0
    fetched_to: int = 0
    end_offset: int | None = None
    paused: bool = False
    attached: bool = True
    retry_at: float = 0.0
    arrived_at: float = 0.0
    progressed_at: float = 0.0
    may_park_first: bool = False
    """An operator has said that a first failure is no bad deploy."""

    def __post_init__(self) -> None:
        self.backlog = Backlog(self.bounds)
        self.limit = FailureLimit(self.limits)
        self.backoff = Backoff()
        self.batch_records = self.bounds.batch_records

    def start(self, position: int, now: float) -> None:
        """Goes on from a position that the database has confirmed."""
        self.backlog.clear()
        self.next_offset = self.fetched_to = position
        self.stage, self.reason, self.paused = Stage.FLOWING, None, False
        self.arrived_at = self.progressed_at = now
        self.finish_if_done()

    def accept(self, records: Sequence[Received], now: float) -> int:
        """Takes in what was read; records from before a seek or past the end asked for are left out."""
        if self.stage is not Stage.FLOWING:
            return 0
        fresh = [record for record in records if record.offset >= self.fetched_to]
        if self.until is not None:
            fresh = [record for record in fresh if record.offset < self.until]
        self.backlog.extend(fresh)
        self.fetched_to = max(self.fetched_to, records[-1].offset + 1)
        self.arrived_at = now
        return len(fresh)

    def is_ready(self, now: float) -> bool:
        return self.attached and self.stage is Stage.FLOWING and len(self.backlog) > 0 and now >= self.retry_at

    def slice(self, records: int, size: int) -> Slice:
        """The next records, for a transaction; they stay in the backlog until it has committed."""
        return Slice(self.partition, self.next_offset, self.backlog.first(min(records, self.batch_records), size))

    def committed(self, piece: Slice, now: float) -> None:
        """The slice has taken effect."""
        if not self.attached or self.stage is not Stage.FLOWING or self.next_offset != piece.expected:
            return
        self.backlog.drop(len(piece.records))
        self.next_offset = piece.records[-1].offset + 1
        self.batch_records = min(self.bounds.batch_records, self.batch_records * 2)
        self.progressed_at = now
        self.retry_at, self.reason = 0.0, None
        self.backoff.reset()
        self.finish_if_done()

    def finish_if_done(self) -> None:
        if self.until is not None and not len(self.backlog) and self.fetched_to >= self.until:
            self.stage = Stage.FINISHED

    def halve(self, size: int) -> None:
        """The slice cannot be handled as a whole: look for the event that is to blame."""
        self.batch_records = max(1, size // 2)

    def retry_later(self, error: BaseException, now: float) -> None:
        self.retry_at = now + self.backoff.next_seconds()
        self.reason = described(error)

    def lose_position(self) -> None:
        """Somebody else has moved it on: what was read is of no use."""
        self.backlog.clear()
        self.stage, self.paused = Stage.PREPARING, False

    def halt(self, reason: str) -> None:
        self.backlog.clear()
        self.stage, self.reason = Stage.STOPPED, reason

    def go_on(self) -> None:
        """An operator says so: look at the position again, and let a first failure be parked."""
        self.limit.reset()
        self.may_park_first = True
        self.stage, self.reason = Stage.PREPARING, None

    @property
    def is_silent_candidate(self) -> bool:
        """Records should be coming: nothing here holds them back."""
        return self.stage is Stage.FLOWING and not self.paused and (self.end_offset or 0) > self.fetched_to

    @property
    def lag(self) -> int | None:
        return None if self.end_offset is None else max(0, self.end_offset - self.next_offset)


def out_of_log(position: int, begin: int, end: int) -> str | None:
    """Why a stored position cannot be continued from, if so; it is never reset by itself."""
    if position > end:
        return f"topic recreated: the position {position} is beyond the end of the log, {end}"
    if position < begin:
        return f"records lost: {begin - position} were deleted before they were read ({position} to {begin - 1})"
    return None
