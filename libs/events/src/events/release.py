"""Working off one parked sequence: its letters pass through the handler in order, under the lock of the sequence.

Used when the missing version of a gap has come, and by operators. Each step is one transaction in which a letter takes
effect and disappears; whoever dies in between leaves the rest as it was. The first letter that fails stays the head,
with one more attempt counted, and everything behind it waits on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events import dead_letter
from events.batch import Subscription
from events.codec import Message
from events.dead_letter import Failure
from events.errors import ForeignTenant, InvalidMessage
from events.recoverability import is_transient
from events.triage import Arrival, Diverged, Interest, Reason, SequenceKey, arrivals_of
from events.watermark import AggregateKey, Verdict, Watermark, judge

LETTERS_A_STEP = 50


@dataclass(frozen=True, slots=True)
class Released:
    """What became of a sequence."""

    applied: int = 0
    skipped: int = 0
    waiting: int = 0
    error: BaseException | None = None
    """Why the head stays; absent when nothing is left, or when it waits for a missing version."""


class SequenceGone(Exception):
    """Nothing of the sequence waits any more."""


class Rehearsed(Exception):
    """Rolls a rehearsal back and says what would have been done."""

    def __init__(self, released: Released) -> None:
        super().__init__()
        self.released = released


async def release(
    pool: Any, subscription: Subscription, sequence: SequenceKey, *, at_most: int | None = None, overrule: bool = False
) -> Released:
    """Works the sequence off until it is empty, its head fails, or ``at_most`` letters are done.

    ``overrule`` lets the head pass the watermark rule: it accepts a forked history, or a version that never comes.
    """
    done = Released()
    step = LETTERS_A_STEP
    while at_most is None or done.applied + done.skipped < at_most:
        limit = step if at_most is None else min(step, at_most - done.applied - done.skipped)
        try:
            taken = await _step(pool, subscription, sequence, 1 if overrule else limit, overrule=overrule)
        except SequenceGone:
            return done
        except Exception as error:
            if is_transient(error):
                raise
            if step > 1:
                step = 1
                continue
            return await _failed(pool, subscription.group, sequence, done, error)
        overrule = False
        done = Released(done.applied + taken.applied, done.skipped + taken.skipped, taken.waiting, taken.error)
        if taken.error is not None or taken.applied + taken.skipped == 0:
            return done
    return done


async def rehearse(pool: Any, subscription: Subscription, sequence: SequenceKey, *, overrule: bool = False) -> Released:
    """What the first step would do: it is done, and rolled back."""
    try:
        return await _step(pool, subscription, sequence, LETTERS_A_STEP, overrule=overrule, rehearsal=True)
    except Rehearsed as rehearsed:
        return rehearsed.released
    except SequenceGone:
        return Released()
    except Exception as error:  # noqa: BLE001 - the answer is what would go wrong
        return Released(error=error)


async def _step(
    pool: Any,
    subscription: Subscription,
    sequence: SequenceKey,
    limit: int,
    *,
    overrule: bool,
    rehearsal: bool = False,
) -> Released:
    """The next letters of the sequence, in one transaction."""
    async with pool.acquire() as connection, connection.transaction():
        letters = await locked_letters(connection, subscription.group, sequence, limit)
        interest = subscription.interest
        arrivals = list(arrivals_of(map(dead_letter.received_of, letters), interest))
        keys = {key for arrival in arrivals if (key := arrival.aggregate)}
        marks = await subscription.watermarks.load(connection, subscription.group, keys)
        sorted_out = _sort(arrivals, interest, dict(marks), overrule=overrule)
        done = [letter["id"] for letter in letters[: sorted_out.done]]
        waiting = await remove(connection, subscription.group, sequence, done)
        if sorted_out.meets_gap:
            # What failed before is done: the rest goes on by itself when the missing version comes.
            await block_for(connection, subscription.group, sequence, Reason.GAP)
        if sorted_out.moved:
            await subscription.watermarks.store(connection, subscription.group, sorted_out.moved, sorted_out.apply)
        if sorted_out.apply:
            await subscription.handler(connection, sorted_out.apply)
        applied = len(sorted_out.apply)
        released = Released(applied, sorted_out.done - applied, waiting)
        if rehearsal:
            raise Rehearsed(released)
    return released


async def locked_letters(connection: Any, group: str, sequence: SequenceKey, limit: int) -> Sequence[Mapping[str, Any]]:
    """Locks the sequence against new arrivals and other redrives, then reads its first letters.

    In the order of versions, which after a gap is not that of arrival; where a letter does not say its version, as
    they came.
    """
    locked = await connection.fetchval(
        "SELECT true FROM blocked_sequence WHERE grp = $1 AND topic = $2 AND sequence_key = $3 FOR UPDATE",
        group,
        *sequence,
    )
    if not locked:
        raise SequenceGone
    letters: Sequence[Mapping[str, Any]] = await connection.fetch(
        """
        SELECT * FROM dead_letter WHERE grp = $1 AND topic = $2 AND sequence_key = $3
        ORDER BY CASE WHEN bool_and(aggregate_version IS NOT NULL) OVER () THEN aggregate_version END, id LIMIT $4
        """,
        group,
        *sequence,
        limit,
    )
    return letters


@dataclass
class _SortedOut:
    apply: list[Message]
    moved: dict[AggregateKey, Watermark]
    done: int = 0
    meets_gap: bool = False


def _sort(
    arrivals: Sequence[Arrival], interest: Interest, marks: dict[AggregateKey, Watermark], *, overrule: bool
) -> _SortedOut:
    """As far as the letters can go: up to a gap, or to one that cannot be read (which fails when it is the first)."""
    found = _SortedOut([], {})
    for arrival in arrivals:
        message, key = arrival.message, arrival.aggregate
        if message is None or key is None:
            if found.done == 0:
                raise arrival.error or ValueError("unreadable")
            break
        compacted = interest.topics[message.topic].compacted
        verdict = judge(marks.get(key), message.version, message.envelope.id, compacted=compacted)
        if verdict is Verdict.GAP and not overrule:
            found.meets_gap = True
            break
        if verdict is Verdict.DIVERGED and not overrule:
            if found.done == 0:
                raise Diverged
            break
        found.done += 1
        if verdict is Verdict.DUPLICATE:
            continue
        overrule = False
        marks[key] = found.moved[key] = Watermark(message.version, message.envelope.id)
        if not arrival.ignored and interest.wants(message):
            found.apply.append(message)
    return found


async def remove(connection: Any, group: str, sequence: SequenceKey, letters: Sequence[int]) -> int:
    """The letters that are done disappear; with the last one the sequence is free. Answers how many still wait."""
    await connection.execute("DELETE FROM dead_letter WHERE id = ANY($1::bigint[])", letters)
    waiting: int = await connection.fetchval(
        "SELECT count(*) FROM dead_letter WHERE grp = $1 AND topic = $2 AND sequence_key = $3", group, *sequence
    )
    if waiting == 0:
        await connection.execute(
            "DELETE FROM blocked_sequence WHERE grp = $1 AND topic = $2 AND sequence_key = $3", group, *sequence
        )
    return waiting


async def _failed(pool: Any, group: str, sequence: SequenceKey, done: Released, error: BaseException) -> Released:
    """The head stays, with its new error and one more attempt."""
    failure = Failure.of(error)
    async with pool.acquire() as connection, connection.transaction():
        [head] = await locked_letters(connection, group, sequence, 1)
        reason = _reason_of(error)
        await connection.execute(
            """
            UPDATE dead_letter SET attempts = attempts + 1, last_at = clock_timestamp(), reason = $2,
                error_class = $3, error_detail = $4, stack_hash = $5, stack = $6
            WHERE id = $1
            """,
            head["id"],
            reason,
            failure.error_class,
            failure.detail,
            failure.stack_hash,
            failure.stack,
        )
        await block_for(connection, group, sequence, reason)
        waiting = await connection.fetchval(
            "SELECT count(*) FROM dead_letter WHERE grp = $1 AND topic = $2 AND sequence_key = $3", group, *sequence
        )
    return Released(done.applied, done.skipped, waiting, error)


async def block_for(connection: Any, group: str, sequence: SequenceKey, reason: Reason) -> None:
    await connection.execute(
        "UPDATE blocked_sequence SET reason = $4 WHERE grp = $1 AND topic = $2 AND sequence_key = $3",
        group,
        *sequence,
        reason,
    )


def _reason_of(error: BaseException) -> Reason:
    match error:
        case Diverged():
            return Reason.DIVERGED
        case ForeignTenant():
            return Reason.FOREIGN_TENANT
        case InvalidMessage():
            return Reason.INVALID
        case _:
            return Reason.FAILED


async def fillable_gaps(connection: Any, subscription: Subscription, at_most: int = 200) -> list[SequenceKey]:
    """Sequences that wait for a version which has meanwhile been applied.

    Each time among others, so that gaps that never close, however many and old, do not hide the ones that have.
    """
    rows = await connection.fetch(
        """
        SELECT letter.* FROM (
            SELECT * FROM blocked_sequence WHERE grp = $1 AND reason = 'gap' AND topic = ANY($2::text[])
            ORDER BY random() LIMIT $3
        ) AS sequence
        CROSS JOIN LATERAL (
            SELECT * FROM dead_letter
            WHERE (grp, topic, sequence_key) = (sequence.grp, sequence.topic, sequence.sequence_key)
            ORDER BY aggregate_version, id LIMIT 1
        ) AS letter
        """,
        subscription.group,
        [topic.name for topic in subscription.topics],
        at_most,
    )
    arrivals = list(arrivals_of(map(dead_letter.received_of, rows), subscription.interest))
    keys = {key for arrival in arrivals if (key := arrival.aggregate)}
    marks = await subscription.watermarks.load(connection, subscription.group, keys)
    return [arrival.sequence for arrival in arrivals if _is_fillable(arrival, marks)]


def _is_fillable(arrival: Arrival, marks: Mapping[AggregateKey, Watermark]) -> bool:
    if arrival.message is None or arrival.aggregate is None:
        return True
    mark = marks.get(arrival.aggregate)
    return arrival.message.version <= (mark.version if mark else 0) + 1
