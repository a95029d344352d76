"""A newer release beside this one: its events have a field that nobody here knows, and one is of a new type.

A trigger on the outboxes stands for the newer writer, so that the traffic itself is what it would write.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

NEWER = """
CREATE FUNCTION newer_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    aggregate text := split_part(NEW.aggregatetype, '.', 2);
    known jsonb := NEW.payload::jsonb;
BEGIN
    IF random() < 0.5 THEN  -- the older release writes too
        NEW.payload := (jsonb_set(known, ARRAY[aggregate, 'mood'], '{"is": "warm"}') || '{"channel": "fax"}')::json;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER newer_release BEFORE INSERT ON outbox_event FOR EACH ROW EXECUTE FUNCTION newer_release();
"""
OLDER = "DROP TRIGGER newer_release ON outbox_event; DROP FUNCTION newer_release"
WITH_NEW_FIELDS = "SELECT count(*) FROM outbox_event WHERE payload ->> 'channel' = 'fax'"
NEW_TYPE = """
WITH known AS (UPDATE deal SET version = version + 1 WHERE id = $1 RETURNING id, tenant_id, version)
INSERT INTO outbox_event
       (id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion, bucket, payload, headers)
SELECT gen_random_uuid(), tenant_id, 'deals.deal', id, version, 'dealstream.deal.sung.v1', 1, 0, '{"key": "C"}', '{}'
FROM known
"""


async def test_events_of_a_newer_release_are_read_by_all(stage: Stage) -> None:
    async with stage.load() as load:
        async with newer_release(stage, "leads"), newer_release(stage, "deals"):
            await load.until(40)
            deal = await load.post("deals", "/v1/deals", {"name": "a deal with a song", "owner_external_id": "ann"})
            async with stage.observer.database("deals") as connection:
                assert await connection.execute(NEW_TYPE, deal["id"]) == "INSERT 0 1"
            await load.post("deals", f"/v1/deals/{deal['id']}/closure", {"outcome": "won"})
            await load.until(40)
        for service in ("leads", "deals"):
            async with stage.observer.database(service) as connection:
                assert await connection.fetchval(WITH_NEW_FIELDS) > 10
    await stage.check()


@asynccontextmanager
async def newer_release(stage: Stage, service: str) -> AsyncIterator[Any]:
    async with stage.observer.database(service) as connection:
        await connection.execute(NEWER)
    try:
        yield
    finally:
        async with stage.observer.database(service) as connection:
            await connection.execute(OLDER)
