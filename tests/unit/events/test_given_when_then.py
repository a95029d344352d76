"""The test kit reads as a rule does, and its failures say what was found."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from events.catalogue.deals import PipelineChanged, PipelineDefined, PipelineState
from events.event import Event
from events.moment import Moment
from events.testing import FixedClock, given

ANY_ID = UUID(int=1)
NOON = Moment.of(datetime(2026, 3, 2, 12, tzinfo=UTC), "UTC")


class NameTaken(Exception):
    """Somebody has this name."""


@dataclass(frozen=True)
class Name:
    to: str
    moment: Moment = NOON


class Pipelines:
    """An aggregate of two events and one refusal."""

    @staticmethod
    def decide(command: Name, state: PipelineState | None) -> Iterator[Event]:
        if command.to == "taken":
            raise NameTaken("the name is taken")
        if state is None:
            yield PipelineDefined()
        if state is None or state.name != command.to:
            yield PipelineChanged()

    @staticmethod
    def apply(state: PipelineState | None, event: Any) -> PipelineState:
        name = event.occurred_at.isoformat() if state is None else state.name + "+"
        return PipelineState(id=ANY_ID, name=name, stages=())


def test_the_events_of_a_command_are_compared_in_order_without_time_and_state() -> None:
    given(Pipelines()).when(Name("a")).then(PipelineDefined(), PipelineChanged())


def test_an_expected_event_that_has_a_state_is_compared_with_it() -> None:
    state = PipelineState(id=ANY_ID, name="2026-03-02T12:00:00+00:00", stages=())
    outcome = given(Pipelines()).when(Name("a"))
    outcome.then(PipelineDefined(pipeline=state), PipelineChanged)
    with pytest.raises(AssertionError, match="but found"):
        outcome.then(PipelineDefined(pipeline=state.model_copy(update={"name": "b"})), PipelineChanged)


def test_a_wrong_expectation_prints_what_was_found() -> None:
    with pytest.raises(AssertionError, match=r"(?s)expected \n  PipelineChanged\(\)\nbut found \n  PipelineDefined"):
        given(Pipelines()).when(Name("a")).then(PipelineChanged())


def test_a_refusal_is_named_and_its_text_checked() -> None:
    outcome = given(Pipelines()).when(Name("taken"))
    outcome.then_refused(NameTaken, "is taken")
    with pytest.raises(AssertionError, match="is not in"):
        outcome.then_refused(NameTaken, "is free")


def test_a_missing_refusal_prints_the_events_instead() -> None:
    with pytest.raises(AssertionError, match=r"(?s)expected NameTaken.*PipelineDefined"):
        given(Pipelines()).when(Name("a")).then_refused(NameTaken)


def test_history_may_be_a_state_events_and_commands() -> None:
    state = PipelineState(id=ANY_ID, name="first", stages=())
    given(Pipelines(), state, PipelineChanged(), Name("x")).when(Name("first+++")).then(PipelineChanged())
    given(Pipelines(), state).when(Name("first")).then_nothing()


def test_the_state_after_is_checked_by_field() -> None:
    state = PipelineState(id=ANY_ID, name="first", stages=())
    outcome = given(Pipelines(), state).when(Name("x")).then_state(name="first+")
    with pytest.raises(AssertionError, match="name is 'first\\+', not 'other'"):
        outcome.then_state(name="other")


def test_the_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock()
    before = clock()
    assert clock.now() == before
    assert (clock.advance(minutes=5) - before).total_seconds() == 300
