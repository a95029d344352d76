"""The lease: at most one relay a shard moves the cursor, whatever pauses, partitions or clocks do.

Expiry is on the database's clock. Every taking raises the epoch, and each update of the cursor names its epoch, so that
an old holder that wakes up changes nothing. By its own monotonic clock a holder stops sending when half the lease has
passed since the last renewal began: it is silent before another can take over, unless it was frozen in between.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from events import metrics
from events.errors import LeaseLost


@dataclass(slots=True)
class Lease:
    """The right to publish one shard, as long as ``epoch`` is that of the cursor."""

    shard: int
    shards: int
    epoch: int
    duration: timedelta
    _renewed: float = field(default_factory=time.monotonic)

    @classmethod
    async def take(cls, connection: Any, shard: int, shards: int, owner: str, duration: timedelta) -> Self | None:
        """The lease if nobody holds it, or this owner does; None while another's has not expired."""
        began = time.monotonic()
        epoch = await connection.fetchval(_TAKE, shard, owner, duration)
        return None if epoch is None else cls(shard, shards, epoch, duration, began)

    @property
    def seconds_left(self) -> float:
        """How long one may still send without renewal; never positive again once half the lease has passed."""
        return self._renewed + self.duration.total_seconds() / 2 - time.monotonic()

    def require(self) -> None:
        """Passes while sending is allowed."""
        if self.seconds_left <= 0:
            raise LeaseLost(f"not renewed within half of {self.duration}")

    def renewed(self, began: float, confirmed: object) -> None:
        """Notes the answer of a statement that was guarded by the epoch and extended the lease."""
        if confirmed is None:
            metrics.RELAY_FENCED.inc()
            raise LeaseLost(f"shard {self.shard}: epoch {self.epoch} is over")
        self._renewed = max(self._renewed, began)

    async def renew(self, connection: Any) -> None:
        """Extends the lease, or raises ``LeaseLost``."""
        began = time.monotonic()
        self.renewed(began, await connection.fetchval(_RENEW, self.shard, self.epoch, self.duration))

    async def release(self, connection: Any) -> None:
        """Lets another take over at once."""
        await connection.execute(_RELEASE, self.shard, self.epoch)


_TAKE = """
UPDATE outbox_cursor
   SET owner = $2, epoch = epoch + 1, expires_at = clock_timestamp() + $3::interval
 WHERE shard = $1 AND (owner = $2 OR expires_at < clock_timestamp())
RETURNING epoch
"""

_RENEW = """
UPDATE outbox_cursor SET expires_at = clock_timestamp() + $3::interval WHERE shard = $1 AND epoch = $2 RETURNING epoch
"""

_RELEASE = """
UPDATE outbox_cursor SET owner = NULL, expires_at = '-infinity' WHERE shard = $1 AND epoch = $2
"""
