"""Redriving dead letters, and discarding them; audited.

A redrive must run in a process that has the handlers, since events pass through the same handler under the lock of
their sequence. One redrive of a consumer runs at a time, whichever process starts it: the second gets ``Conflict``.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from events import dead_letter
from events.audit import By, Conflict, content_of, record
from events.batch import Subscription
from events.letters import Filter, LetterNotFound
from events.recoverability import described
from events.release import SequenceGone, locked_letters, rehearse, release, remove
from events.triage import SequenceKey, arrivals_of
from events.watermark import Verdict, Watermark, judge

ATTEMPTS_BEFORE_FORCE = 3


class NotTheHead(Conflict):
    """Earlier letters of the sequence wait before this one."""


class UnknownConsumer(Exception):
    """This process has no handler for that consumer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one sequence."""

    consumer: str
    topic: str
    sequence_key: str
    head: int
    applied: int = 0
    skipped: int = 0
    waiting: int = 0
    error: str | None = None
    needs_force: bool = False


@dataclass
class Report:
    """What a redrive did, or would do."""

    dry_run: bool
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(outcome.applied + outcome.skipped for outcome in self.outcomes)

    @property
    def failed(self) -> int:
        return sum(outcome.error is not None for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a redrive goes about it."""

    dry_run: bool = False
    """Tries the first letters of each sequence and rolls back."""
    per_second: float | None = None
    maximum: int | None = None
    """Letters, in all."""
    force: bool = False
    """Also heads that have failed three redrives."""
    overrule: bool = False
    """Accept a forked history, or a missing version that never comes."""


class Redriver:
    """Redrives the dead letters of the consumers whose handlers it is given."""

    def __init__(self, pool: Any, subscriptions: Iterable[Subscription]) -> None:
        self._pool = pool
        self._subscriptions = {subscription.group: subscription for subscription in subscriptions}

    async def redrive(self, wanted: Filter, by: By, terms: Terms | None = None) -> Report:
        """Works off every sequence whose head matches; a consumer must be named. Raises ``Conflict``."""
        terms = terms or Terms()
        subscription = self._subscription(wanted.consumer)
        async with self._alone(subscription.group) as connection:
            found = await heads(connection, wanted)
            return await self._redrive(subscription, found, by, terms, maximum=terms.maximum)

    async def redrive_letter(
        self, letter_id: int, by: By, terms: Terms | None = None, *, tenant: UUID | None = None
    ) -> Report:
        """Just this letter, which must be the head of its sequence."""
        letter = await self._letter(letter_id, tenant)
        subscription = self._subscription(letter["grp"])
        async with self._alone(subscription.group) as connection:
            one = Filter(subscription.group, letter["topic"], sequence_key=letter["sequence_key"])
            found = await heads(connection, one)
            if [head["id"] for head in found] != [letter_id]:
                raise NotTheHead
            return await self._redrive(subscription, found, by, terms or Terms(), maximum=1)

    async def discard(self, letter_id: int, by: By, *, tenant: UUID | None = None) -> Outcome:
        """Takes the head of a sequence out for good: its version counts as applied, without effect. What waited behind
        goes on.
        """
        letter = await self._letter(letter_id, tenant)
        subscription = self._subscription(letter["grp"])
        sequence = SequenceKey(letter["topic"], letter["sequence_key"])
        async with self._alone(subscription.group) as connection:
            async with connection.transaction():
                await self._discard_head(connection, subscription, sequence, letter_id, by)
            released = await release(self._pool, subscription, sequence)
        error = None if released.error is None else described(released.error)
        return Outcome(
            subscription.group, *sequence, letter_id, released.applied, released.skipped, released.waiting, error
        )

    def _subscription(self, group: str | None) -> Subscription:
        try:
            return self._subscriptions[group or ""]
        except KeyError:
            raise UnknownConsumer(f"{group} is none of {', '.join(sorted(self._subscriptions))}") from None

    @asynccontextmanager
    async def _alone(self, group: str) -> AsyncIterator[Any]:
        """A connection that holds the lock of the consumer's redrives; the lock ends with it, however it ends."""
        async with self._pool.acquire() as connection:
            if not await connection.fetchval(
                "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", f"redrive {group}"
            ):
                raise Conflict(f"dead letters of {group} are being redriven by somebody else")
            try:
                yield connection
            finally:
                await connection.execute("SELECT pg_advisory_unlock_all()")

    async def _letter(self, letter_id: int, tenant: UUID | None) -> Mapping[str, Any]:
        condition, values = Filter(tenant=tenant).sql(2)
        letter: Mapping[str, Any] | None = await self._pool.fetchrow(
            f"SELECT * FROM dead_letter AS letter WHERE id = $1 AND {condition}", letter_id, *values
        )
        if letter is None:
            raise LetterNotFound
        return letter

    async def _redrive(
        self,
        subscription: Subscription,
        heads: Sequence[Mapping[str, Any]],
        by: By,
        terms: Terms,
        *,
        maximum: int | None,
    ) -> Report:
        report = Report(terms.dry_run)
        for head in heads:
            left = None if maximum is None else maximum - report.done
            if left is not None and left <= 0:
                break
            if head["attempts"] >= ATTEMPTS_BEFORE_FORCE and not terms.force:
                report.outcomes.append(_outcome(head, needs_force=True))
            elif terms.dry_run:
                report.outcomes.append(await self._rehearse(subscription, head, terms))
            else:
                report.outcomes.append(await self._work_off(subscription, head, by, terms, left))
        return report

    async def _rehearse(self, subscription: Subscription, head: Mapping[str, Any], terms: Terms) -> Outcome:
        sequence = SequenceKey(head["topic"], head["sequence_key"])
        return _outcome(head, await rehearse(self._pool, subscription, sequence, overrule=terms.overrule))

    async def _work_off(
        self, subscription: Subscription, head: Mapping[str, Any], by: By, terms: Terms, left: int | None
    ) -> Outcome:
        sequence = SequenceKey(head["topic"], head["sequence_key"])
        overrule, applied, skipped = terms.overrule, 0, 0
        while True:
            at_most = 1 if terms.per_second else left
            released = await release(self._pool, subscription, sequence, at_most=at_most, overrule=overrule)
            overrule = False
            applied, skipped = applied + released.applied, skipped + released.skipped
            finished = released.error is not None or released.waiting == 0 or released.applied + released.skipped == 0
            if finished or not terms.per_second or (left is not None and applied + skipped >= left):
                break
            await asyncio.sleep(1 / terms.per_second)
        outcome = _outcome(head, released, applied=applied, skipped=skipped)
        async with self._pool.acquire() as connection:
            await record(
                connection,
                "redrive",
                by,
                head,
                outcome=outcome.error or f"{applied} applied, {skipped} skipped",
                overruled=terms.overrule and outcome.error is None,
            )
        return outcome

    async def _discard_head(
        self, connection: Any, subscription: Subscription, sequence: SequenceKey, letter_id: int, by: By
    ) -> None:
        try:
            [head] = await locked_letters(connection, subscription.group, sequence, 1)
        except SequenceGone:
            raise LetterNotFound from None
        if head["id"] != letter_id:
            raise NotTheHead
        await _pass_over(connection, subscription, head)
        await remove(connection, subscription.group, sequence, [letter_id])
        await record(connection, "discard", by, head, before=content_of(head))


