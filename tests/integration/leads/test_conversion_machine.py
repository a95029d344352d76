"""Random lives of conversions across leads and deals: redelivery, crashes, refusals, rules made right later.

Whatever happens in between, in the end each accepted handoff is either a deal, once, or was refused, once, and both
sides say the same. A lead is converted as long as its deal may be there, and no longer.
"""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from analytics.measures.leads import outcome
from conversion_world import ConversionWorld
from deals.refusal import refusal_of
from events.catalogue.leads import LeadState
from events.testing import FixedClock
from leads.handoffs.handoff import deal_of

MOST_LEADS = 4
sides = st.sampled_from(["leads", "deals"])


class Process(RuleBasedStateMachine):
    """A firm with a pipeline in use and one that is not."""

    runner: asyncio.Runner
    world: ConversionWorld

    def __init__(self) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.handoffs: list[str] = []

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    @initialize()
    def found(self) -> None:
        self.run(self.world.new_firm())
        self.good = self.run(self.world.a_pipeline(active=True))
        self.retired = self.run(self.world.a_pipeline(active=False))

    @precondition(lambda self: len(self.leads) < MOST_LEADS)
    @rule(works=st.booleans())
    def hand_a_new_lead_over(self, works: bool) -> None:
        self.leads.append(self.run(self.world.a_qualified_lead()))
        self._accept(self.leads[-1], works=works)

    @precondition(lambda self: self.leads)
    @rule(pick=st.integers(0, MOST_LEADS - 1), works=st.booleans())
    def hand_one_over_again_that_was_given_back(self, pick: int, works: bool) -> None:
        lead = self._lead(self.leads[pick % len(self.leads)])
        if lead.status == "qualified" and lead.merged_into is None:
            self._accept(str(lead.id), works=works)

    def _accept(self, lead: str, *, works: bool) -> None:
        self.handoffs.append(self.run(self.world.accepted(lead, self.good if works else self.retired)))

    @precondition(lambda self: len(self.leads) > 1)
    @rule(into=st.integers(0, MOST_LEADS - 1), gone=st.integers(0, MOST_LEADS - 1))
    def merge_one_that_was_given_back(self, into: int, gone: int) -> None:
        survivor, other = (self._lead(self.leads[pick % len(self.leads)]) for pick in (into, gone))
        alone = not other.merges and survivor.merged_into is other.merged_into is None
        if survivor.id != other.id and other.status == "qualified" and alone:
            self.run(self.world.merged(str(survivor.id), str(other.id)))

    @rule(side=sides, most=st.integers(1, 5))
    def deliver(self, side: str, most: int) -> None:
        self.run(self._side(side).fetch(self.world.tenant))
        self.run(self._side(side).consume(most))

    @rule(side=sides, most=st.integers(1, 5))
    def die_with_a_batch_in_hand(self, side: str, most: int) -> None:
        self.run(self._side(side).fetch(self.world.tenant))
        before = self._everything()
        self.run(self._side(side).consume(most, dies=True))
        assert self._everything() == before

    @rule(side=sides, pick=st.integers(0, 50))
    def publish_a_record_again(self, side: str, pick: int) -> None:
        self._side(side).repeat(pick)

    @rule()
    def read_everything_again_under_another_name(self) -> None:
        """A group without positions or watermarks, as after a loss of both."""
        for side in (self.world.leads, self.world.deals):
            self.run(side.forget())

    @rule()
    def take_the_retired_pipeline_into_use_again(self) -> None:
        self._pipeline(active=True)

    @rule()
    def retire_it(self) -> None:
        self._pipeline(active=False)

    def _pipeline(self, *, active: bool) -> None:
        self.run(self.world.call(self.world.deals, "PATCH", f"/v1/pipelines/{self.retired}", {"active": active}))

    @rule(late=st.booleans())
    def look_for_those_that_wait_too_long(self, late: bool) -> None:
        clock = self.world.leads.running.resources
        before, clock.clock = clock.clock, FixedClock(datetime.now(UTC) + timedelta(hours=int(late)))
        listed = self.run(self.world.call(self.world.leads, "GET", "/v1/conversions?overdue=true"))["items"]
        clock.clock = before
        waiting = {each["id"] for each in self._states("conversion") if each["status"] == "waiting"}
        assert {each["id"] for each in listed} == (waiting if late else set())

    @invariant()
    def no_handoff_is_a_deal_and_refused(self) -> None:
        deals = {deal["id"] for deal in self._states("deal", "deals")}
        refused = {refusal["id"] for refusal in self._states("refusal", "deals")}
        for handoff in map(UUID, self.handoffs):
            assert not (str(deal_of(handoff)) in deals and str(refusal_of(handoff)) in refused)

    @invariant()
    def a_conversion_ends_as_deals_said(self) -> None:
        deals = {deal["handoff_id"] for deal in self._states("deal", "deals")}
        refused = {refusal["handoff_id"] for refusal in self._states("refusal", "deals")}
        handoffs = {handoff["id"]: handoff for handoff in self._states("handoff")}
        for conversion in self._states("conversion"):
            handoff = handoffs[conversion["handoff_id"]]
            if conversion["status"] == "confirmed":
                assert handoff["id"] in deals
            if conversion["status"] == "undone":
                assert handoff["id"] in refused
            assert handoff["status"] == ("failed" if conversion["status"] == "undone" else "accepted")

    @invariant()
    def a_lead_is_converted_while_its_deal_may_be_there(self) -> None:
        hopeful = {each["lead_id"]: each for each in self._states("conversion") if each["status"] != "undone"}
        for lead in self._states("lead"):
            mine = hopeful.get(lead["id"])
            assert lead["status"] == ("converted" if mine else "qualified")
            assert lead["deal_id"] == (mine["deal_id"] if mine else None)
            assert UUID(lead["first_owner"]["person"]) == self.world.id("ana")

    @invariant()
    def a_lead_has_one_account_and_its_contact_belongs_to_it(self) -> None:
        accounts = {account["id"] for account in self._states("customer")}
        assert len(accounts) == len(self.leads)
        contacts = {contact["id"]: contact for contact in self._states("contact")}
        for lead in self._states("lead"):
            assert lead["account_id"] in accounts
            assert contacts[lead["contact_id"]]["account_id"] == lead["account_id"]

    def teardown(self) -> None:
        if not self.handoffs:
            return
        self.run(self.world.settle())
        # What was refused stays refused, also when its reason is gone and everything is read once more.
        self.take_the_retired_pipeline_into_use_again()
        self.read_everything_again_under_another_name()
        self.run(self.world.settle())
        self.no_handoff_is_a_deal_and_refused()
        self.a_conversion_ends_as_deals_said()
        self.a_lead_is_converted_while_its_deal_may_be_there()
        ended = [each["status"] for each in self._states("conversion")]
        assert len(ended) == len(self.handoffs)
        assert "waiting" not in ended
        deals = {deal["id"] for deal in self._states("deal", "deals")}
        assert len(deals) == ended.count("confirmed")
        kinds = {"started": len(ended), **{kind: ended.count(kind) for kind in ("confirmed", "undone")}}
        assert {kind: self._published(f"dealstream.conversion.{kind}.v1") for kind in kinds} == kinds
        for lead in self.leads:
            counted = outcome(self._lead(lead)) == "converted"
            assert counted == (str(self._lead(lead).deal_id) in deals)

    def _side(self, name: str) -> Any:
        return getattr(self.world, name)

    def _states(self, table: str, side: str = "leads") -> Any:
        return self.run(self.world.states(self._side(side), table))

    def _lead(self, id_: str) -> LeadState:
        return next(LeadState.model_validate(lead) for lead in self._states("lead") if lead["id"] == id_)

    def _published(self, kind: str) -> int:
        return int(self.run(self.world.published(self.world.leads, kind)))

    def _everything(self) -> Any:
        tables = (("lead", "leads"), ("handoff", "leads"), ("conversion", "leads"), ("deal", "deals"))
        return [self._states(table, side) for table, side in tables] + [self._published("%")]


