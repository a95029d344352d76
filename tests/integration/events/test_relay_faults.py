"""What the relay does when leases pass on, Kafka is away or refuses, and the database is not the one it was."""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from events import quarantine, window
from events.catalogue.deals import ProductChanged, ProductListed, ProductState
from events.errors import ForeignHistory, LeaseLost, ShardsChanged
from events.kafka import KafkaAdmin
from events.lease import Lease
from events.outbox import OutboxEntry
from events.recovery import recover, require_own_history, reshard
from events.relay import Relay
from events.republish import republish
from events.topics import DEALS_DEAL, DEALS_PRODUCT
from faults.tcp_proxy import TcpProxy
from relay_world import NOON, QUICK, SOURCE, TENANT, World, applied, different, opened


async def a_lease(world: World, owner: str, seconds: float = 30) -> Lease | None:
    async with world.pool.acquire() as connection:
        await require_own_history(connection, 1)
        return await Lease.take(connection, 0, 1, owner, timedelta(seconds=seconds))


async def test_one_relay_leads_and_the_other_takes_over_when_the_lease_expires(world: World) -> None:
    assert await a_lease(world, "first", seconds=0.3)
    assert await a_lease(world, "second") is None
    await asyncio.sleep(0.4)
    assert await a_lease(world, "second")


async def test_an_old_holder_moves_nothing(world: World) -> None:
    old = await a_lease(world, "old", seconds=0)
    new = await a_lease(world, "new")
    assert old
    assert new
    assert new.epoch == old.epoch + 1
    async with world.pool.acquire() as connection:
        with pytest.raises(LeaseLost):
            await window.advance(connection, old, 99)
        with pytest.raises(LeaseLost):
            await window.open_next(connection, old, 10)
        with pytest.raises(LeaseLost):
            await old.renew(connection)
        await world.commit(opened(uuid4()))
        assert await window.tick(connection, old) == 0
        assert (await window.current(connection, new)).last_seq == 0


async def test_a_holder_is_silent_once_half_its_lease_has_passed(world: World) -> None:
    lease = await a_lease(world, "slow", seconds=0.4)
    assert lease
    lease.require()
    await asyncio.sleep(0.25)
    with pytest.raises(LeaseLost):
        lease.require()


async def test_while_kafka_is_away_commands_commit_ticks_go_on_and_the_backlog_drains_in_order(world: World) -> None:
    host, _, port = world.kafka.bootstrap_servers.partition(":")
    proxy = TcpProxy(host, int(port))
    await proxy.mend()
    await proxy.cut()
    away = replace(world.kafka, bootstrap_servers=f"127.0.0.1:{proxy.port}")
    deal = uuid4()
    stop = asyncio.Event()
    relay = Relay(world.pool, away, SOURCE, replace(QUICK, longest_tick_seconds=0.05))
    running = asyncio.create_task(relay.run(stop))
    try:
        for version in range(1, 21):
            await world.commit(opened(deal, version))
            await asyncio.sleep(0.05)
        assert await world.value("SELECT count(*) FROM outbox_tick") > 3
        assert await world.received() == []
        await proxy.mend()
        assert applied(await world.receives(20)) == {deal: list(range(1, 21))}
    finally:
        stop.set()
        await asyncio.wait_for(running, 20)
        await proxy.cut()


async def test_a_record_that_kafka_refuses_for_good_stops_its_aggregate_alone(world: World) -> None:
    await resize(world, 3_000)
    stuck, free = uuid4(), uuid4()
    large = opened(stuck, 2, name=secrets.token_hex(4_500))
    async with world.relaying():
        await world.commit(opened(stuck, 1), opened(free, 1), large, opened(free, 2), opened(stuck, 3))
        assert applied(await world.receives(3)) == {stuck: [1], free: [1, 2]}
        await world.commit(opened(stuck, 4), opened(free, 3))
        assert applied(await world.receives(4)) == {stuck: [1], free: [1, 2, 3]}
        held = await world.pool.fetch("SELECT aggregateversion, reason FROM outbox_quarantine ORDER BY seq")
        assert [row["aggregateversion"] for row in held] == [2, 3, 4]
        assert "MessageSizeTooLarge" in held[0]["reason"]
        await resize(world, 1_048_576)
        async with world.pool.acquire() as connection:
            assert await quarantine.release(connection, stuck) == 3
        assert applied(await world.receives(7)) == {stuck: [1, 2, 3, 4], free: [1, 2, 3]}
        await world.commit(opened(stuck, 5))
        assert applied(await world.receives(8))[stuck] == [1, 2, 3, 4, 5]


