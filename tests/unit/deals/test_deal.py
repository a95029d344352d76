"""What can and cannot be done with a deal."""

from typing import Any

import pytest

from chassis.refusals import Invalid
from deals.commands import ChangeDetails, ChangeExpectedClose, ChangeOwner, PlanNextStep
from deals.deal import CLOSINGS_MAX, DEAL
from deals.refusals import (
    AmountFollowsLines,
    DealIsClosed,
    DealIsOpen,
    ExitCriteriaMissing,
    NotOffered,
    OutOfSequence,
    ReopenedTooOften,
    UnknownStage,
)
from deals.worth import LineOffer
from events.catalogue.deals import (
    DealAmountChanged,
    DealDetails,
    DealDetailsChanged,
    DealExpectedCloseChanged,
    DealLost,
    DealNextStepPlanned,
    DealOpened,
    DealOwnerChanged,
    DealReopened,
    DealStageChanged,
    DealStatus,
    DealWon,
    NextStep,
)
from events.money import Money
from events.testing import given

DAY = 86_400


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def test_a_deal_opens_in_the_first_stage_with_one_span(cast: Any) -> None:
    opened = given(DEAL).when(cast.opened()).then(DealOpened())
    opened.then_state(stage="qualified", status=DealStatus.OPEN, stalled_after_days=14, base_minor=100_000)
    (span,) = opened.state.spans
    assert (span.probability, span.stage_index, span.from_on, span.to_at) == (1_000, 0, cast.day(0), None)


def test_a_deal_may_open_in_a_later_stage(cast: Any) -> None:
    given(DEAL).when(cast.opened(stage="proposal")).then(DealOpened()).then_state(stage="proposal")


def test_a_deal_does_not_open_in_a_stage_that_its_pipeline_lacks(cast: Any) -> None:
    given(DEAL).when(cast.opened(stage="dreaming")).then_refused(UnknownStage, "qualified, needs, proposal")


def test_a_deal_does_not_open_in_a_pipeline_out_of_use(cast: Any) -> None:
    closed = cast.pipeline.model_copy(update={"active": False})
    given(DEAL).when(cast.opened(pipeline=closed)).then_refused(NotOffered, "Direct")


def test_opening_a_deal_twice_does_nothing(cast: Any) -> None:
    given(DEAL, cast.opened()).when(cast.opened(3)).then_nothing()


def test_a_move_tells_where_from_where_to_and_how_long_it_stood_there(cast: Any) -> None:
    moved = given(DEAL, cast.opened()).when(cast.move("needs", 2))
    moved.then(DealStageChanged(from_stage="qualified", to_stage="needs", seconds_in_stage=2 * DAY))
    moved.then_state(stage="needs", stalled_after_days=None)
    assert [(span.stage, span.probability) for span in moved.state.spans] == [("qualified", 1_000), ("needs", 2_500)]


def test_time_in_stage_runs_on_through_other_changes(cast: Any) -> None:
    history = (cast.opened(), cast.revalue(5_000, 1), ChangeOwner(moment=cast.at(2), to=cast.binh))
    given(DEAL, *history).when(cast.move("needs", 5)).then(
        DealStageChanged(from_stage="qualified", to_stage="needs", seconds_in_stage=5 * DAY)
    )


def test_a_move_may_skip_stages(cast: Any) -> None:
    given(DEAL, cast.opened()).when(cast.move("negotiation", 1)).then(DealStageChanged)


def test_a_move_to_where_it_stands_does_nothing(cast: Any) -> None:
    given(DEAL, cast.opened()).when(cast.move("qualified", 1)).then_nothing()


def test_moving_on_names_what_the_stage_still_demands(cast: Any) -> None:
    poor = cast.opened(stage="proposal", worth=cast.amount(0))
    refused = given(DEAL, poor).when(cast.move("negotiation", 1)).then_refused(ExitCriteriaMissing, "amount, products")
    assert refused.facts == {"missing": ["amount", "products"]}  # type: ignore[attr-defined]


def test_moving_back_demands_nothing(cast: Any) -> None:
    given(DEAL, cast.opened(stage="needs")).when(cast.move("qualified", 1)).then(DealStageChanged)


