"""The pure rules of the receiving half: watermark, triage, limits, backlog, positions, errors."""

from collections.abc import Iterable
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer_world import TENANT, a_record, event_id_of
from events.assignment import Assigned, Stage, out_of_log
from events.backlog import Backlog, Bounds
from events.codec import Received
from events.dead_letter import Failure, received_of
from events.errors import InvalidMessage, RetryLater
from events.failure_limit import FailureLimit, Limits
from events.kafka.producer import Outgoing
from events.partition import Partition
from events.recoverability import Backoff, is_transient
from events.topics import ANALYTICS_SEAL, DEALS_PIPELINE
from events.triage import Interest, Reason, Triage, arrivals_of, storable
from events.watermark import AggregateKey, Verdict, Watermark, judge

MINE, OTHER = UUID(int=1), UUID(int=2)
SEAL = ANALYTICS_SEAL.name
INTEREST = Interest({topic.name: topic for topic in (ANALYTICS_SEAL, DEALS_PIPELINE)})


@pytest.mark.parametrize(
    ("seen", "version", "event_id", "compacted", "verdict"),
    [
        (None, 1, MINE, False, Verdict.NEXT),
        (None, 2, MINE, False, Verdict.GAP),
        (None, 2, MINE, True, Verdict.NEXT),
        (Watermark(3, MINE), 4, OTHER, False, Verdict.NEXT),
        (Watermark(3, MINE), 5, OTHER, False, Verdict.GAP),
        (Watermark(3, MINE), 5, OTHER, True, Verdict.NEXT),
        (Watermark(3, MINE), 3, MINE, False, Verdict.DUPLICATE),
        (Watermark(3, MINE), 3, OTHER, False, Verdict.DIVERGED),
        (Watermark(3, MINE), 3, OTHER, True, Verdict.DIVERGED),
        (Watermark(3, MINE), 2, OTHER, False, Verdict.DUPLICATE),
        (None, 0, MINE, False, Verdict.DIVERGED),
    ],
)
def test_the_watermark_rule(
    seen: Watermark | None, version: int, event_id: UUID, compacted: bool, verdict: Verdict
) -> None:
    assert judge(seen, version, event_id, compacted=compacted) is verdict


def received(records: Iterable[Outgoing], partition: int = 0) -> list[Received]:
    return [
        Received(record.topic, partition, offset, 0, record.key, record.value, tuple(record.headers))
        for offset, record in enumerate(records)
    ]


def sorted_out(*records: Outgoing, interest: Interest = INTEREST, poison: Exception | None = None) -> Triage:
    return Triage(interest, {}, {}, poison).sort(arrivals_of(received(records), interest))


def test_after_a_poison_event_on_a_compacted_topic_the_later_ones_wait_too() -> None:
    aggregate = uuid4()
    first, later = (a_record(aggregate, version, topic=DEALS_PIPELINE.name) for version in (4, 9))
    parked = sorted_out(first, poison=ValueError("no"))
    assert [letter.reason for letter in parked.letters] == [Reason.FAILED]
    behind = Triage(INTEREST, {}, dict(parked.newly_blocked)).sort(arrivals_of(received([later]), INTEREST))
    assert [letter.reason for letter in behind.letters] == [Reason.BEHIND]
    assert behind.apply == []


def test_the_missing_version_passes_a_gap_and_says_that_it_is_filled() -> None:
    aggregate = uuid4()
    found = sorted_out(*[a_record(aggregate, version) for version in (1, 3, 2, 4)])
    assert [message.version for message in found.apply] == [1, 2]
    assert [letter.reason for letter in found.letters] == [Reason.GAP, Reason.BEHIND]
    assert {sequence.key for sequence in found.filled} == {f"{TENANT}:{aggregate}"}


def test_duplicates_behind_a_blocked_sequence_are_not_parked_again() -> None:
    aggregate = uuid4()
    found = sorted_out(*[a_record(aggregate, version) for version in (1, 3, 1)])
    assert (found.duplicates, len(found.letters)) == (1, 1)


def test_only_the_types_subscribed_to_reach_the_handler_and_all_count_in_the_versions() -> None:
    aggregate = uuid4()
    nothing = Interest(INTEREST.topics, frozenset({"dealstream.seal.broken.v1"}))
    found = sorted_out(a_record(aggregate, 1), a_record(aggregate, 2), interest=nothing)
    assert (found.apply, found.ignored) == ([], 2)
    assert found.moved == {AggregateKey(SEAL, TENANT, aggregate): Watermark(2, event_id_of(aggregate, 2))}


