"""The way out by mail: what was queued with a notice is handed to the mail server.

At least once: between the server's yes and our note of it a crash sends the mail again, with the same ``Message-ID``,
by which mail programs recognise it. While the server is down mails wait; nothing else waits for them.
"""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
import structlog

from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from events.catalogue.identity import PersonState
from notifications import store
from notifications.metrics import MAIL_FAILED, MAIL_SENT, MAIL_WAITING
from notifications.sentences import language, reason, sentence
from notifications.settings import NotificationsSettings
from notifications.store import Mail

LEASE = timedelta(minutes=2)
AT_ONCE = 50
TICK_SECONDS = 0.5
RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 300, 1_800, 7_200, 28_800, 86_400))
"""Waits between attempts; when they are used up the mail is given up and the notice stays in the inbox."""

_log = structlog.get_logger(__name__)


async def run_mail(resources: Resources, stop: asyncio.Event) -> None:
    """Send queued mail until told to stop; without a mail server set, nothing is sent and nothing is lost."""
    settings = resources.settings
    if not isinstance(settings, NotificationsSettings) or settings.smtp_host is None:
        return
    while not stop.is_set():
        claimed = await store.claim_mail(resources.pool, LEASE, AT_ONCE)
        for mail in claimed:
            await _send(resources, settings, mail)
        MAIL_WAITING.set(await store.mail_waiting(resources.pool))
        if not claimed:
            await pause(stop, TICK_SECONDS)


async def _send(resources: Resources, settings: NotificationsSettings, mail: Mail) -> None:
    try:
        person = await resources.directory.person(mail.tenant, mail.recipient)
        if person.email is not None and person.active:
            await aiosmtplib.send(
                composed(mail, person, settings.mail_from),
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
                start_tls=settings.smtp_start_tls,
                timeout=20,
            )
            MAIL_SENT.inc()
        await store.mail_sent(resources.pool, mail.tenant, mail.notice.id)
    except (aiosmtplib.SMTPException, OSError, TimeoutError, Refusal) as error:
        await _failed(resources, mail, error)


async def _failed(resources: Resources, mail: Mail, error: Exception) -> None:
    give_up = mail.attempts > len(RETRY_AFTER)
    again_in = RETRY_AFTER[min(mail.attempts, len(RETRY_AFTER)) - 1]
    MAIL_FAILED.inc()
    _log.warning("mail not taken", notification=str(mail.notice.id), attempts=mail.attempts, error=repr(error)[:200])
    await store.mail_failed(resources.pool, mail.tenant, mail.notice.id, repr(error)[:500], again_in, give_up=give_up)


def composed(mail: Mail, person: PersonState, sender: str) -> EmailMessage:
    """The mail in the recipient's language."""
    spoken = language(person.locale)
    text = sentence(mail.notice.rule, mail.notice.facts, spoken)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = str(person.email)
    message["Subject"] = text.splitlines()[0][:200]
    message["Date"] = format_datetime(mail.notice.raised_at)
    message["Message-ID"] = f"<{mail.notice.id}@notifications.dealstream>"
    message.set_content(f"{text}\n\n{reason(mail.notice.rule, spoken)}\n")
    return message