def test_any_life_of_a_conversion_ends_on_both_sides_alike(postgres_url: str) -> None:
    names = [f"test_{secrets.token_hex(6)}" for _ in range(2)]
    urls = [urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}")) for name in names]
    with asyncio.Runner() as runner:
        for name in names:
            runner.run(execute(postgres_url, f'CREATE DATABASE "{name}"'))
        try:
            world = runner.run(ConversionWorld.open(*urls))
            try:
                machine = type("Process", (Process,), {"runner": runner, "world": world})
                run_state_machine_as_test(
                    machine,
                    settings=settings(
                        max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
                    ),
                )
            finally:
                runner.run(world.close())
        finally:
            for name in names:
                runner.run(execute(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def test_all_may_be_told_again_once_the_lead_of_a_refused_deal_is_merged(new_database: Any) -> None:
    world = await ConversionWorld.open(await new_database(), await new_database())
    try:
        await world.new_firm()
        retired = await world.a_pipeline(active=False)
        refused, survivor = [await world.a_qualified_lead() for _ in range(2)]
        await world.accepted(refused, retired)
        await world.settle()
        await world.merged(survivor, refused)
        await world.leads.forget()
        await world.settle()
        assert [each["status"] for each in await world.states(world.leads, "conversion")] == ["undone"]
    finally:
        await world.close()


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
