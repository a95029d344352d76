"""Whatever is done to a deal, in whatever order: its history stays whole.

A machine plays random lives, with commands that the rules refuse among them, and after each step checks the promises of
``deals.spans`` and ``deals.deal`` against a plain record of when the deal was open and how it stood.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chassis.refusals import Refusal
from deals.commands import ChangeExpectedClose, ChangeOwner, DealCommand, PlanNextStep
from deals.deal import DEAL
from deals.spans import seconds_open, visits
from deals.worth import LineOffer
from events.catalogue.deals import (
    DealAmountChanged,
    DealEvent,
    DealExpectedCloseChanged,
    DealOwnerChanged,
    DealReopened,
    DealStageChanged,
    DealState,
    DealStatus,
    NextStep,
    Span,
)
from events.testing import given as having

DAYS = st.sampled_from([0.0, 0.0, 0.01, 1.0, 40.0, -0.5])
STAGES = st.sampled_from(["qualified", "needs", "proposal", "negotiation"])


class DealLife(RuleBasedStateMachine):
    """A deal from its opening through any number of closes and reopenings."""

    cast: Any

    @initialize(stage=STAGES)
    def open(self, stage: str) -> None:
        self.day = 0.0
        opened = having(DEAL).when(self.cast.opened(0, stage=stage))
        self.deal: DealState = opened.state
        self.events: list[DealEvent] = list(opened.events)  # type: ignore[arg-type]
        self.open_since: datetime | None = self.deal.opened_at
        self.open_for = timedelta()

    @rule(after=DAYS, stage=STAGES)
    def move(self, after: float, stage: str) -> None:
        self._do(after, self.cast.move(stage, self.day + after))

    @rule(after=DAYS, minor=st.integers(0, 3))
    def change_amount(self, after: float, minor: int) -> None:
        self._do(after, self.cast.revalue(minor, self.day + after))

    @rule(after=DAYS, quantities=st.lists(st.integers(1, 3), max_size=2))
    def change_lines(self, after: float, quantities: list[int]) -> None:
        offers = [LineOffer(product, number) for product, number in zip(self._products(), quantities, strict=False)]
        self._do(after, self.cast.put(self.day + after, *offers))

    @rule(after=DAYS, second=st.booleans())
    def change_owner(self, after: float, second: bool) -> None:
        to = self.cast.binh if second else self.cast.ana
        self._do(after, ChangeOwner(moment=self.cast.at(self.day + after), to=to))

    @rule(after=DAYS, close=st.none() | st.integers(30, 32))
    def change_expected_close(self, after: float, close: int | None) -> None:
        to_on = None if close is None else self.cast.day(close)
        self._do(after, ChangeExpectedClose(moment=self.cast.at(self.day + after), to_on=to_on))

    @rule(after=DAYS, planned=st.booleans())
    def plan_next_step(self, after: float, planned: bool) -> None:
        step = NextStep(what="Call", due_on=self.cast.day(9)) if planned else None
        self._do(after, PlanNextStep(moment=self.cast.at(self.day + after), next_step=step))

    @rule(after=DAYS, final=st.none() | st.integers(0, 3))
    def win(self, after: float, final: int | None) -> None:
        worth = None if final is None else self.cast.amount(final)
        self._do(after, self.cast.win(self.day + after, worth=worth))

    @rule(after=DAYS)
    def lose(self, after: float) -> None:
        self._do(after, self.cast.lose(self.day + after))

    @rule(after=DAYS, stage=st.none() | STAGES)
    def reopen(self, after: float, stage: str | None) -> None:
        self._do(after, self.cast.reopen(self.day + after, stage=stage))

    @invariant()
    def spans_follow_each_other_and_only_a_close_leaves_one_of_no_length(self) -> None:
        closed_at = {closing.at for closing in self.deal.closings}
        for span, following in pairwise(self.deal.spans):
            assert span.to_at is not None
            assert span.from_at <= span.to_at <= following.from_at
            if span.to_at != following.from_at:
                assert span.to_at in closed_at
            if span.from_at == span.to_at:
                assert span.to_at in closed_at

    @invariant()
    def the_last_span_is_open_if_the_deal_is_and_shows_the_deal_as_it_stands(self) -> None:
        last = self.deal.spans[-1]
        assert (last.to_at is None) == (self.deal.status is DealStatus.OPEN) == (self.open_since is not None)
        if last.to_at is None:
            assert _facets(last) == (
                self.deal.stage,
                self.deal.owner,
                self.deal.base_minor,
                self.deal.product,
                self.deal.expected_close_on,
            )

    @invariant()
    def spans_and_visits_cover_the_time_for_which_the_deal_was_open(self) -> None:
        now = self.cast.at(self.day).at
        open_for = self.open_for + (now - self.open_since if self.open_since else timedelta())
        assert seconds_open(self.deal.spans, now) == pytest.approx(open_for.total_seconds(), abs=len(self.deal.spans))
        covered = sum(((span.to_at or now) - span.from_at for span in self.deal.spans), timedelta())
        visited = sum(((visit.left_at or now) - visit.entered_at for visit in visits(self.deal.spans)), timedelta())
        assert covered == visited == open_for

    @invariant()
    def each_reopening_takes_back_one_close(self) -> None:
        reopened = [closing for closing in self.deal.closings if closing.reopened_at]
        assert len(reopened) == sum(isinstance(event, DealReopened) for event in self.events)
        assert all(closing.reopened_at for closing in self.deal.closings[:-1])
        still_closed = bool(self.deal.closings) and self.deal.closings[-1].reopened_at is None
        assert still_closed == (self.deal.status is not DealStatus.OPEN)
        for closing, following in pairwise(self.deal.closings):
            assert closing.reopened_at is not None
            assert closing.at <= closing.reopened_at <= following.at

    @invariant()
    def money_adds_up(self) -> None:
        if self.deal.lines:
            assert self.deal.amount.minor == sum(line.net_minor for line in self.deal.lines)
            assert self.deal.base_minor == sum(line.net_base_minor for line in self.deal.lines)

    @invariant()
    def the_published_events_tell_the_same_story(self) -> None:
        state: DealState | None = None
        for event in self.events:
            told = type(event).model_validate_json(event.model_dump_json())
            if state is not None:
                _agrees(told, state)
            state = DEAL.apply(state, told)
        assert state == self.deal

    def _do(self, after: float, command: DealCommand) -> None:
        outcome = having(DEAL, self.deal).when(command)
        try:
            events: list[DealEvent] = list(outcome.events)  # type: ignore[arg-type]
        except Refusal:
            return
        if not events:
            return
        assert after >= 0, "a change before the last one was accepted"
        self.day += after
        self._note(events[-1].deal, command.moment.at)
        self.deal = events[-1].deal
        self.events += events

    def _note(self, deal: DealState, at: datetime) -> None:
        if self.deal.status is DealStatus.OPEN is not deal.status and self.open_since:
            self.open_for += at - self.open_since
            self.open_since = None
        elif deal.status is DealStatus.OPEN is not self.deal.status:
            self.open_since = at

    def _products(self) -> tuple[Any, Any]:
        return self.cast.laptop, self.cast.mouse


def test_any_life_of_a_deal_leaves_a_whole_history(cast: Any) -> None:
    machine = type("DealLifeOfTheCast", (DealLife,), {"cast": cast})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))


def _facets(span: Span) -> tuple[str, object, int, UUID | None, object]:
    return span.stage, span.owner, span.base_minor, span.product, span.expected_close_on


def _agrees(event: DealEvent, before: DealState) -> None:
    """What the event names is what changed between the two states."""
    after: DealState = event.deal
    match event:
        case DealStageChanged(from_stage=left, to_stage=entered):
            assert (left, entered) == (before.stage, after.stage)
        case DealAmountChanged(from_amount=old, to_amount=new):
            assert (old, new) == (before.amount, after.amount)
        case DealOwnerChanged(from_owner=left, to_owner=entered):
            assert (left, entered) == (before.owner, after.owner)
        case DealExpectedCloseChanged(from_on=left, to_on=entered):
            assert (left, entered) == (before.expected_close_on, after.expected_close_on)
        case DealReopened(from_status=status):
            assert (status, after.status) == (before.status, DealStatus.OPEN)