def test_a_deal_leaves_its_stage_once_it_has_what_the_stage_demands(cast: Any) -> None:
    planned = PlanNextStep(moment=cast.at(1), next_step=NextStep(what="Call Ms Linh", due_on=cast.day(3)))
    given(DEAL, cast.opened(stage="needs"), planned).when(cast.move("proposal", 2)).then(DealStageChanged)


def test_a_deal_whose_stage_was_taken_out_of_the_pipeline_moves_on(cast: Any) -> None:
    without = cast.pipeline.model_copy(update={"stages": cast.pipeline.stages[2:]})
    move = cast.move("negotiation", 1, pipelines=cast.pipelines(without))
    given(DEAL, cast.opened(stage="needs")).when(move).then_state(stage="negotiation")


def test_a_changed_pipeline_leaves_the_probability_until_the_deal_moves(cast: Any) -> None:
    bolder = tuple(stage.model_copy(update={"probability": 9_000}) for stage in cast.pipeline.stages)
    changed = cast.pipelines(cast.pipeline.model_copy(update={"stages": bolder}))
    same = given(DEAL, cast.opened()).when(cast.move("qualified", 1, pipelines=changed)).then_nothing().state
    moved = given(DEAL, cast.opened()).when(cast.move("negotiation", 1, pipelines=changed)).state
    assert (same.spans[-1].probability, moved.spans[-1].probability) == (1_000, 9_000)


def test_a_change_of_amount_begins_a_span(cast: Any) -> None:
    changed = given(DEAL, cast.opened()).when(cast.revalue(250_000, 1))
    changed.then(DealAmountChanged(from_amount=usd(100_000), to_amount=usd(250_000)))
    assert [span.base_minor for span in changed.state.spans] == [100_000, 250_000]


def test_the_same_amount_again_does_nothing(cast: Any) -> None:
    given(DEAL, cast.opened()).when(cast.revalue(100_000, 1)).then_nothing()


def test_lines_give_the_deal_its_amount_and_its_product(cast: Any) -> None:
    put = cast.put(1, LineOffer(cast.mouse, 10), LineOffer(cast.laptop, 2, net_price=110_000))
    changed = given(DEAL, cast.opened()).when(put).then(DealAmountChanged)
    changed.then_state(amount=usd(245_000), product=cast.laptop.id, base_minor=245_000)
    assert changed.state.spans[-1].product == cast.laptop.id


def test_lines_that_change_while_the_sum_stays_are_a_change(cast: Any) -> None:
    history = (cast.opened(), cast.put(1, LineOffer(cast.mouse, 2, net_total=100)))
    after = given(DEAL, *history).when(cast.put(2, LineOffer(cast.mouse, 4, net_total=100))).then(DealAmountChanged)
    assert len(after.state.spans) == 2


def test_an_amount_cannot_be_set_against_the_lines(cast: Any) -> None:
    history = (cast.opened(), cast.put(1, LineOffer(cast.mouse, 2)))
    given(DEAL, *history).when(cast.revalue(1, 2)).then_refused(AmountFollowsLines)
    given(DEAL, *history).when(cast.win(2, worth=cast.amount(1))).then_refused(AmountFollowsLines)


def test_without_lines_again_the_amount_is_free(cast: Any) -> None:
    history = (cast.opened(), cast.put(1, LineOffer(cast.mouse, 2)), cast.put(2))
    given(DEAL, *history).when(cast.revalue(700, 3)).then(DealAmountChanged(from_amount=usd(0), to_amount=usd(700)))


def test_a_new_owner_begins_a_span_and_the_old_one_keeps_the_past(cast: Any) -> None:
    changed = given(DEAL, cast.opened()).when(ChangeOwner(moment=cast.at(4), to=cast.binh))
    changed.then(DealOwnerChanged(from_owner=cast.ana, to_owner=cast.binh))
    assert [span.owner for span in changed.state.spans] == [cast.ana, cast.binh]


def test_what_is_so_already_changes_nothing(cast: Any) -> None:
    given(DEAL, cast.opened()).when(ChangeOwner(moment=cast.at(1), to=cast.ana)).then_nothing()
    given(DEAL, cast.opened()).when(PlanNextStep(moment=cast.at(1), next_step=None)).then_nothing()


