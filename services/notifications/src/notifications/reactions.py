"""Events in: each rule on an event is tried, and each deal's timers follow its newest state."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from chassis.refusals import Invalid, Refusal
from chassis.resources import Resources
from chassis.unit_of_work import UnitOfWork
from events.catalogue.deals import DealEvent, DealState
from events.codec import Message
from events.errors import RetryLater
from events.event import Event
from notifications import store
from notifications.raising import raise_notices, those_above
from notifications.rules import HISTORY_AFTER, PAST_CARE_AFTER, RULES, TIMED_RULES, Rule, TimedRule
from notifications.store import Timer

GROUP = "notifications.rules"
"""The consumer group. Renaming it replays every event there ever was; notices are found by id and not raised again."""


class Reactions:
    """The handler of the consumer."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def handle(self, connection: Any, messages: Sequence[Message]) -> None:
        """Raise what the rules say and set the timers, in the transaction that moves the offset."""
        for message in messages:
            for rule in RULES:
                if isinstance(message.event, rule.on) and not is_history(message):
                    await self._fire(connection, rule, message, message.event)
        await self._follow_deals(connection, messages)

    async def _fire(self, connection: Any, rule: Rule, message: Message, event: Event) -> None:
        work = UnitOfWork.within(connection, self._resources, message)
        try:
            owner = getattr(event.state, "owner", None)
            above = await those_above(work.directory, work.tenant, owner) if owner else frozenset()
            await raise_notices(
                work,
                rule.slug,
                rule.to(event, above),
                subject=(event.topic.aggregate, message.aggregate_id),
                cause=message.envelope.id,
                facts=rule.facts(event),
                at=message.envelope.time,
            )
        except Invalid as unknown:
            # Who is named in an event exists; the topic that says so is merely slower.
            raise RetryLater(unknown.detail) from unknown

    async def _follow_deals(self, connection: Any, messages: Sequence[Message]) -> None:
        """Each deal's timers are those of its newest state."""
        newest = {(m.envelope.tenant, m.aggregate_id): m for m in messages if isinstance(m.event, DealEvent)}
        if newest:
            zones = {tenant: await self._zone(tenant) for tenant in {tenant for tenant, _ in newest}}
            timers = [timer for message in newest.values() for timer in _timers(message, zones)]
            await store.replace_timers(connection, list(newest), timers)

    async def _zone(self, tenant: UUID) -> ZoneInfo:
        try:
            return ZoneInfo((await self._resources.directory.tenant(tenant)).zone)
        except Refusal as unknown:
            raise RetryLater(unknown.detail) from unknown


def is_history(message: Message) -> bool:
    """Whether the event was told long after it happened, as an import does."""
    event = message.event
    return event is not None and message.envelope.time - event.occurred_at > HISTORY_AFTER


def _timers(message: Message, zones: Mapping[UUID, ZoneInfo]) -> Iterable[Timer]:
    if message.event is None:
        return
    deal, tenant, told_at = message.event.state, message.envelope.tenant, message.envelope.time
    for rule in TIMED_RULES:
        due_at = rule.due(deal, zones[tenant])
        if due_at is not None and told_at - due_at <= PAST_CARE_AFTER:
            # A limit that passed a while ago, on a deal touched just now, is asked about soon and not at once.
            soon = told_at + timedelta(minutes=1)
            yield Timer(tenant, rule.slug, max(due_at, soon), occasion_of(rule, deal, due_at), deal)


def occasion_of(rule: TimedRule, deal: DealState, due_at: datetime) -> UUID:
    """What a timed notice is raised for: the limit that passed. Events that leave the limit where it is repeat none."""
    return uuid5(deal.id, f"{rule.slug} {due_at.isoformat()}")
