"""Days of the outbox come and go; no row goes that is not published."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from events.outbox import append
from events.partitions import maintain
from relay_world import World, opened

OLD = "outbox_event_20260101"


async def an_old_day(world: World) -> None:
    await world.pool.execute(
        f"CREATE TABLE {OLD} (LIKE outbox_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS);"
        f"ALTER TABLE outbox_event ATTACH PARTITION {OLD} FOR VALUES FROM ('2026-01-01Z') TO ('2026-01-02Z')"
    )


async def write_on_old_day(connection: asyncpg.Connection | asyncpg.Pool) -> None:
    await connection.execute(
        "INSERT INTO outbox_event (id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion,"
        " bucket, payload, headers, created_at) SELECT gen_random_uuid(), tenantid, aggregatetype, aggregateid, 2,"
        " type, 1, bucket, payload, headers, '2026-01-01 12:00Z' FROM outbox_event ORDER BY seq LIMIT 1"
    )


async def days(world: World) -> set[str]:
    rows = await world.pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'outbox_event'::regclass"
    )
    return {row["name"] for row in rows}


async def keep(world: World) -> None:
    async with world.pool.acquire() as connection:
        await maintain(connection)


async def test_a_week_ahead_exists_and_what_is_missing_is_made(world: World) -> None:
    assert len(await days(world)) == 8
    last = max(await days(world))
    await world.pool.execute(f"DROP TABLE {last}")
    await keep(world)
    assert last in await days(world)


async def test_a_published_day_is_dropped_after_its_retention(world: World) -> None:
    await an_old_day(world)
    await world.commit(opened(uuid4()))
    await write_on_old_day(world.pool)
    async with world.relaying():
        await world.receives(2)
        await passed_by(world)
    await keep(world)
    assert OLD not in await days(world)
    assert await world.value("SELECT to_regclass($1)", OLD) is None


async def passed_by(world: World) -> None:
    """The cursor has left the window with the last event."""
    async with asyncio.timeout(10):
        while await world.value("SELECT bool_or(from_snapshot::text <> to_snapshot::text) FROM outbox_cursor"):
            await asyncio.sleep(0.02)


async def test_an_unpublished_day_is_kept(world: World) -> None:
    await an_old_day(world)
    await world.commit(opened(uuid4()))
    await write_on_old_day(world.pool)
    await keep(world)
    assert OLD in await days(world)
    assert len(await relayed(world, 2)) == 2


async def relayed(world: World, count: int) -> list[object]:
    async with world.relaying():
        return list(await world.receives(count))


async def test_a_detached_day_with_a_late_row_is_attached_again(world: World) -> None:
    await world.commit(opened(uuid4()))
    await relayed(world, 1)
    await an_old_day(world)
    await write_on_old_day(world.pool)
    await world.pool.execute(f"ALTER TABLE outbox_event DETACH PARTITION {OLD} CONCURRENTLY")
    await keep(world)
    assert OLD in await days(world)
    assert len(await relayed(world, 2)) == 2


async def test_an_interrupted_detaching_is_finished(world: World) -> None:
    await world.commit(opened(uuid4()))
    await relayed(world, 1)
    await an_old_day(world)
    async with world.pool.acquire() as late, world.pool.acquire() as operator:
        await late.execute("BEGIN")
        await late.fetch("SELECT FROM outbox_event")
        await operator.execute("SET statement_timeout = '300ms'")
        with pytest.raises(asyncpg.QueryCanceledError):
            await operator.execute(f"ALTER TABLE outbox_event DETACH PARTITION {OLD} CONCURRENTLY")
        await late.execute("ROLLBACK")
    assert OLD in await days(world)
    await keep(world)
    assert await world.value("SELECT to_regclass($1)", OLD) is None


async def test_partitions_are_made_while_a_writer_is_busy(world: World) -> None:
    last = max(await days(world))
    await world.pool.execute(f"DROP TABLE {last}")
    async with world.pool.acquire() as writer, writer.transaction():
        await append(writer, [opened(uuid4())])
        await asyncio.wait_for(keep(world), 5)
        assert last in await days(world)
