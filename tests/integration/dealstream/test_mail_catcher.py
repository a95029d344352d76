"""The mail catcher takes everything, delivers nothing, and shows what it took."""

import json
import smtplib
import sys
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest

import servers
from dealstream.local import probes
from dealstream.program import Program


@pytest.fixture
def catcher(tmp_path):
    smtp, page = servers.free_port(), servers.free_port()
    words = ("--folder", str(tmp_path), "--smtp-port", str(smtp), "--page-port", str(page))
    program = Program(
        name="mail",
        command=(sys.executable, "-m", "dealstream.local.mail", *words),
        ready=lambda: probes.http_answers(f"http://127.0.0.1:{page}/messages"),
    )
    with servers.running(program):
        yield Catcher(smtp, page)


class Catcher:
    def __init__(self, smtp: int, page: int) -> None:
        self._smtp = smtp
        self._page = f"http://127.0.0.1:{page}"

    def send(self, subject: str, text: str, *recipients: str) -> None:
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = subject, "crm@example.com", ", ".join(recipients)
        message.set_content(text)
        with smtplib.SMTP("127.0.0.1", self._smtp, timeout=10) as smtp:
            smtp.send_message(message)

    def read(self, path: str) -> str:
        with urllib.request.urlopen(self._page + path, timeout=10) as answer:  # noqa: S310
            return answer.read().decode()


def test_a_message_is_caught_with_its_text_in_any_script(catcher):
    catcher.send("Bàn giao khách hàng", "Xin chào Trần Thị Ánh\n", "anh@example.com", "li@example.com")
    (caught,) = json.loads(catcher.read("/messages"))
    assert caught["subject"] == "Bàn giao khách hàng"
    assert caught["to"] == "anh@example.com, li@example.com"
    assert json.loads(catcher.read(f"/messages/{caught['id']}"))["text"].strip() == "Xin chào Trần Thị Ánh"


def test_the_page_shows_the_newest_first_and_escapes_what_strangers_write(catcher):
    catcher.send("first", "", "a@example.com")
    catcher.send("<script>alert(1)</script>", "", "a@example.com")
    page = catcher.read("/")
    assert "<script>" not in page
    assert page.index("&lt;script&gt;") < page.index("first")


def test_an_unknown_message_is_not_found_and_names_lead_nowhere_else(catcher):
    for path in ("/messages/1", "/messages/../../etc/passwd", "/nothing"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            catcher.read(path)
