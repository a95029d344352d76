"""The background loops that look after the ledger: how far it has come, its partitions ahead of time.

Every process that folds runs them; to do them twice does no harm.
"""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from analytics.ledger import caught_up
from analytics.ledger.caught_up import Looks
from analytics.ledger.fold import MAKE_PARTITION
from analytics.ledger.projection import GROUP, active_schema
from analytics.measures import FOLDED
from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from events.broker import Admin
from events.kafka import KafkaAdmin

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 30.0
PARTITIONS_SECONDS: Final = 3_600.0


async def note_how_far(resources: Resources, stop: asyncio.Event) -> None:
    """About once a second, note up to which time every event is folded. A fault is met with a new connection."""
    looks = Looks()
    while not stop.is_set():
        try:
            async with KafkaAdmin(resources.kafka) as admin:
                while not stop.is_set():
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await look_once(resources, admin, looks)
                    await pause(stop, LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 - the noted time stands still meanwhile, which is what it is for
            log.warning("how far the ledger is cannot be seen", error=repr(error))
            await pause(stop, LOOK_SECONDS)


async def look_once(resources: Resources, admin: Admin, looks: Looks) -> None:
    """The time first, then the ends, then the positions: so that what is noted can only be too early."""
    async with acquired(resources.pool) as connection:
        at = await connection.fetchval(caught_up.NOW)
    ends = await admin.end_offsets(await admin.partitions([topic.name for topic in FOLDED]))
    async with acquired(resources.pool) as connection:
        await caught_up.look(connection, looks, GROUP, at, ends)


async def keep_partitions(resources: Resources, stop: asyncio.Event) -> None:
    """Make the ledger's partitions ahead of time, so that the first batch of a month need not."""
    while not stop.is_set():
        try:
            await make_partitions(resources)
        except (*FAILURES, Refusal) as error:
            log.warning("partitions wait", error=repr(error))
        await pause(stop, PARTITIONS_SECONDS)


async def make_partitions(resources: Resources) -> None:
    """Those of this month and the next, in the ledger in use."""
    async with acquired(resources.pool) as connection:
        schema = await active_schema(connection)
        today = resources.clock.now().date()
        for month in (today, today.replace(day=1) + timedelta(days=32)):
            await connection.fetchval(MAKE_PARTITION, schema, month)