def test_an_unknown_version_is_parked_only_for_those_who_subscribe_to_the_type() -> None:
    record = a_record(uuid4(), 1, ce_type=b"dealstream.seal.period_sealed.v9")
    assert [letter.reason for letter in sorted_out(record).letters] == [Reason.INVALID]
    others = Interest(INTEREST.topics, frozenset({"dealstream.seal.broken.v1"}))
    assert sorted_out(record, interest=others).ignored == 1


def test_an_erasure_reaches_everybody_who_reads_the_topic() -> None:
    record = a_record(uuid4(), 2, topic=DEALS_PIPELINE.name)._replace(value=None)
    others = Interest(INTEREST.topics, frozenset({"dealstream.pipeline.defined.v1"}))
    [message] = sorted_out(record, interest=others).apply
    assert message.event is None


def test_a_record_without_key_is_a_sequence_of_its_own() -> None:
    arrivals = arrivals_of([Received(SEAL, 0, offset, 0, None, b"", ()) for offset in (1, 2)], INTEREST)
    found = Triage(INTEREST, {}, {}).sort(arrivals)
    assert [letter.reason for letter in found.letters] == [Reason.INVALID] * 2


@given(
    st.binary(),
    st.binary() | st.none(),
    st.lists(st.tuples(st.sampled_from(["ce_id", "ce_type", "content-type", "ce_tenantid", "x"]), st.binary())),
)
def test_no_record_whatever_stops_the_reader(key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    found = Triage(INTEREST, {}, {}).sort(arrivals_of([Received(SEAL, 0, 0, 0, key, value, tuple(headers))], INTEREST))
    assert len(found.letters) == 1
    assert "\0" not in found.letters[0].arrival.sequence.key


@given(st.text())
def test_what_is_stored_is_text_that_the_database_takes(text: str) -> None:
    stored = storable(text + "\ud800\0")
    assert "\0" not in stored
    stored.encode("utf-8")


def test_five_failures_in_a_row_are_parked_and_the_sixth_is_not() -> None:
    limit = FailureLimit()
    for _ in range(5):
        assert not limit.would_exceed([False])
        limit.note([False])
    assert limit.would_exceed([False])
    assert not limit.would_exceed([True, False])


def test_one_percent_of_the_last_thousand_may_fail() -> None:
    limit = FailureLimit()
    for _ in range(10):
        limit.note([False, True, True])
    assert limit.would_exceed([False])
    limit.note([True] * 1000)
    assert not limit.would_exceed([False])


@given(st.lists(st.booleans(), max_size=60))
def test_the_limit_agrees_with_a_count_of_the_window(outcomes: list[bool]) -> None:
    limits = Limits(consecutive=3, in_window=4, window=10)
    limit = FailureLimit(limits)
    for place, succeeded in enumerate(outcomes):
        past = outcomes[: place + 1]
        in_row = len(past) - len("".join("FS"[each] for each in past).rstrip("F"))
        expected = not succeeded and (in_row > 3 or past[-10:].count(False) > 4)
        assert limit.would_exceed([succeeded]) == expected
        limit.note([succeeded])


@given(st.lists(st.integers(0, 3000), max_size=40), st.integers(1, 20), st.integers(1, 5000))
def test_a_backlog_gives_what_fits_and_at_least_one(sizes: list[int], records: int, size: int) -> None:
    backlog = Backlog(Bounds(high_records=10, high_bytes=9000))
    backlog.extend([Received(SEAL, 0, offset, 0, None, b"x" * each, ()) for offset, each in enumerate(sizes)])
    assert backlog.is_high == (len(sizes) >= 10 or sum(sizes) + 512 * len(sizes) >= 9000)
    taken = backlog.first(records, size)
    assert [record.offset for record in taken] == list(range(len(taken)))
    assert len(taken) >= min(1, len(sizes))
    assert len(taken) <= 1 or sum(len(record.value or b"") + 512 for record in taken) <= size
    backlog.drop(len(taken))
    assert len(backlog) == len(sizes) - len(taken)
    backlog.drop(len(backlog))
    assert backlog.is_low


@pytest.mark.parametrize(
    ("position", "begin", "end", "reason"),
    [(5, 0, 5, None), (5, 5, 9, None), (6, 0, 5, "topic recreated"), (4, 7, 9, "records lost: 3 ")],
)
def test_a_position_must_be_inside_the_log(position: int, begin: int, end: int, reason: str | None) -> None:
    found = out_of_log(position, begin, end)
    assert found is None if reason is None else found is not None and reason in found


def test_a_partition_takes_nothing_from_before_its_seek_and_nothing_past_its_end() -> None:
    assigned = Assigned(Partition(SEAL, 0), until=6)
    records = [Received(SEAL, 0, offset, 0, None, None, ()) for offset in range(2, 9)]
    assert assigned.accept(records, 1.0) == 0
    assigned.start(4, 1.0)
    assert assigned.accept(records, 2.0) == 2
    piece = assigned.slice(10, 10_000)
    assert [record.offset for record in piece.records] == [4, 5]
    assigned.committed(piece, 3.0)
    assert assigned.stage is Stage.FINISHED


def test_a_commit_that_comes_after_the_position_was_lost_changes_nothing() -> None:
    assigned = Assigned(Partition(SEAL, 0))
    assigned.start(0, 1.0)
    assigned.accept([Received(SEAL, 0, 0, 0, None, None, ())], 1.0)
    piece = assigned.slice(1, 1)
    assigned.lose_position()
    assigned.committed(piece, 2.0)
    assert assigned.next_offset == 0


def test_batches_shrink_around_a_failure_and_grow_again() -> None:
    assigned = Assigned(Partition(SEAL, 0), Bounds(batch_records=8))
    assigned.start(0, 1.0)
    assigned.accept([Received(SEAL, 0, offset, 0, None, None, ()) for offset in range(20)], 1.0)
    assigned.halve(8)
    assert len(assigned.slice(8, 1 << 20).records) == 4
    assigned.committed(assigned.slice(8, 1 << 20), 2.0)
    assert len(assigned.slice(8, 1 << 20).records) == 8


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (RetryLater(), True),
        (asyncpg.DeadlockDetectedError("deadlock detected"), True),
        (asyncpg.DiskFullError("no space"), True),
        (asyncpg.AdminShutdownError("terminating"), True),
        (asyncpg.InterfaceError("cannot perform operation: connection is closed"), True),
        (asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"), True),
        (asyncpg.InterfaceError("another operation is in progress"), False),
        (asyncpg.DataError("invalid input"), False),
        (asyncpg.UniqueViolationError("duplicate key"), False),
        (InvalidMessage(), False),
        (KeyError("deal"), False),
    ],
)
def test_which_failures_pass_by_themselves(error: Exception, transient: bool) -> None:
    assert is_transient(error) is transient