async def heads(connection: Any, wanted: Filter) -> Sequence[Mapping[str, Any]]:
    """The first letter of each sequence, where it matches."""
    condition, values = wanted.sql(1, "head")
    heads: Sequence[Mapping[str, Any]] = await connection.fetch(
        f"""
        SELECT head.* FROM blocked_sequence AS sequence
        CROSS JOIN LATERAL (
            SELECT * FROM dead_letter
            WHERE (grp, topic, sequence_key) = (sequence.grp, sequence.topic, sequence.sequence_key)
            ORDER BY CASE WHEN bool_and(aggregate_version IS NOT NULL) OVER () THEN aggregate_version END, id LIMIT 1
        ) AS head
        WHERE {condition} ORDER BY head.first_at, head.id
        """,
        *values,
    )
    return heads


async def _pass_over(connection: Any, subscription: Subscription, head: Mapping[str, Any]) -> None:
    """The version of a discarded event counts as applied, so that the next one is no gap."""
    interest = subscription.interest
    [arrival] = arrivals_of([dead_letter.received_of(head)], interest)
    message, key = arrival.message, arrival.aggregate
    if message is None or key is None:
        return
    marks = await subscription.watermarks.load(connection, subscription.group, [key])
    compacted = interest.topics[message.topic].compacted
    if judge(marks.get(key), message.version, message.envelope.id, compacted=compacted) is Verdict.NEXT:
        mark = Watermark(message.version, message.envelope.id)
        await subscription.watermarks.store(connection, subscription.group, {key: mark}, [])


def _outcome(head: Mapping[str, Any], released: Any = None, *, needs_force: bool = False, **done: int) -> Outcome:
    counts = {} if released is None else {"applied": released.applied, "skipped": released.skipped} | done
    return Outcome(
        head["grp"],
        head["topic"],
        head["sequence_key"],
        head["id"],
        **counts,
        waiting=released.waiting if released else 0,
        error=None if released is None or released.error is None else described(released.error),
        needs_force=needs_force,
    )
