"""The outbox takes what its caller's transaction commits, and refuses what could never be published."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from events.catalogue.deals import DealOpened
from events.errors import EventNotStamped, EventTooLarge
from events.outbox import MAX_PAYLOAD_BYTES, OutboxEntry, append
from relay_world import TENANT, World, opened


async def test_an_event_is_part_of_its_callers_transaction(world: World) -> None:
    async with world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await append(connection, [opened(uuid4())])
        assert await world.value("SELECT count(*) FROM outbox_event") == 0
        await transaction.commit()
    assert await world.value("SELECT count(*) FROM outbox_event") == 1


async def test_entries_keep_their_order_and_their_context(world: World) -> None:
    deal, cause = uuid4(), uuid4()
    entries = [
        OutboxEntry(
            event=opened(deal).event,
            tenant=TENANT,
            aggregate_id=deal,
            aggregate_version=version,
            correlation_id=cause,
            causation_id=cause,
            actor="person:Lan",
            traceparent="00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01",
        )
        for version in range(1, 30)
    ]
    await world.commit(*entries)
    rows = await world.pool.fetch("SELECT id, aggregateversion, headers FROM outbox_event ORDER BY seq")
    assert [(row["id"], row["aggregateversion"]) for row in rows] == [(e.id, e.aggregate_version) for e in entries]
    assert rows[0]["headers"] == (
        f'{{"ce_correlationid":"{cause}","ce_causationid":"{cause}","ce_actor":"person:Lan",'
        '"traceparent":"00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01"}'
    )


async def test_an_oversized_event_fails_the_command_with_a_clear_error(world: World) -> None:
    large = opened(uuid4(), name="x" * MAX_PAYLOAD_BYTES)
    with pytest.raises(EventTooLarge, match=r"dealstream\.deal\.opened\.v1 of .* at most 921600 are allowed"):
        await world.commit(opened(uuid4()), large)
    assert await world.value("SELECT count(*) FROM outbox_event") == 0


async def test_the_table_itself_takes_no_oversized_payload(world: World) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="outbox_event_payload_bytes"):
        await world.pool.execute(
            "INSERT INTO outbox_event (id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion,"
            " bucket, payload, headers) VALUES ($1, $1, 'deals.deal', $1, 1, 't', 1, 0,"
            " to_json(repeat('x', 921600)), '{}')",
            uuid4(),
        )


async def test_an_event_without_time_and_state_is_refused(world: World) -> None:
    with pytest.raises(EventNotStamped):
        await world.commit(OutboxEntry(event=DealOpened(), tenant=TENANT, aggregate_id=uuid4(), aggregate_version=1))


async def test_rows_under_a_savepoint_carry_the_top_level_transaction(world: World) -> None:
    async with world.pool.acquire() as connection, connection.transaction():
        top = await connection.fetchval("SELECT pg_current_xact_id()::text")
        async with connection.transaction():
            await append(connection, [opened(uuid4())])
        assert await connection.fetchval("SELECT xid::text FROM outbox_event") == top


async def test_a_missing_partition_is_made_by_the_writer_before_the_insert(world: World) -> None:
    today = await world.value("SELECT 'outbox_event_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD')")
    await world.pool.execute(f"DROP TABLE {today}")
    await world.pool.expire_connections()
    await world.commit(opened(uuid4()))
    assert await world.value(f"SELECT count(*) FROM {today}") == 1


async def test_a_partition_made_in_a_transaction_that_rolls_back_is_made_again(world: World) -> None:
    today = await world.value("SELECT 'outbox_event_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD')")
    await world.pool.execute(f"DROP TABLE {today}")
    async with world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await append(connection, [opened(uuid4())])
        await transaction.rollback()
        await append(connection, [opened(uuid4())])
    assert await world.value(f"SELECT count(*) FROM {today}") == 1


async def test_debezium_finds_the_columns_of_its_event_router(world: World) -> None:
    columns = await world.pool.fetch(
        "SELECT attname, atttypid::regtype::text AS type FROM pg_attribute WHERE attrelid = 'outbox_event'::regclass"
    )
    found = {column["attname"]: column["type"] for column in columns}
    router = {"id": "uuid", "aggregatetype": "text", "aggregateid": "uuid", "type": "text", "payload": "json"}
    assert router.items() <= found.items()


async def test_a_writer_needs_no_more_than_insert(world: World) -> None:
    role = f"writer_{uuid4().hex[:8]}"
    await world.pool.execute(f"CREATE ROLE {role}; GRANT INSERT ON outbox_event TO {role}")
    try:
        async with world.pool.acquire() as connection, connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {role}")
            await append(connection, [opened(UUID(int=1))])
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.fetch("SELECT * FROM outbox_event")
    finally:
        await world.pool.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