def test_a_closed_deal_may_get_another_owner_and_the_win_stays_with_the_first(cast: Any) -> None:
    changed = given(DEAL, cast.opened(), cast.win(1)).when(ChangeOwner(moment=cast.at(4), to=cast.binh))
    changed.then(DealOwnerChanged).then_state(owner=cast.binh)
    assert (changed.state.closings[0].owner, len(changed.state.spans)) == (cast.ana, 1)


def test_an_expected_close_begins_a_span(cast: Any) -> None:
    command = ChangeExpectedClose(moment=cast.at(1), to_on=cast.day(60))
    changed = given(DEAL, cast.opened()).when(command).then(DealExpectedCloseChanged(from_on=None, to_on=cast.day(60)))
    assert [span.expected_close_on for span in changed.state.spans] == [None, cast.day(60)]
    given(DEAL, cast.opened(), command).when(command).then_nothing()


def test_a_next_step_is_no_matter_for_the_spans(cast: Any) -> None:
    step = NextStep(what="Gửi báo giá", due_on=cast.day(3))
    planned = given(DEAL, cast.opened()).when(PlanNextStep(moment=cast.at(1), next_step=step))
    planned.then(DealNextStepPlanned(next_step=step))
    assert (len(planned.state.spans), planned.state.changed_at) == (1, cast.at(1).at)


def test_details_can_be_corrected_even_when_closed(cast: Any) -> None:
    command = ChangeDetails(moment=cast.at(2), changes={"source": None, "account_id": cast.account})
    before = DealDetails(name="Acme laptops", source="referral")
    after = DealDetails(name="Acme laptops", account_id=cast.account)
    changed = given(DEAL, cast.opened(), cast.win(1)).when(command)
    changed.then(DealDetailsChanged(from_details=before, to_details=after)).then_state(source=None)
    given(DEAL, cast.opened(), command).when(command).then_nothing()


def test_a_win_closes_the_deal_and_remembers_how_it_stood(cast: Any) -> None:
    won = given(DEAL, cast.opened(), cast.move("needs", 1), cast.move("qualified", 2)).when(cast.win(10))
    won.then(DealWon(seconds_open=10 * DAY)).then_state(status=DealStatus.WON, stage="qualified")
    (closing,) = won.state.closings
    assert (closing.outcome, closing.stage, closing.base_minor, closing.on) == (
        "won",
        "qualified",
        100_000,
        cast.day(10),
    )
    assert won.state.spans[-1].to_at == cast.at(10).at


def test_a_win_may_bring_the_final_amount(cast: Any) -> None:
    won = given(DEAL, cast.opened()).when(cast.win(3, worth=cast.amount(90_000)))
    won.then(DealAmountChanged(from_amount=usd(100_000), to_amount=usd(90_000)), DealWon(seconds_open=3 * DAY))
    assert (won.state.base_minor, won.state.closings[0].base_minor) == (90_000, 90_000)
    assert won.state.spans[-1].from_at == won.state.spans[-1].to_at


def test_a_win_may_bring_the_lines_that_its_stage_demands(cast: Any) -> None:
    lines = cast.lines(LineOffer(cast.laptop, 1))
    given(DEAL, cast.opened(stage="proposal")).when(cast.win(1)).then_refused(ExitCriteriaMissing, "products")
    won = given(DEAL, cast.opened(stage="proposal")).when(cast.win(1, worth=lines)).then(DealAmountChanged, DealWon)
    assert won.state.closings[0].lines == lines.lines


def test_a_win_demands_only_what_the_present_stage_does(cast: Any) -> None:
    given(DEAL, cast.opened(worth=cast.amount(0))).when(cast.win(1)).then(DealWon)


def test_a_loss_has_a_reason(cast: Any) -> None:
    given(DEAL, cast.opened()).when(cast.lose(1, "  ")).then_refused(Invalid, "reason")
    lost = given(DEAL, cast.opened()).when(cast.lose(1, "no decision")).then(DealLost(reason="no decision"))
    assert lost.state.closings[0].reason == "no decision"


