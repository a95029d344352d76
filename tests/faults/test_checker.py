"""The checker is seen to fail: a clean history has no anomaly, and each planted one is found by its name alone."""

from dataclasses import replace

import pytest

from faults.checker import CHECKS, anomalies
from faults.history import Confirmed, Event, History, Letter, Notice

CAPTURED = Event("e1", "leads.lead", "lead", 1, "captured")
QUALIFIED = Event("e2", "leads.lead", "lead", 2, "qualified")
OPENED = Event("e3", "deals.deal", "deal", 1, "opened")
OFFERED = Notice("handoff-offered", "e9", "ann")

CLEAN = History(
    confirmed=[Confirmed("lead", "captured", creates="m1"), Confirmed("lead", "qualified")],
    committed=[CAPTURED, QUALIFIED, OPENED],
    published=[CAPTURED, CAPTURED, QUALIFIED, OPENED, CAPTURED],
    states={("leads.lead", "lead"): 2, ("deals.deal", "deal"): 1},
    marks={"m1": ["lead"]},
    accepted={"handoff": "deal"},
    deals=[("deal", "handoff")],
    due=[OFFERED],
    notices=[OFFERED],
    figures={"deals-opened": 1},
    recount={"deals-opened": 1},
)


PLANTED: dict[str, dict[str, object]] = {
    "lost-event": {"published": [CAPTURED, OPENED]},
    "phantom-event": {"published": [*CLEAN.published, Event("e7", "leads.lead", "other", 1, "captured")]},
    "inversion": {"published": [QUALIFIED, CAPTURED, OPENED]},
    "state-apart": {"states": {("leads.lead", "lead"): 3}},
    "lost-write": {"confirmed": [*CLEAN.confirmed, Confirmed("lead", "disqualified")]},
    "double-write": {"marks": {"m1": ["lead", "the same lead again"]}},
    "handoff-without-deal": {"deals": []},
    "missing-notice": {"notices": []},
    "extra-notice": {"notices": [OFFERED, OFFERED]},
    "wrong-figure": {"figures": {"deals-opened": 2}},
    "ledger-difference": {"audit": ["cells and ledger"]},
    "dead-letter": {"letters": [Letter("deals.reactions", "leads.handoff", "failed", "Boom", "e5")]},
    "standing-still": {"waiting": ["leads.lead/3 stopped"]},
    "unexpected-answer": {"unexpected": ["500"]},
}


def test_duplicates_alone_are_no_anomaly() -> None:
    assert anomalies(CLEAN) == []


@pytest.mark.parametrize(("name", "planted"), PLANTED.items())
def test_each_anomaly_is_found_by_its_name(name: str, planted: dict[str, object]) -> None:
    assert {anomaly.name for anomaly in anomalies(replace(CLEAN, **planted))} == {name}  # type: ignore[arg-type]


def test_a_hole_in_the_versions_is_found() -> None:
    late = Event("e8", "deals.deal", "deal", 3, "won")
    history = replace(CLEAN, committed=[*CLEAN.committed, late], published=[*CLEAN.published, late])
    assert {anomaly.name for anomaly in anomalies(history)} == {"version-hole", "state-apart"}


def test_a_command_that_was_done_twice_is_found() -> None:
    again = QUALIFIED._replace(id="e8", version=3)
    history = replace(
        CLEAN,
        committed=[*CLEAN.committed, again],
        published=[*CLEAN.published, again],
        states={("leads.lead", "lead"): 3},
    )
    assert {anomaly.name for anomaly in anomalies(history)} == {"double-write"}


def test_what_a_test_planted_is_its_own() -> None:
    planted = Event("e7", "leads.lead", "lead", 1, "captured")
    letter = Letter("deals.reactions", "leads.handoff", "failed", "Boom", "e5")
    history = replace(CLEAN, published=[*CLEAN.published, planted], planted=frozenset({"e7"}))
    assert anomalies(replace(history, letters=[letter], excused=frozenset({"e5"}))) == []


def test_a_compacted_topic_may_have_forgotten_older_versions() -> None:
    history = replace(CLEAN, published=[QUALIFIED, OPENED], compacted=frozenset({"leads.lead"}))
    assert anomalies(history) == []


def test_every_check_is_seen_to_fail() -> None:
    assert PLANTED.keys() | {"version-hole"} == CHECKS.keys()
