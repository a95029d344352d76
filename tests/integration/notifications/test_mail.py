"""Mail goes to a real SMTP server; while that is away it waits, and nothing is lost."""

import asyncio
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from integration.notifications.conftest import a_deal, hand, service, won
from notifications.mail import run_mail


class Catcher:
    """Keeps what it is sent; refuses while ``away``."""

    def __init__(self) -> None:
        self.mails = []
        self.away = False

    async def handle_DATA(self, server, session, envelope):
        if self.away:
            return "451 try again later"
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 taken"


@pytest.fixture
def catcher() -> Iterator[tuple[Catcher, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handler = Catcher()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def sending(resources, condition) -> None:
    stop = asyncio.Event()
    loop = asyncio.create_task(run_mail(resources, stop))
    try:
        await until(condition)
        await asyncio.sleep(0.1)
    finally:
        stop.set()
        await loop


async def test_each_recipient_gets_one_mail_in_their_language(new_database, catcher):
    handler, port = catcher
    async with service(await new_database(), smtp_host="127.0.0.1", smtp_port=port) as notifications:
        await hand(notifications, won(a_deal()))
        await sending(notifications.resources, lambda: len(handler.mails) == 3)
        await sending(notifications.resources, lambda: True)
    subjects = {to[0]: mail["Subject"] for to, mail in handler.mails}
    assert len(handler.mails) == 3
    assert subjects["ana@acme.example"].startswith("Đã chốt: Acme, 40 máy quét")
    assert subjects["marco@acme.example"].startswith("赢单")
    bodies = [mail.get_body().get_content() for _, mail in handler.mails]
    assert all("deal-won" in body for body in bodies)


async def test_mail_waits_while_the_server_is_away(new_database, catcher):
    handler, port = catcher
    handler.away = True
    async with service(await new_database(), smtp_host="127.0.0.1", smtp_port=port) as notifications:
        pool = notifications.resources.pool
        await hand(notifications, won(a_deal()))
        stop = asyncio.Event()
        loop = asyncio.create_task(run_mail(notifications.resources, stop))
        async with asyncio.timeout(20):
            while await pool.fetchval("SELECT count(*) FROM mail WHERE last_error IS NOT NULL") < 3:
                await asyncio.sleep(0.02)
        assert handler.mails == []
        handler.away = False
        await pool.execute("UPDATE mail SET next_at = now()")
        await until(lambda: len(handler.mails) == 3)
        stop.set()
        await loop


async def test_the_same_mail_has_the_same_message_id(new_database, catcher):
    handler, port = catcher
    async with service(await new_database(), smtp_host="127.0.0.1", smtp_port=port) as notifications:
        await hand(notifications, won(a_deal()))
        await sending(notifications.resources, lambda: len(handler.mails) == 3)
        await notifications.resources.pool.execute("UPDATE mail SET sent_at = NULL, next_at = now()")
        await sending(notifications.resources, lambda: len(handler.mails) == 6)
    assert len({mail["Message-ID"] for _, mail in handler.mails}) == 3
