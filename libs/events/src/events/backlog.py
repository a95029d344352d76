"""The records of one partition that wait for their transaction: bounded by count and by bytes.

Pure. Above the high mark the partition is paused at the broker, below the low mark it is resumed, so that a slow
handler holds a known amount of memory and other partitions flow on.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from events.codec import Received

_RECORD_OVERHEAD = 512
"""Bytes that a record takes beyond its key and value: headers and objects."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Sizes of batches and backlogs."""

    batch_records: int = 2_000
    batch_bytes: int = 1 << 20
    high_records: int = 8_000
    high_bytes: int = 4 << 20

    @property
    def low_records(self) -> int:
        return self.high_records // 2

    @property
    def low_bytes(self) -> int:
        return self.high_bytes // 2


@dataclass
class Backlog:
    """A queue that knows its size."""

    bounds: Bounds = field(default_factory=Bounds)
    _records: deque[Received] = field(default_factory=deque)
    _bytes: int = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def head(self) -> Received | None:
        return self._records[0] if self._records else None

    @property
    def is_high(self) -> bool:
        return len(self._records) >= self.bounds.high_records or self._bytes >= self.bounds.high_bytes

    @property
    def is_low(self) -> bool:
        return len(self._records) <= self.bounds.low_records and self._bytes <= self.bounds.low_bytes

    def extend(self, records: Sequence[Received]) -> None:
        self._records.extend(records)
        self._bytes += sum(map(size_of, records))

    def first(self, records: int, size: int) -> list[Received]:
        """As many as fit, and at least one; they stay until ``drop``, so a failed batch loses nothing."""
        taken: list[Received] = []
        for record in islice(self._records, records):
            size -= size_of(record)
            if taken and size < 0:
                break
            taken.append(record)
        return taken

    def drop(self, count: int) -> None:
        for _ in range(count):
            self._bytes -= size_of(self._records.popleft())

    def clear(self) -> None:
        self._records.clear()
        self._bytes = 0


def size_of(record: Received) -> int:
    return len(record.value or b"") + len(record.key or b"") + _RECORD_OVERHEAD
