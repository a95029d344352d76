"""Ids ascend, even when the clock does not."""

import time
from uuid import RFC_4122

import pytest

from events.ids import uuid7


def test_ids_are_of_version_7_and_ascend() -> None:
    ids = [uuid7() for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert {(made.version, made.variant) for made in ids} == {(7, RFC_4122)}


def test_an_id_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    told = uuid7().int >> 80
    assert before <= told <= time.time_ns() // 1_000_000 + 10


def test_a_clock_that_steps_back_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert first < uuid7() < uuid7()
