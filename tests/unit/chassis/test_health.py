"""What ``/readyz?verbose`` says of consumers: the runbooks begin with it. It never makes a process unready."""

import httpx2
import pytest
from fastapi import FastAPI

from chassis.health import Health, told_of
from events.assignment import Assigned
from events.partition import Partition
from events.watch import Watch

PARTITION = Partition("deals.deal", 3)


def flowing() -> Assigned:
    assigned = Assigned(PARTITION)
    assigned.start(0, 0.0)
    return assigned


def stopped() -> Assigned:
    assigned = flowing()
    assigned.halt("too many failures")
    return assigned


def retrying() -> Assigned:
    assigned = flowing()
    assigned.retry_later(OSError("no route"), 0.0)
    return assigned


def said(assigned: Assigned, *, running: bool = True, last_error: str | None = None) -> str:
    return told_of(Watch().health("ledger", {assigned.partition: assigned}, running=running, last_error=last_error))


def test_a_stopped_partition_is_named_with_its_reason() -> None:
    assert said(stopped()) == "stopped: deals.deal/3 (too many failures)"


def test_a_partition_that_is_tried_again_is_named_with_its_reason() -> None:
    assert said(retrying()) == "tries again: deals.deal/3 (OSError: no route)"


def test_a_consumer_that_waits_says_for_what() -> None:
    assert said(flowing(), running=False, last_error="no broker") == "waits: no broker"
    assert said(Assigned(PARTITION)) == "waits: positions are not read yet"


def test_a_consumer_at_work_is_ok() -> None:
    assert said(flowing()) == "ok"


@pytest.mark.parametrize("assigned", [stopped(), retrying()])
async def test_consumers_are_told_of_and_do_not_make_the_process_unready(assigned: Assigned) -> None:
    look = Watch().health("ledger", {PARTITION: assigned}, running=True, last_error=None)
    app = FastAPI()
    app.include_router(Health(consumers={"ledger": lambda: look}).routes("notes"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://here") as client:
        assert (await client.get("/readyz")).status_code == 200
        told = (await client.get("/readyz?verbose")).json()
    assert told == {"ready": True, "checks": {}, "consumers": {"ledger": told_of(look)}}
