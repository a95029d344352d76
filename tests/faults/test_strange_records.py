"""What Kafka may hold that it should not: the same again, too early, unreadable, unknown, of another tenant, poison.

Each is put there, or brought about through the API, under load. What waits is then corrected, redriven or discarded
through the API, as an operator would, and nothing is left behind.
"""

import uuid
from typing import Any

import pytest

from events.topics import DEALS_DEAL, LEADS_HANDOFF, LEADS_LEAD
from faults.records import copies, produce, record
from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

READ_BY_MANY = (LEADS_LEAD.name, LEADS_HANDOFF.name, DEALS_DEAL.name)


async def test_a_record_a_window_and_a_window_backwards_sent_again_change_nothing(stage: Stage) -> None:
    async with stage.load() as load:
        await load.until(40)
        received = [each for each in await stage.observer.received() if each.topic in READ_BY_MANY]
        again = copies(received[-300:])
        await produce(stage.observer.kafka, [*again[:1], *again, *reversed(again)])
        await load.until(20)
    await stage.check()


async def test_versions_that_come_too_early_wait_for_the_missing_one(stage: Stage) -> None:
    aggregate = str(uuid.uuid4())
    second, third, first = (
        record(DEALS_DEAL.name, stage.tenant, aggregate, version, "dealstream.deal.sung.v1") for version in (2, 3, 1)
    )
    stage.plant(first, second, third)
    async with stage.load() as load:
        await produce(stage.observer.kafka, [second, third])
        await stage.until_letters(4)  # two consumers, two records
        await load.until(20)
        await produce(stage.observer.kafka, [first])
        await stage.until_letters(0)
    await stage.check()


async def test_a_poison_event_waits_with_its_followers_and_takes_effect_once_corrected(stage: Stage) -> None:
    """An offer that names a pipeline which is not there cannot become a deal: the real way, no planted record."""
    async with stage.load() as load:
        nowhere = str(uuid.uuid4())
        handoff = await an_accepted_handoff(load, {"pipeline": nowhere, "name": "poison"})
        [letter] = await stage.until_letters(1)
        assert (letter["consumer"], letter["reason"]) == ("deals.reactions", "failed")
        accepted = [each for each in await stage.observer.received() if key_of(each) == letter["sequence_key"]]
        await produce(stage.observer.kafka, copies(accepted[-1:]))
        await stage.until_letters(2)
        await load.until(20)
        await stage.operate("deals", f"/v1/dead-letters/{letter['id']}/redrive", why="tried as it is")
        await stage.until_letters(2)
        healed = (await stage.operate("deals", f"/v1/dead-letters/{letter['id']}"))["value"].replace(
            f'"{nowhere}"', "null"
        )
        await stage.operate(
            "deals", f"/v1/dead-letters/{letter['id']}/correction", why="no such pipeline", value=healed
        )
        await stage.operate("deals", "/v1/dead-letters:redrive", why="corrected", consumer="deals.reactions")
        await stage.until_letters(0)
        assert handoff in {each for _, each in (await stage.observer.history()).deals}
    await stage.check()


async def test_unreadable_foreign_and_unknown_records_are_put_aside_or_passed_over(stage: Stage) -> None:
    async with stage.load() as load:
        deal = await an_open_deal(load)
        stranger, other = str(uuid.uuid4()), str(uuid.uuid4())
        lies = [
            record(DEALS_DEAL.name, stage.tenant, deal, 2, "dealstream.deal.won.v1", ce_aggregateversion=b"two"),
            record(DEALS_DEAL.name, stage.tenant, str(uuid.uuid4()), 1, "dealstream.deal.won.v1", value=b"\xff{"),
            record(DEALS_DEAL.name, stage.tenant, str(uuid.uuid4()), 1, "dealstream.deal.won.v1", ce_subject=None),
            record(
                DEALS_DEAL.name, stage.tenant, stranger, 1, "dealstream.deal.won.v1", key=f"{uuid.uuid4()}:{stranger}"
            ),
            record(DEALS_DEAL.name, stage.tenant, other, 1, "dealstream.deal.won.v9"),
        ]
        passed_over = record(DEALS_DEAL.name, stage.tenant, str(uuid.uuid4()), 1, "dealstream.deal.sung.v1")
        stage.plant(*lies, passed_over)
        await produce(stage.observer.kafka, [*lies, passed_over])
        readers = 2  # analytics.ledger and notifications.rules
        letters = await stage.until_letters(readers * len(lies))
        assert {letter["reason"] for letter in letters} == {"invalid", "foreign-tenant"}
        await load.post("deals", f"/v1/deals/{deal}/stage", {"stage": "needs"})
        await stage.until_letters(
            readers * len(lies) + readers
        )  # the deal's next event waits behind the unreadable one
        await load.until(20)
        for letter in letters:
            await stage.operate(letter["service"], f"/v1/dead-letters/{letter['id']}/discard", why="not ours")
        await stage.until_letters(0)
    await stage.check()


async def an_open_deal(load: Any) -> str:
    deal = await load.post("deals", "/v1/deals", {"name": "a deal with a lie", "owner_external_id": "ann"})
    return str(deal["id"])


async def an_accepted_handoff(load: Any, opportunity: dict[str, Any]) -> str:
    """A lead on its way to a deal of this opportunity."""
    lead = (await load.post("leads", "/v1/leads", {"title": "t", "owner_external_id": "ann"}))["id"]
    await load.post("leads", f"/v1/leads/{lead}/qualification", {})
    offer = {"offered_to_external_id": "binh", "opportunity": opportunity}
    handoff = (await load.post("leads", f"/v1/leads/{lead}/handoff", offer))["id"]
    await load.post("leads", f"/v1/handoffs/{handoff}/acceptance", {"account_name": "Poison Ltd"})
    return str(handoff)


def key_of(received: Any) -> str:
    return str(received.key.decode())
