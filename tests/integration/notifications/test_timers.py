"""Timers fire when due, once, and follow what happens to their deal."""

import asyncio
from datetime import timedelta

from chassis.testing import Running
from events.catalogue.deals import DealStatus, NextStep
from events.catalogue.leads import Owner
from integration.notifications.conftest import NOW, TENANT, a_deal, hand, inbox, opened, person
from notifications.timers import fire_due, run_timers

STALLED = NOW - timedelta(days=1, hours=2)


async def due_now(notifications: Running) -> None:
    await notifications.resources.pool.execute("UPDATE timer SET due_at = now() - interval '1 second'")


async def test_a_stalled_deal_is_told_to_its_owner_once(notifications: Running):
    await hand(notifications, opened(a_deal(opened_at=STALLED, stalled_after_days=1), at=STALLED))
    await due_now(notifications)
    assert await fire_due(notifications.resources, TENANT) == 2
    assert await fire_due(notifications.resources, TENANT) == 0
    assert sorted(notice["rule"] for notice in await inbox(notifications, "ana")) == ["deal-stalled", "no-next-step"]


async def test_a_touch_that_leaves_the_deal_in_its_stage_tells_nothing_again(notifications: Running):
    deal = a_deal(opened_at=STALLED, stalled_after_days=1)
    for version, name in enumerate(("first", "second", "third"), 1):
        touched = deal.model_copy(update={"name": name})
        await hand(notifications, opened(touched, version=version, at=STALLED))
        await due_now(notifications)
        await fire_due(notifications.resources, TENANT)
    told = [notice["rule"] for notice in await inbox(notifications, "ana")]
    assert told.count("deal-stalled") == 1


async def test_what_is_written_down_days_late_keeps_the_reminders(notifications: Running):
    deal = a_deal(opened_at=NOW - timedelta(days=5), stalled_after_days=3)
    await hand(notifications, opened(deal, at=NOW - timedelta(days=5)))
    await hand(notifications, opened(deal.model_copy(update={"name": "moved"}), version=2, at=NOW - timedelta(days=3)))
    rows = await notifications.resources.pool.fetch("SELECT rule FROM timer ORDER BY rule")
    assert [row["rule"] for row in rows] == ["deal-stalled", "no-next-step"]


async def test_nothing_fires_before_it_is_due(notifications: Running):
    await hand(notifications, opened(a_deal(stalled_after_days=30)))
    assert await fire_due(notifications.resources, TENANT) == 0
    assert await notifications.resources.pool.fetchval("SELECT count(*) FROM timer") == 2


async def test_a_planned_step_moves_the_question(notifications: Running):
    deal = a_deal()
    await hand(notifications, opened(deal))
    before = await notifications.resources.pool.fetchval("SELECT due_at FROM timer")
    step = NextStep(what="demo", due_on=(NOW + timedelta(days=20)).date())
    await hand(notifications, opened(deal.model_copy(update={"next_step": step}), version=2))
    assert await notifications.resources.pool.fetchval("SELECT due_at FROM timer") > before + timedelta(days=15)


async def test_a_closed_deal_has_no_timers(notifications: Running):
    deal = a_deal(stalled_after_days=1)
    await hand(notifications, opened(deal))
    await hand(notifications, opened(deal.model_copy(update={"status": DealStatus.LOST}), version=2))
    assert await notifications.resources.pool.fetchval("SELECT count(*) FROM timer") == 0


async def test_a_timer_that_cannot_fire_does_not_hold_the_others_up(notifications: Running):
    unknown = a_deal(owner=Owner(person=person("nobody")))
    await hand(notifications, opened(unknown), opened(a_deal()))
    await due_now(notifications)
    assert await fire_due(notifications.resources, TENANT) == 2
    assert [notice["rule"] for notice in await inbox(notifications, "ana")] == ["no-next-step"]
    [waiting] = await notifications.resources.pool.fetch("SELECT subject_id, due_at > now() AS later FROM timer")
    assert (waiting["subject_id"], waiting["later"]) == (unknown.id, True)


async def test_two_workers_fire_each_timer_once(notifications: Running):
    deals = [opened(a_deal(stalled_after_days=1)) for _ in range(40)]
    await hand(notifications, *deals)
    await due_now(notifications)
    fired = await asyncio.gather(*(fire_due(notifications.resources, TENANT) for _ in range(4)))
    assert sum(fired) == 80
    assert len(await inbox(notifications, "ana", limit=200)) == 80


async def test_the_loop_fires_and_stops_when_told(notifications: Running):
    await hand(notifications, opened(a_deal()))
    await due_now(notifications)
    stop = asyncio.Event()
    loop = asyncio.create_task(run_timers(notifications.resources, stop))
    async with asyncio.timeout(10):
        while not await inbox(notifications, "ana"):
            await asyncio.sleep(0.02)
        stop.set()
        await loop
