"""What deals does when something happens in identity and leads, however often and in whatever order it is told."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from deals.reactions import RATES_COME_WITHIN
from events.catalogue.conversions import DealRefused
from events.catalogue.deals import DealOpened, PipelineDefined
from events.catalogue.identity import ExchangeRatesSet, TenantFounded, TenantState
from events.catalogue.leads import (
    CustomerChanged,
    CustomerOpened,
    CustomerState,
    HandoffAccepted,
    HandoffState,
    HandoffStatus,
    Opportunity,
    Owner,
)
from events.errors import InvalidMessage, RetryLater
from events.money import Money
from events.testing import assert_nothing_published, assert_published, published

HANDOFF, DEAL, ACCOUNT, LEAD = UUID(int=101), UUID(int=102), UUID(int=103), UUID(int=104)


def _accepted(world: Any, **changes: Any) -> HandoffAccepted:
    wanted: dict[str, Any] = {
        "id": HANDOFF,
        "lead_id": LEAD,
        "source": "paid_search",
        "campaign": "spring",
        "status": HandoffStatus.ACCEPTED,
        "offered_by": Owner(person=world.id("sam"), team=world.north),
        "offered_to": Owner(person=world.id("ana"), team=world.north),
        "lead_owner": Owner(person=world.id("sam"), team=world.north),
        "offered_at": "2026-03-01T08:00:00Z",
        "offered_on": date(2026, 3, 1),
        "lead_created_on": date(2026, 2, 20),
        "answered_at": "2026-03-02T08:00:00Z",
        "answered_on": date(2026, 3, 2),
        "deal_id": DEAL,
        "account_id": ACCOUNT,
    }
    handoff = HandoffState(**(wanted | changes))
    return HandoffAccepted(seconds_to_answer=86_400, handoff=handoff, occurred_at=handoff.answered_at)


def _founded(tenant: UUID) -> TenantFounded:
    state = TenantState(id=tenant, slug="acme", name="Acme", zone="UTC", base_currency="USD")
    return TenantFounded(tenant=state, occurred_at="2020-01-01T00:00:00Z")


def _customer(name: str) -> CustomerState:
    return CustomerState(id=ACCOUNT, external_id="acc-1", name=name, opened_on=date(2026, 3, 2))


async def test_an_accepted_handoff_opens_the_deal_that_it_names(world: Any) -> None:
    opportunity = Opportunity(
        name="Laptops", amount=Money(minor=500_00, currency="USD"), expected_close_on=date(2026, 6, 1)
    )
    await world.hear(world.tenant, _accepted(world, opportunity=opportunity))
    deal = await world.get(f"/v1/deals/{DEAL}", by="ana")
    assert (deal["name"], deal["amount"]["amount"], deal["expected_close_on"]) == ("Laptops", "500.00", "2026-06-01")
    assert (deal["source"], deal["campaign"], deal["lead"], deal["handoff"]) == (
        "paid_search",
        "spring",
        str(LEAD),
        str(HANDOFF),
    )
    assert (deal["opened_at"], deal["opened_on"], deal["lead_created_on"]) == (
        "2026-03-02T08:00:00Z",
        "2026-03-02",
        "2026-02-20",
    )
    async with world.database() as connection:
        opened = await assert_published(connection, DealOpened, deal__id=DEAL)
        causes = await connection.fetch("SELECT headers::text FROM outbox_event WHERE type = $1", DealOpened.type)
    assert opened.deal.lead_owner == Owner(person=world.id("sam"), team=world.north)
    assert "causationid" in causes[0]["headers"]


async def test_a_handoff_delivered_again_opens_nothing(world: Any) -> None:
    message = await world.message(world.tenant, _accepted(world))
    await world.deliver([message])
    await world.post(f"/v1/deals/{DEAL}/stage", {"stage": "needs"}, by="ana")
    await world.deliver([message, message])
    async with world.database() as connection:
        assert len(await published(connection, DealOpened)) == 1
    assert (await world.get(f"/v1/deals/{DEAL}"))["stage"] == "needs"


@pytest.mark.parametrize("founded_first", [True, False])
async def test_founding_and_handoff_in_any_order_make_one_pipeline(world: Any, founded_first: bool) -> None:
    founding, handoff = _founded(world.tenant), _accepted(world)
    for event in (founding, handoff) if founded_first else (handoff, founding):
        await world.hear(world.tenant, event)
    await world.hear(world.tenant, founding)
    async with world.database() as connection:
        (defined,) = await published(connection, PipelineDefined)
    assert [stage.key for stage in defined.pipeline.stages] == ["qualified", "needs", "proposal", "negotiation"]
    assert (await world.get(f"/v1/deals/{DEAL}"))["pipeline"] == str(defined.pipeline.id)


async def test_a_tenant_whose_founding_was_compacted_away_gets_its_pipeline(world: Any) -> None:
    await world.hear(
        world.tenant, ExchangeRatesSet(tenant=_founded(world.tenant).tenant, occurred_at=world.clock.now())
    )
    async with world.database() as connection:
        await assert_published(connection, PipelineDefined, pipeline__is_default=True)


async def test_a_handoff_may_name_the_pipeline(world: Any) -> None:
    stages = [{"key": "try", "title": "Try", "probability_percent": 5}]
    pipeline = await world.post("/v1/pipelines", {"name": "Partners", "stages": stages}, status=201)
    await world.hear(world.tenant, _accepted(world, opportunity=Opportunity(pipeline=UUID(pipeline["id"]))))
    assert (await world.get(f"/v1/deals/{DEAL}"))["stage"] == "try"


async def test_a_deal_without_a_name_is_called_as_its_account(world: Any) -> None:
    await world.hear(world.tenant, CustomerOpened(customer=_customer("Đông Á"), occurred_at="2026-03-02T08:00:00Z"))
    await world.hear(world.tenant, _accepted(world))
    assert (await world.get(f"/v1/deals/{DEAL}"))["name"] == "Đông Á"


async def test_a_deal_names_its_account_as_the_caller_does(world: Any) -> None:
    opened = CustomerOpened(customer=_customer("Old"), occurred_at="2026-03-02T08:00:00Z")
    changed = CustomerChanged(customer=_customer("New"), occurred_at="2026-03-03T08:00:00Z")
    older, newer = await world.message(world.tenant, opened), await world.message(world.tenant, changed)
    await world.deliver([older, newer, older])
    deal = await world.open(account_external_id="acc-1")
    assert deal["account"] == str(ACCOUNT)
    found = await world.get("/v1/deals", account=str(ACCOUNT))
    assert [each["id"] for each in found["items"]] == [deal["id"]]
    async with world.database() as connection:
        assert await connection.fetchval("SELECT name FROM account") == "New"


async def test_a_handoff_that_makes_no_sense_is_for_an_operator(world: Any) -> None:
    with pytest.raises(InvalidMessage):
        await world.hear(world.tenant, _accepted(world, deal_id=None))
    async with world.database() as connection:
        assert await connection.fetchval("SELECT count(*) FROM deal") == 0


async def test_a_handoff_that_cannot_become_a_deal_is_refused_once_and_for_good(world: Any) -> None:
    stages = [{"key": "try", "title": "Try", "probability_percent": 5}]
    pipeline = await world.post("/v1/pipelines", {"name": "Partners", "stages": stages}, status=201)
    path, match = f"/v1/pipelines/{pipeline['id']}", {"If-Match": "*"}
    assert (await world.call("PATCH", path, {"active": False}, headers=match)).is_success
    told = await world.message(world.tenant, _accepted(world, opportunity=Opportunity(pipeline=UUID(pipeline["id"]))))
    await world.deliver([told])
    assert (await world.call("PATCH", path, {"active": True}, headers=match)).is_success
    await world.deliver([told, told])
    async with world.database() as connection:
        assert await connection.fetchval("SELECT count(*) FROM deal") == 0
        [refused] = await published(connection, DealRefused)
    assert (refused.refusal.handoff_id, refused.refusal.lead_id, refused.refusal.code) == (HANDOFF, LEAD, "not-offered")


async def test_a_rate_that_leads_knew_is_waited_for_and_not_for_ever(world: Any) -> None:
    yen = Opportunity(amount=Money(minor=1, currency="JPY"))
    with pytest.raises(RetryLater):
        await world.hear(world.tenant, _accepted(world, opportunity=yen))
    await world.hear(world.tenant, _accepted(world, opportunity=yen), at=world.clock.now() - RATES_COME_WITHIN)
    async with world.database() as connection:
        await assert_published(connection, DealRefused, refusal__code="rate-missing")


async def test_a_deal_that_is_open_is_not_refused_for_what_changed_since(world: Any) -> None:
    dong = Opportunity(amount=Money(minor=1000, currency="VND"))
    told = await world.message(world.tenant, _accepted(world, opportunity=dong))
    await world.deliver([told])
    late = await world.message(
        world.tenant, _accepted(world, opportunity=Opportunity(amount=Money(minor=1, currency="JPY")))
    )
    world.clock.advance(RATES_COME_WITHIN)
    await world.deliver([late])
    async with world.database() as connection:
        await assert_nothing_published(connection, DealRefused)


async def test_a_handoff_for_a_pipeline_that_is_not_there_opens_its_deal_in_the_default(world: Any) -> None:
    deal_id = UUID(int=500)
    await world.hear(world.tenant, _accepted(world, deal_id=deal_id, opportunity=Opportunity(pipeline=UUID(int=9))))
    assert (await world.get(f"/v1/deals/{deal_id}"))["status"] == "open"


async def test_a_tenant_that_is_not_known_yet_is_waited_for(world: Any) -> None:
    with pytest.raises(RetryLater):
        await world.hear(UUID(int=77), _accepted(world))


async def test_a_batch_of_handoffs_opens_each_deal_with_its_own_cause(world: Any) -> None:
    customer = CustomerOpened(customer=_customer("Đông Á"), occurred_at="2026-03-02T08:00:00Z")
    ids = [(UUID(int=200 + n), UUID(int=300 + n)) for n in range(3)]
    messages = [await world.message(world.tenant, _accepted(world, id=handoff, deal_id=deal)) for handoff, deal in ids]
    await world.deliver([*messages, await world.message(world.tenant, customer)])
    for _, deal in ids:
        assert (await world.get(f"/v1/deals/{deal}"))["name"] == "Đông Á"
    async with world.database() as connection:
        rows = await connection.fetch(
            "SELECT aggregateid, headers ->> 'ce_causationid' AS cause FROM outbox_event WHERE type = $1",
            DealOpened.type,
        )
    causes = {deal: str(message.envelope.id) for (_, deal), message in zip(ids, messages, strict=True)}
    assert {row["aggregateid"]: row["cause"] for row in rows} == causes


async def test_one_handoff_of_a_batch_that_cannot_become_a_deal_leaves_the_others_theirs(world: Any) -> None:
    good = await world.message(world.tenant, _accepted(world))
    yen = Opportunity(amount=Money(minor=1, currency="JPY"))
    bad = _accepted(world, id=UUID(int=400), deal_id=UUID(int=401), opportunity=yen)
    messages = [await world.message(world.tenant, bad), good]
    world.clock.advance(RATES_COME_WITHIN)
    await world.deliver(messages)
    async with world.database() as connection:
        assert await connection.fetchval("SELECT id FROM deal") == DEAL
        await assert_published(connection, DealRefused, refusal__handoff_id=UUID(int=400))
