"""Kafka and PostgreSQL killed under load, and Kafka away for a while: commands go on, the backlog drains in order."""

import pytest

from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]


async def test_kafka_is_killed_then_frozen_then_away_and_commands_go_on(stage: Stage) -> None:
    async with stage.load() as load:
        await load.until(20)
        await stage.processes.killed_and_back("kafka")
        await load.until(20)
        with stage.processes.frozen("kafka"):
            await load.until(40)
        async with stage.processes.away("kafka"):
            began = load.attempts_failed
            await load.until(60)
            assert load.attempts_failed == began, "commands do not need Kafka"
            await stage.processes.killed_and_back("leads")
            await load.until(40)
    await stage.check()


async def test_postgresql_crashes_and_recovers(stage: Stage) -> None:
    async with stage.load() as load:
        await load.until(40)
        await stage.processes.killed_and_back("postgres")
        await load.until(40)
    await stage.check()
