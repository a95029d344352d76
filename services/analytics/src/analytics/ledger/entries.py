"""Ledger entries, written by COPY in PostgreSQL's binary form straight into the partition of their month of recording.

The rows are packed here because they are most of what a fold writes: one ``struct`` a row costs a fraction of what
encoding twelve values does. COPY also refuses a partitioned table under row-level security; the partitions themselves
may be written by the worker's role alone.
"""

import io
import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from analytics.ledger.packing import DAY_BITS, DAY_MASK, FIRST_DAY, MEASURE_MASK, SLICE_SHIFT, Change

COLUMNS: Final = (
    "recorded_at", "tenant_id", "event_id", "fact_id", "event_type", "kind",
    "measure", "day", "slice", "count", "amount",
)  # fmt: skip

_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = struct.pack(">h", -1)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(2000, 1, 1).toordinal() - FIRST_DAY
_EVENT: Final = struct.Struct(">hiqi16si16si16sihi")
_CHANGE: Final = struct.Struct(">ihiiiiiiiq")


class Entries:
    """The entries of one batch, by month of recording."""

    def __init__(self) -> None:
        self._months: dict[date, bytearray] = {}
        self.count = 0

    def add(
        self, *, recorded_at: datetime, tenant: UUID, event_id: UUID, event_type: int, kind: str, fact_id: UUID,
        changed: Sequence[Change],
    ) -> None:  # fmt: skip
        """All that one event changed."""
        name = kind.encode()
        head = (
            _EVENT.pack(
                len(COLUMNS), 8, _microseconds(recorded_at), 16, tenant.bytes, 16, event_id.bytes, 16, fact_id.bytes,
                2, event_type, len(name),
            )
            + name
        )  # fmt: skip
        pack = _CHANGE.pack
        self._month(recorded_at).extend(
            b"".join([
                head
                + pack(
                    2, key >> DAY_BITS & MEASURE_MASK, 4, (key & DAY_MASK) - _EPOCH_DAY, 4, key >> SLICE_SHIFT,
                    4, count, 8, amount,
                )
                for key, count, amount in changed
            ])
        )  # fmt: skip
        self.count += len(changed)

    @property
    def months(self) -> list[date]:
        return sorted(self._months)

    async def copy(self, connection: Any, schema: str) -> None:
        """Append them to the ledger."""
        for month, rows in sorted(self._months.items()):
            # Closed, because asyncpg leaves its source in a circle, where the bytes would wait for the collector.
            with io.BytesIO(b"".join((_BEGIN, rows, _END))) as source:
                await connection.copy_to_table(
                    partition_of(month), schema_name=schema, columns=COLUMNS, source=source, format="binary"
                )

    def _month(self, recorded_at: datetime) -> bytearray:
        month = recorded_at.date().replace(day=1)
        rows = self._months.get(month)
        if rows is None:
            rows = self._months[month] = bytearray()
        return rows


def partition_of(month: date) -> str:
    """The table that holds what was recorded in a month."""
    return f"ledger_{month:%Y%m}"


def _microseconds(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
