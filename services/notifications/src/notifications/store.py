"""All SQL of notifications beyond loading and saving a notice, which the unit of work does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from events.catalogue.deals import DealState
from notifications.notification import Notification

Connection = asyncpg.Connection

_INBOX = """
SELECT id, version, state FROM notification
WHERE tenant_id = $1 AND recipient = $2 AND (NOT $3 OR read_at IS NULL)
  AND ($4::timestamptz IS NULL OR (raised_at, id) < ($4, $5::uuid))
ORDER BY raised_at DESC, id DESC LIMIT $6
"""
_UNREAD = "SELECT count(*) FROM notification WHERE tenant_id = $1 AND recipient = $2 AND read_at IS NULL"
_UNREAD_IDS = (
    "SELECT id FROM notification WHERE tenant_id = $1 AND recipient = $2 AND read_at IS NULL ORDER BY id LIMIT $3"
)
_CANCEL_TIMERS = "DELETE FROM timer WHERE (tenant_id, subject_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))"
_SET_TIMERS = """
INSERT INTO timer (tenant_id, rule, subject_id, due_at, cause, deal)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::uuid[], $6::jsonb[])
ON CONFLICT (tenant_id, rule, subject_id)
DO UPDATE SET due_at = excluded.due_at, cause = excluded.cause, deal = excluded.deal
"""
_TENANTS_WITH_DUE_TIMERS = "SELECT DISTINCT tenant_id FROM timer WHERE due_at <= $1"
_TAKE_DUE_TIMERS = """
DELETE FROM timer WHERE (tenant_id, rule, subject_id) IN (
    SELECT tenant_id, rule, subject_id FROM timer WHERE tenant_id = $1 AND due_at <= $2
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING rule, cause, deal
"""
_POSTPONE_TIMER = """
INSERT INTO timer (tenant_id, rule, subject_id, due_at, cause, deal) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, rule, subject_id) DO NOTHING
"""
_QUEUE_MAIL = """
INSERT INTO mail (tenant_id, notification_id, recipient) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, notification_id) DO NOTHING
"""
_CLAIM_MAIL = """
UPDATE mail SET attempts = attempts + 1, next_at = clock_timestamp() + $1::interval
FROM (
    SELECT tenant_id, notification_id FROM mail
    WHERE sent_at IS NULL AND given_up_at IS NULL AND next_at <= clock_timestamp()
    ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
) due
JOIN notification n ON n.tenant_id = due.tenant_id AND n.id = due.notification_id
WHERE mail.tenant_id = due.tenant_id AND mail.notification_id = due.notification_id
RETURNING mail.tenant_id, mail.notification_id, mail.recipient, mail.attempts, n.state
"""
_MAIL_SENT = (
    "UPDATE mail SET sent_at = clock_timestamp(), last_error = NULL WHERE tenant_id = $1 AND notification_id = $2"
)
_MAIL_FAILED = """
UPDATE mail SET last_error = $3, next_at = clock_timestamp() + $4::interval,
    given_up_at = CASE WHEN $5 THEN clock_timestamp() END
WHERE tenant_id = $1 AND notification_id = $2
"""
_MAIL_WAITING = "SELECT count(*) FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL"


@dataclass(frozen=True)
class Timer:
    """Somebody is to be told at ``due_at``; ``cause`` is the occasion, which stays while the limit stays."""

    tenant: UUID
    rule: str
    due_at: datetime
    cause: UUID
    deal: DealState


@dataclass(frozen=True)
class DueTimer:
    """A timer whose time has come; taking it deletes it."""

    rule: str
    cause: UUID
    deal: DealState


@dataclass(frozen=True)
class Mail:
    """A mail in hand: nobody else takes it before its lease ends."""

    tenant: UUID
    recipient: UUID
    attempts: int
    notice: Notification


async def inbox(
    connection: Any, tenant: UUID, person: UUID, *, unread: bool, after: Sequence[str | None] | None, limit: int
) -> list[tuple[Notification, int]]:
    """A person's notices with their versions, newest first."""
    raised_at = datetime.fromisoformat(str(after[0])) if after else None
    id_ = UUID(str(after[1])) if after else None
    rows = await connection.fetch(_INBOX, tenant, person, unread, raised_at, id_, limit)
    return [(Notification.model_validate_json(row["state"]), row["version"]) for row in rows]


async def unread_count(connection: Any, tenant: UUID, person: UUID) -> int:
    """How many notices the person has not read."""
    return int(await connection.fetchval(_UNREAD, tenant, person))


async def unread_ids(connection: Any, tenant: UUID, person: UUID, limit: int) -> list[UUID]:
    """Unread notices of a person, at most ``limit``."""
    return [row["id"] for row in await connection.fetch(_UNREAD_IDS, tenant, person, limit)]


async def replace_timers(connection: Any, subjects: Sequence[tuple[UUID, UUID]], timers: Sequence[Timer]) -> None:
    """Whatever was set for these deals (tenant, id) is cancelled; these timers are set."""
    await connection.execute(_CANCEL_TIMERS, [tenant for tenant, _ in subjects], [id_ for _, id_ in subjects])
    if timers:
        await connection.execute(
            _SET_TIMERS,
            [timer.tenant for timer in timers],
            [timer.rule for timer in timers],
            [timer.deal.id for timer in timers],
            [timer.due_at for timer in timers],
            [timer.cause for timer in timers],
            [timer.deal.model_dump_json() for timer in timers],
        )


async def tenants_with_due_timers(connection: Any, now: datetime) -> list[UUID]:
    """Whose timers have come due."""
    return [row["tenant_id"] for row in await connection.fetch(_TENANTS_WITH_DUE_TIMERS, now)]


async def take_due_timers(connection: Any, tenant: UUID, now: datetime, limit: int) -> list[DueTimer]:
    """Take due timers for good; if the transaction fails they are there again."""
    rows = await connection.fetch(_TAKE_DUE_TIMERS, tenant, now, limit)
    return [DueTimer(row["rule"], row["cause"], DealState.model_validate_json(row["deal"])) for row in rows]


async def postpone_timer(connection: Any, tenant: UUID, timer: DueTimer, due_at: datetime) -> None:
    """Set a timer again that was taken, unless something has happened to its deal meanwhile."""
    deal = timer.deal
    await connection.execute(_POSTPONE_TIMER, tenant, timer.rule, deal.id, due_at, timer.cause, deal.model_dump_json())


async def queue_mail(connection: Any, tenant: UUID, notification: UUID, recipient: UUID) -> None:
    """A mail goes out for this notice, once."""
    await connection.execute(_QUEUE_MAIL, tenant, notification, recipient)


async def claim_mail(connection: Any, lease: Any, limit: int) -> list[Mail]:
    """Take due mails for the time of the lease; one whose sender dies comes up again after it."""
    rows = await connection.fetch(_CLAIM_MAIL, lease, limit)
    return [
        Mail(row["tenant_id"], row["recipient"], row["attempts"], Notification.model_validate_json(row["state"]))
        for row in rows
    ]


async def mail_sent(connection: Any, tenant: UUID, notification: UUID) -> None:
    """The mail server has taken it."""
    await connection.execute(_MAIL_SENT, tenant, notification)


async def mail_failed(
    connection: Any, tenant: UUID, notification: UUID, error: str, again_in: Any, *, give_up: bool
) -> None:
    """The mail server has not taken it; it is tried again later, or given up."""
    await connection.execute(_MAIL_FAILED, tenant, notification, error, again_in, give_up)


async def mail_waiting(connection: Any) -> int:
    """How many mails wait to be taken by the mail server."""
    return int(await connection.fetchval(_MAIL_WAITING))
