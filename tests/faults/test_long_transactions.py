"""Transactions that stay open: nobody waits for them, and what they wrote is published when they commit."""

import uuid

import pytest

from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

EVENT = """
INSERT INTO outbox_event
       (id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion, bucket, payload, headers)
VALUES (gen_random_uuid(), $1, 'leads.lead', $2, 1, 'dealstream.lead.pondered.v1', 1, 0, '{}', '{}')
"""


async def test_a_long_transaction_here_and_one_elsewhere_delay_nothing(stage: Stage) -> None:
    late = uuid.uuid4()
    async with stage.load() as load, stage.observer.database("leads") as here:
        transaction = here.transaction()
        await transaction.start()
        await here.execute(EVENT, uuid.UUID(stage.tenant), late)
        async with stage.observer.database("identity") as elsewhere, elsewhere.transaction():
            await elsewhere.execute("SELECT pg_current_xact_id()")
            await load.until(60)
            await stage.observer.caught_up()
        assert str(late) not in await aggregates_in_kafka(stage)
        await transaction.commit()
        await load.until(10)
    await stage.check()
    assert str(late) in await aggregates_in_kafka(stage)


async def aggregates_in_kafka(stage: Stage) -> set[str]:
    return {event.aggregate for event in await stage.observer.published()}
