"""Stage visits read from spans."""

from typing import Any

from deals.commands import ChangeOwner
from deals.deal import DEAL
from deals.spans import visits
from events.testing import given


def test_a_visit_spans_all_that_happens_in_a_stage(cast: Any) -> None:
    history = (cast.opened(), ChangeOwner(moment=cast.at(1), to=cast.binh), cast.revalue(5, 2), cast.move("needs", 3))
    deal = given(DEAL, *history).state
    until = cast.at(10).at
    assert [(visit.stage, visit.seconds(until) / 86_400) for visit in visits(deal.spans)] == [
        ("qualified", 3),
        ("needs", 7),
    ]


def test_values_of_part_of_a_day_leave_no_span(cast: Any) -> None:
    """A deal that is changed every hour must not grow by each of them; a new owner or stage is kept."""
    hourly = [cast.revalue(minor, 2 + minor / 24) for minor in range(1, 9)]
    deal = given(DEAL, cast.opened(), *hourly, cast.move("needs", 2.5)).state
    assert [(span.stage, span.base_minor) for span in deal.spans[1:]] == [("qualified", 8), ("needs", 8)]
    assert deal.spans[1].from_at == cast.at(2 + 1 / 24).at


def test_going_back_is_another_visit(cast: Any) -> None:
    deal = given(DEAL, cast.opened(), cast.move("needs", 1), cast.move("qualified", 2)).state
    assert [visit.stage for visit in visits(deal.spans)] == ["qualified", "needs", "qualified"]


def test_a_close_ends_the_visit_and_a_reopening_begins_another(cast: Any) -> None:
    deal = given(DEAL, cast.opened(), cast.lose(1), cast.reopen(4)).state
    first, second = visits(deal.spans)
    assert (first.left_at, second.entered_at, second.left_at) == (cast.at(1).at, cast.at(4).at, None)


def skipped(deal: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(span.stage, span.skipped) for span in deal.spans]


def test_a_forward_move_says_which_stages_it_jumped_over(cast: Any) -> None:
    deal = given(DEAL, cast.opened(), cast.move("negotiation", 1), cast.revalue(5, 2)).state
    assert skipped(deal) == [("qualified", ()), ("negotiation", ("needs", "proposal")), ("negotiation", ())]


def test_a_move_back_jumps_over_nothing(cast: Any) -> None:
    deal = given(DEAL, cast.opened(), cast.move("negotiation", 1), cast.move("qualified", 2)).state
    assert skipped(deal)[-1] == ("qualified", ())


def test_a_stage_left_at_the_instant_it_was_entered_is_jumped_over(cast: Any) -> None:
    deal = given(DEAL, cast.opened(), cast.revalue(5, 0), cast.move("needs", 0)).state
    assert skipped(deal) == [("needs", ("qualified",))]