async def resize(world: World, max_bytes: int) -> None:
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

    async with KafkaAdmin(world.kafka) as admin:
        name = world.kafka.topic(DEALS_DEAL.name)
        await admin._admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, {"max.message.bytes": str(max_bytes)})]
        )


async def test_a_restored_outbox_is_refused_until_recovered_and_then_nothing_is_skipped(world: World) -> None:
    deal = uuid4()
    async with world.relaying():
        for version in (1, 2, 3):
            await world.commit(opened(deal, version))
        await world.receives(3)
    for version in (4, 5):
        await world.commit(opened(deal, version))
    await as_restored_elsewhere(world)
    async with world.pool.acquire() as connection:
        with pytest.raises(ForeignHistory):
            await require_own_history(connection, 1)
        assert await recover(connection) == 2
    async with world.relaying():
        await world.commit(opened(deal, 6))
        messages = await world.receives(6)
    assert applied(messages) == {deal: [1, 2, 3, 4, 5, 6]}
    assert len(messages) == 6


async def as_restored_elsewhere(world: World) -> None:
    """A dump keeps the transaction ids as they were: here they are far above those of the cluster."""
    await world.pool.execute(
        """
        UPDATE outbox_event SET xid = (xid::text::bigint + 1000000000)::text::xid8;
        UPDATE outbox_cursor
    SET system_identifier = 1,
           from_snapshot = format('%1$s:%1$s:', pg_snapshot_xmax(from_snapshot)::text::int8 + 1e9::int8)::pg_snapshot,
           to_snapshot = format('%1$s:%1$s:', pg_snapshot_xmax(to_snapshot)::text::int8 + 1e9::int8)::pg_snapshot
        """
    )


async def test_a_cursor_ahead_of_the_cluster_is_refused(world: World) -> None:
    async with world.pool.acquire() as connection:
        await require_own_history(connection, 1)
        await connection.execute("UPDATE outbox_cursor SET to_snapshot = '900000000000:900000000000:'")
        with pytest.raises(ForeignHistory, match="relay recover"):
            await require_own_history(connection, 1)


async def test_a_refusing_relay_says_why_and_goes_on_by_itself_once_recovered(world: World) -> None:
    async with world.pool.acquire() as connection:
        await require_own_history(connection, 1)
        await connection.execute("UPDATE outbox_cursor SET system_identifier = 1")
    await world.commit(opened(uuid4()))
    async with world.relaying() as relay:
        async with asyncio.timeout(10):
            while relay.refusal is None:
                await asyncio.sleep(0.02)
        assert "relay recover" in relay.refusal
        async with world.pool.acquire() as connection:
            await recover(connection)
        assert len(await world.receives(1)) == 1
        assert relay.refusal is None


async def test_two_shards_share_the_outbox_and_another_number_is_refused(world: World) -> None:
    deals = [uuid4() for _ in range(8)]
    halves = [replace(QUICK, shard=shard, shards=2) for shard in (0, 1)]
    async with world.relaying(halves[0]), world.relaying(halves[1]):
        for version in (1, 2):
            await world.commit(*(opened(deal, version) for deal in deals))
        messages = await world.receives(16)
    assert applied(messages) == {deal: [1, 2] for deal in deals}
    assert len(messages) == 16
    async with world.pool.acquire() as connection:
        with pytest.raises(ShardsChanged):
            await require_own_history(connection, 1)
        await reshard(connection, 1)
    async with world.relaying():
        await world.commit(*(opened(deal, 3) for deal in deals))
        assert applied(await world.receives(24)) == {deal: [1, 2, 3] for deal in deals}


async def test_what_kafka_lost_is_sent_again_from_the_ledger(world: World) -> None:
    deal, product = uuid4(), uuid4()
    async with world.relaying():
        await world.commit(opened(deal, 1), opened(deal, 2), listed(product, 1), listed(product, 2))
        await world.receives(2)
        await world.receives(2, DEALS_PRODUCT)
    now = datetime.now(UTC)
    window_of = (now - timedelta(hours=1), now + timedelta(hours=1))
    assert await republish(world.pool, world.kafka, SOURCE, *window_of) == 3
    messages = await world.received()
    assert [message.version for message in messages] == [1, 2, 1, 2]
    assert len(different(messages)) == 2
    assert [message.version for message in await world.received(DEALS_PRODUCT)] == [1, 2, 2]


def listed(product: object, version: int) -> OutboxEntry:
    kind = ProductListed if version == 1 else ProductChanged
    event = kind().stamped(NOON, ProductState(id=product, name="Fridge"))
    return OutboxEntry(event=event, tenant=TENANT, aggregate_id=product, aggregate_version=version)
