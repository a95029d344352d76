"""Events raise notices: the right people, once, whatever is delivered again."""

from datetime import timedelta

import pytest

from chassis.testing import Running
from events.catalogue.deals import DealWon
from events.catalogue.leads import LeadPooled, LeadState, Owner, PoolReason
from events.catalogue.notifications import NotificationRaised
from events.catalogue.responses import LeadResponseBreached
from events.errors import RetryLater
from events.ids import uuid7
from events.testing import assert_published
from integration.notifications.conftest import (
    ANA,
    NOW,
    TENANT,
    a_deal,
    hand,
    inbox,
    member,
    message,
    offered,
    opened,
    person,
    won,
)


async def test_a_handoff_is_told_to_whom_it_is_offered(notifications: Running):
    await hand(notifications, offered("lan"))
    (notice,) = await inbox(notifications, "lan")
    assert notice["rule"] == "handoff-offered"
    assert "zalo" in notice["text"]
    assert await inbox(notifications, "ana") == []


async def test_a_lead_that_fits_nobody_is_told_to_those_who_look_after_it(notifications: Running):
    lead = LeadState(id=uuid7(), source="zalo", created_at=NOW, created_on=NOW.date())
    fits_nobody = LeadPooled(why=PoolReason.NOBODY_FITS, alert_to=(person("lan"),), lead=lead, occurred_at=NOW)
    recycled = LeadPooled(why=PoolReason.RECYCLED, lead=lead, occurred_at=NOW)
    await hand(notifications, message(fits_nobody, lead.id), message(recycled, lead.id, version=2))
    (notice,) = await inbox(notifications, "lan")
    assert (notice["rule"], "zalo" in notice["text"]) == ("lead-fits-nobody", True)
    assert await inbox(notifications, "ana") == []


async def test_an_overdue_first_response_is_told_to_who_holds_the_lead_and_those_above(notifications: Running):
    lead = LeadState(id=uuid7(), source="zalo", owner=ANA, created_at=NOW, created_on=NOW.date())
    answered = lead.model_copy(update={"id": uuid7(), "first_contact_at": NOW})
    nobodys = lead.model_copy(update={"id": uuid7(), "owner": None})
    told = [message(LeadResponseBreached(lead=each, occurred_at=NOW), each.id) for each in (lead, answered, nobodys)]
    long_ago = LeadResponseBreached(lead=lead, occurred_at=NOW - timedelta(days=90))
    await hand(notifications, *told, message(long_ago, lead.id, version=2))
    for name in ("ana", "marco", "lan"):
        (notice,) = await inbox(notifications, name)
        assert notice["rule"] == "response-overdue"


async def test_a_win_is_told_to_the_owner_the_manager_and_the_lead_each_in_their_language(notifications: Running):
    await hand(notifications, won(a_deal()))
    texts = [(await inbox(notifications, name))[0]["text"] for name in ("ana", "marco", "lan")]
    assert texts[0] == "Đã chốt: Acme, 40 máy quét, 125.000.000\xa0₫."
    assert texts[1].startswith("赢单")
    assert texts[2].startswith("Won: Acme")


async def test_a_redelivered_event_raises_nothing_more(notifications: Running):
    told = won(a_deal())
    await hand(notifications, told)
    await hand(notifications, told, told)
    assert len(await inbox(notifications, "ana")) == 1
    assert len(await notifications.outbox()) == 3
    assert await notifications.resources.pool.fetchval("SELECT count(*) FROM mail") == 3


async def test_what_is_raised_is_published_without_its_text(notifications: Running):
    deal = a_deal()
    await hand(notifications, won(deal))
    async with notifications.resources.pool.acquire() as connection:
        await assert_published(connection, NotificationRaised)
    assert all("Acme" not in row["payload"] for row in await notifications.outbox())


async def test_history_bothers_nobody(notifications: Running):
    long_ago = NOW - timedelta(days=900)
    deal = a_deal(opened_at=long_ago, stalled_after_days=3)
    await hand(notifications, won(deal, long_ago), opened(deal, at=long_ago))
    assert await notifications.outbox() == []
    assert await notifications.resources.pool.fetchval("SELECT count(*) FROM timer") == 0


async def test_a_person_not_heard_of_yet_is_waited_for(notifications: Running):
    stranger = Owner(person=uuid7())
    deal = a_deal(owner=stranger)
    told = message(DealWon(seconds_open=1).stamped(NOW, deal), deal.id)
    with pytest.raises(RetryLater):
        await hand(notifications, told)
    late = member("late", "en").model_copy(update={"id": stranger.person})
    await notifications.know(TENANT, late)
    await hand(notifications, told)
    assert len(await notifications.outbox()) == 1


async def test_a_failed_batch_leaves_no_notice(notifications: Running):
    from integration.notifications.conftest import Reactions

    handle = Reactions(notifications.resources).handle
    with pytest.raises(RuntimeError):
        async with notifications.resources.pool.acquire() as connection, connection.transaction():
            await handle(connection, [won(a_deal())])
            raise RuntimeError("crash before the commit")
    assert await inbox(notifications, "ana") == []
    assert person("ana")
