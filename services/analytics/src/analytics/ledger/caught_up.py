"""Up to which time the ledger in use holds every event: what answers and alerts call freshness.

The ends of all folded partitions are looked at about once a second. Once the stored positions have come to the ends of
one look, everything that was published by then is folded, and the time of that look is noted. So the time moves on
while nothing happens and under steady load alike, and stands still for as long as any partition does. The stored
positions are those of all processes. An event that stands in the dead letters counts as passed: it has its own alert.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from events.partition import Partition

NOW: Final = "SELECT clock_timestamp()"
READ: Final = "SELECT at FROM ledger_caught_up"
STANDS: Final = "SELECT topic, part, next_offset, stopped_at IS NOT NULL AS stopped FROM consumer_offset WHERE grp = $1"
NOTE: Final = """
INSERT INTO ledger_caught_up (at) VALUES ($1)
ON CONFLICT (only_row) DO UPDATE SET at = excluded.at WHERE ledger_caught_up.at < excluded.at
"""

MOST_LOOKS: Final = 1_000

Offsets = Mapping[Partition, int]


class Looks:
    """The ends of the log as they were at some times, until they are reached. Pure."""

    def __init__(self) -> None:
        self._looks: list[tuple[datetime, Offsets]] = []

    def __len__(self) -> int:
        return len(self._looks)

    def add(self, at: datetime, ends: Offsets) -> None:
        """One look; of too many every second one is given up, which only makes the answer coarser."""
        self._looks.append((at, ends))
        if len(self._looks) > MOST_LOOKS:
            del self._looks[1::2]

    def reached(self, positions: Offsets, stopped: Collection[Partition] = ()) -> datetime | None:
        """The time of the newest look whose ends are all reached; older looks are forgotten with it."""
        for place in reversed(range(len(self._looks))):
            at, ends = self._looks[place]
            if not stopped and _all_reached(ends, positions):
                del self._looks[: place + 1]
                return at
        return None


def _all_reached(ends: Offsets, positions: Offsets) -> bool:
    """A partition that was read once and has no end now was not seen, which is no sign that it is empty."""
    unseen = positions.keys() - ends.keys()
    return not unseen and all(positions.get(partition, 0) >= end for partition, end in ends.items())


async def look(connection: Any, looks: Looks, group: str, at: datetime, ends: Offsets) -> None:
    """Take the ends that were there at a time, and note how far the ledger has come."""
    looks.add(at, ends)
    rows = await connection.fetch(STANDS, group)
    positions = {Partition(row["topic"], row["part"]): row["next_offset"] for row in rows}
    stopped = [Partition(row["topic"], row["part"]) for row in rows if row["stopped"]]
    reached = looks.reached(positions, stopped)
    if reached is not None:
        await connection.execute(NOTE, reached)
