"""The relay publishes what was committed, all of it and nothing else, in order for each aggregate."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

import asyncpg

from events.codec import encode_data
from events.kafka import KafkaProducer
from events.outbox import OutboxEntry, Tombstone, append
from events.topics import DEALS_PRODUCT
from relay_world import QUICK, SOURCE, TENANT, World, applied, opened


async def test_a_committed_event_reaches_kafka_as_it_was_written(world: World) -> None:
    entry = opened(uuid4())
    async with world.relaying():
        await world.commit(entry)
        (message,) = await world.receives(1)
    assert message.event == entry.event
    assert (message.envelope.id, message.version, message.envelope.tenant) == (entry.id, 1, TENANT)
    assert (message.envelope.source, message.envelope.type) == (SOURCE, "dealstream.deal.opened.v1")
    assert encode_data(message.event).decode() == await world.value("SELECT payload::text FROM outbox_event")
    assert message.envelope.time == await world.value("SELECT created_at FROM outbox_event")


async def test_a_tombstone_has_headers_and_no_value(world: World) -> None:
    product = uuid4()
    async with world.relaying():
        await world.commit(
            OutboxEntry(event=Tombstone(DEALS_PRODUCT), tenant=TENANT, aggregate_id=product, aggregate_version=3)
        )
        (message,) = await world.receives(1, DEALS_PRODUCT)
    assert message.event is None
    assert (message.aggregate_id, message.version) == (product, 3)


async def test_pages_keep_the_order_of_each_aggregate(world: World) -> None:
    deals = [uuid4() for _ in range(4)]
    for version in range(1, 26):
        await world.commit(*(opened(deal, version) for deal in deals))
    async with world.relaying(replace(QUICK, page_size=7)):
        messages = await world.receives(100)
    assert applied(messages) == {deal: list(range(1, 26)) for deal in deals}
    assert len(messages) == 100


async def test_what_is_rolled_back_is_never_seen(world: World) -> None:
    kept, undone = opened(uuid4()), opened(uuid4())
    async with world.relaying():
        async with world.pool.acquire() as connection, connection.transaction():
            savepoint = connection.transaction()
            await savepoint.start()
            await append(connection, [undone])
            await savepoint.rollback()
            async with connection.transaction():
                await append(connection, [kept])
        await rolled_back(world.pool, opened(uuid4()))
        last = opened(uuid4())
        await world.commit(last)
        messages = await world.receives(2)
    assert {message.envelope.id for message in messages} == {kept.id, last.id}


async def rolled_back(pool: asyncpg.Pool, entry: OutboxEntry) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await append(connection, [entry])
        await transaction.rollback()


async def test_nothing_waits_for_a_long_transaction_and_it_is_not_missed(world: World) -> None:
    late, early = opened(uuid4()), opened(uuid4())
    async with world.relaying(), world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await append(connection, [late])
        await world.commit(early)
        assert [message.envelope.id for message in await world.receives(1)] == [early.id]
        for _ in range(5):
            await world.commit(opened(uuid4()))
        assert len(await world.receives(6)) == 6
        await transaction.commit()
        assert late.id in {message.envelope.id for message in await world.receives(7)}


async def test_a_transaction_in_another_database_delays_nothing(
    world: World, new_database: Callable[[], Awaitable[str]]
) -> None:
    elsewhere = await asyncpg.connect(await new_database())
    try:
        await elsewhere.execute("CREATE TABLE other (id int)")
        await elsewhere.execute("BEGIN; INSERT INTO other VALUES (1)")
        async with world.relaying():
            await world.commit(opened(uuid4()))
            assert len(await world.receives(1)) == 1
    finally:
        await elsewhere.close()


async def test_a_prepared_transaction_is_published_once_it_is_committed(world: World) -> None:
    prepared, other = opened(uuid4()), opened(uuid4())
    name = f"prepared-{uuid4()}"
    async with world.relaying(), world.pool.acquire() as connection:
        await connection.execute("BEGIN")
        await append(connection, [prepared])
        await connection.execute(f"PREPARE TRANSACTION '{name}'")
        await world.commit(other)
        assert [message.envelope.id for message in await world.receives(1)] == [other.id]
        await connection.execute(f"COMMIT PREPARED '{name}'")
        assert {message.envelope.id for message in await world.receives(2)} == {prepared.id, other.id}


async def test_a_held_snapshot_costs_no_dead_rows_in_the_outbox(world: World) -> None:
    async with world.pool.acquire() as analyst:
        await analyst.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await analyst.fetchval("SELECT count(*) FROM outbox_event")
        deal = uuid4()
        async with world.relaying():
            for version in range(1, 41):
                await world.commit(opened(deal, version))
            assert applied(await world.receives(40)) == {deal: list(range(1, 41))}
        await analyst.execute("ROLLBACK")
    async with world.pool.acquire() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        changed = await connection.fetchval(
            "SELECT sum(n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname LIKE 'outbox_event%'"
        )
    assert changed == 0


async def test_writers_that_hold_an_early_transaction_id_do_not_invert_their_aggregate(world: World) -> None:
    """The second writer of the deal took its transaction id first, then waited for the row."""
    deal = uuid4()
    await world.pool.execute("CREATE TABLE deal (id uuid PRIMARY KEY, version int)")
    await world.pool.execute("INSERT INTO deal VALUES ($1, 0)", deal)
    async with world.pool.acquire() as first, world.pool.acquire() as second:
        await second.execute("BEGIN")
        await second.fetchval("SELECT pg_current_xact_id()")
        await first.execute("BEGIN")
        await change(first, deal)
        waiting = asyncio.create_task(change(second, deal))
        await asyncio.sleep(0.2)
        await first.execute("COMMIT")
        await waiting
        await second.execute("COMMIT")
    async with world.relaying():  # both are in its first window
        messages = await world.receives(2)
    assert applied(messages) == {deal: [1, 2]}


async def change(connection: asyncpg.Connection, deal: object) -> None:
    version = await connection.fetchval("UPDATE deal SET version = version + 1 WHERE id = $1 RETURNING version", deal)
    await append(connection, [opened(deal, version)])


async def test_out_of_order_sequence_discards_the_producer_and_sends_the_page_again(world: World) -> None:
    deal = uuid4()
    await world.commit(opened(deal, 1))
    async with world.relaying() as relay:
        await world.receives(1)
        producer = relay._publication._producer
        spoil_sequence(producer)
        for version in range(2, 6):
            await world.commit(opened(deal, version))
        messages = await world.receives(5)
        assert relay._publication._producer is not producer
    assert applied(messages) == {deal: [1, 2, 3, 4, 5]}


def spoil_sequence(producer: KafkaProducer) -> None:
    numbers = producer._client._txn_manager._sequence_numbers
    for place in list(numbers):
        numbers[place] += 7
