"""Up to which time everything is folded, by looks at the ends of the log."""

from datetime import UTC, datetime, timedelta

from analytics.ledger.caught_up import MOST_LOOKS, Looks
from events.partition import Partition

DEALS, LEADS = Partition("deals.deal", 0), Partition("leads.lead", 3)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_an_empty_log_is_folded_as_soon_as_it_is_seen() -> None:
    looks = Looks()
    looks.add(at(0), {DEALS: 0, LEADS: 0})
    assert looks.reached({}) == at(0)


def test_under_steady_load_the_time_is_that_of_the_newest_look_whose_ends_are_reached() -> None:
    looks = Looks()
    for second in range(4):
        looks.add(at(second), {DEALS: 10 * second, LEADS: 0})
    assert looks.reached({DEALS: 25}) == at(2)
    assert looks.reached({DEALS: 25}) is None
    assert looks.reached({DEALS: 30}) == at(3)
    assert len(looks) == 0


def test_one_partition_that_stands_still_holds_the_time_back() -> None:
    looks = Looks()
    looks.add(at(0), {DEALS: 10, LEADS: 5})
    assert looks.reached({DEALS: 99, LEADS: 4}) is None
    assert looks.reached({DEALS: 99}) is None
    assert looks.reached({DEALS: 99, LEADS: 5}) == at(0)


def test_a_stopped_partition_is_never_complete() -> None:
    looks = Looks()
    looks.add(at(0), {DEALS: 3})
    assert looks.reached({DEALS: 7}, [DEALS]) is None


def test_a_partition_that_was_not_seen_is_not_taken_for_empty() -> None:
    looks = Looks()
    looks.add(at(0), {})
    assert looks.reached({DEALS: 3}) is None


def test_looks_that_are_never_reached_are_thinned_out() -> None:
    looks = Looks()
    for second in range(3 * MOST_LOOKS):
        looks.add(at(second), {DEALS: second})
    assert len(looks) <= MOST_LOOKS
    reached = looks.reached({DEALS: 2 * MOST_LOOKS})
    assert reached is not None
    assert at(2 * MOST_LOOKS - 8) <= reached <= at(2 * MOST_LOOKS)