def test_reopening_takes_the_close_back_and_begins_a_span_in_the_stage_it_was_closed_from(cast: Any) -> None:
    reopened = given(DEAL, cast.opened(stage="negotiation"), cast.win(2)).when(cast.reopen(5))
    reopened.then(DealReopened(reason="they called back", from_status=DealStatus.WON))
    reopened.then_state(status=DealStatus.OPEN, stage="negotiation")
    first, second = reopened.state.spans
    assert (first.to_on, second.from_on, second.to_at) == (cast.day(2), cast.day(5), None)
    assert (reopened.state.closings[0].reopened_at, reopened.state.closings[0].reopened_on) == (
        cast.at(5).at,
        cast.day(5),
    )


def test_reopening_may_name_another_stage(cast: Any) -> None:
    given(DEAL, cast.opened(), cast.lose(2)).when(cast.reopen(5, stage="proposal")).then_state(
        stage="proposal", status=DealStatus.OPEN
    )


def test_a_reopened_deal_was_open_only_while_it_was_open(cast: Any) -> None:
    history = (cast.opened(), cast.lose(2), cast.reopen(10))
    given(DEAL, *history).when(cast.win(13)).then(DealWon(seconds_open=5 * DAY))
    given(DEAL, *history).when(cast.move("needs", 13)).then(
        DealStageChanged(from_stage="qualified", to_stage="needs", seconds_in_stage=3 * DAY)
    )


def test_an_owner_who_came_while_it_was_closed_holds_the_reopened_deal(cast: Any) -> None:
    history = (cast.opened(), cast.lose(2), ChangeOwner(moment=cast.at(3), to=cast.binh))
    assert given(DEAL, *history).when(cast.reopen(5)).state.spans[-1].owner == cast.binh


def test_an_open_deal_cannot_be_reopened_nor_a_closed_one_without_reason(cast: Any) -> None:
    given(DEAL, cast.opened()).when(cast.reopen(1)).then_refused(DealIsOpen)
    given(DEAL, cast.opened(), cast.lose(1)).when(cast.reopen(2, reason=" ")).then_refused(Invalid)


@pytest.mark.parametrize("name", ["move", "amount", "lines", "expected close", "next step", "win", "lose"])
def test_a_closed_deal_does_not_change(cast: Any, name: str) -> None:
    command = {
        "move": cast.move("needs", 3),
        "amount": cast.revalue(1, 3),
        "lines": cast.put(3, LineOffer(cast.mouse, 1)),
        "expected close": ChangeExpectedClose(moment=cast.at(3), to_on=cast.day(9)),
        "next step": PlanNextStep(moment=cast.at(3), next_step=None),
        "win": cast.win(3),
        "lose": cast.lose(3),
    }[name]
    given(DEAL, cast.opened(), cast.lose(2)).when(command).then_refused(DealIsClosed, "lost")


def test_history_does_not_run_backwards(cast: Any) -> None:
    planned = PlanNextStep(moment=cast.at(6), next_step=NextStep(what="Call", due_on=cast.day(8)))
    given(DEAL, cast.opened(5), planned).when(cast.move("needs", 5.5)).then_refused(
        OutOfSequence, "2026-01-07T09:00:00Z"
    )


def test_a_command_of_now_that_waited_for_another_happens_after_it(cast: Any) -> None:
    late = cast.move("needs", 4, dated=False)
    moved = given(DEAL, cast.opened(), cast.revalue(7, 5)).when(late)
    (event,) = moved.events
    assert (event.occurred_at, moved.state.spans[-1].from_on) == (cast.at(5).at, cast.day(5))


def test_of_changes_at_one_instant_only_the_last_makes_a_span(cast: Any) -> None:
    history = (cast.opened(), cast.move("needs", 0), ChangeOwner(moment=cast.at(0), to=cast.binh))
    (span,) = given(DEAL, *history).when(cast.revalue(7, 0)).state.spans
    assert (span.stage, span.owner, span.base_minor, span.from_on) == ("needs", cast.binh, 7, cast.day(0))


def test_a_deal_is_not_reopened_for_ever(cast: Any) -> None:
    closed = [step for day in range(CLOSINGS_MAX) for step in (cast.lose(day + 0.2), cast.reopen(day + 0.5))]
    given(DEAL, cast.opened(), *closed[:-1]).when(cast.reopen(CLOSINGS_MAX)).then_refused(ReopenedTooOften)