def test_waits_grow_and_stay_below_their_longest() -> None:
    backoff = Backoff(first_seconds=1, longest_seconds=8)
    waits = [backoff.next_seconds() for _ in range(50)]
    assert waits[0] <= 2
    assert all(4 <= wait <= 8 for wait in waits[3:])


def failed(text: str) -> Exception:
    with pytest.raises(ValueError, match=text) as caught:
        raise ValueError(text)
    return caught.value


def test_the_same_failure_of_other_messages_is_one_group() -> None:
    one, other = Failure.of(failed("deal 1")), Failure.of(failed("deal 2"))
    assert one.stack_hash == other.stack_hash
    assert one.detail != other.detail
    assert Failure.of(KeyError("x")).stack_hash != one.stack_hash


def test_an_error_that_is_raised_again_stays_in_its_group() -> None:
    error = ValueError("no")

    def fails() -> None:
        raise error

    hashes = set()
    for _ in range(2):
        try:
            fails()
        except ValueError:
            hashes.add(Failure.of(error).stack_hash)
    assert len(hashes) == 1


def test_a_stored_letter_is_the_record_as_it_came() -> None:
    row = {
        "topic": SEAL,
        "part": 1,
        "record_offset": 7,
        "timestamp_ms": 3,
        "record_key": b"k",
        "record_value": None,
        "header_names": ["a", "a"],
        "header_values": [b"1", b"2"],
    }
    assert received_of(row) == Received(SEAL, 1, 7, 3, b"k", None, (("a", b"1"), ("a", b"2")))
