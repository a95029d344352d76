"""A mail catcher: takes every message by SMTP, delivers none, and shows them on a page and as JSON.

Messages are files in a folder, so that they survive a restart; only the newest ``KEPT`` stay.
"""

import argparse
import asyncio
import email
import email.policy
import html
import json
import threading
import time
from collections.abc import Sequence
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 500
STYLE = "body{font:15px system-ui;margin:2rem auto;max-width:60rem}td{padding:.3rem 1rem .3rem 0;vertical-align:top}"


class Box:
    """The folder of messages, newest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes, recipients: Sequence[str]) -> None:
        name = f"{time.time_ns():020}"
        partial = self._folder / f"{name}.new"
        partial.write_bytes(b"X-Caught-For: " + ", ".join(recipients).encode() + b"\r\n" + content)
        partial.rename(self._folder / f"{name}.eml")
        for old in self._files()[KEPT:]:
            old.unlink(missing_ok=True)

    def all(self) -> list[dict[str, Any]]:
        return [summary(file.stem, read(file)) for file in self._files()]

    def get(self, name: str) -> dict[str, Any] | None:
        file = self._folder / f"{name}.eml"
        if not name.isdigit() or not file.exists():
            return None
        message = read(file)
        return {**summary(name, message), "text": body(message, "plain"), "html": body(message, "html")}

    def clear(self) -> None:
        for file in self._files():
            file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.eml"), reverse=True)


class Catch:
    """What the SMTP server does with a message."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        self._box.put(content if isinstance(content, bytes) else content.encode(), envelope.rcpt_tos)
        return "250 Message caught"


def read(file: Path) -> EmailMessage:
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def summary(name: str, message: EmailMessage) -> dict[str, Any]:
    return {
        "id": name,
        "caught_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(name) / 1e9)),
        "from": str(message["From"] or ""),
        "to": str(message["X-Caught-For"] or ""),
        "subject": str(message["Subject"] or ""),
    }


def body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else None


def page(messages: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{message['caught_at']}<td>{html.escape(message['to'])}"
        f"<td><a href='/messages/{message['id']}'>{html.escape(message['subject'] or '(no subject)')}</a>"
        for message in messages
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Inbox</title><style>{STYLE}</style>"
        f"<h1>Inbox</h1><p>{len(messages)} caught messages; none was delivered to anybody."
        f"<table><tr><th>Caught<th>To<th>Subject</tr>{rows}</table>"
    )


def handler(box: Box) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._answer(200, page(box.all()), "text/html; charset=utf-8")
            elif self.path == "/messages":
                self._answer(200, json.dumps(box.all()))
            elif message := box.get(self.path.removeprefix("/messages/")):
                self._answer(200, json.dumps(message, ensure_ascii=False))
            else:
                self._answer(404, json.dumps({"title": "No such message", "status": 404}))

        def do_DELETE(self) -> None:
            box.clear()
            self._answer(200, "[]")

        def _answer(self, status: int, text: str, kind: str = "application/json") -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Requests for the page are not worth a line each."""

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--page-port", type=int, required=True)
    chosen = parser.parse_args()
    box = Box(chosen.folder)
    pages = ThreadingHTTPServer(("127.0.0.1", chosen.page_port), handler(box))
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    asyncio.run(catch(box, chosen.smtp_port))


async def catch(box: Box, port: int) -> None:
    controller = UnthreadedController(Catch(box), "127.0.0.1", port, loop=asyncio.get_running_loop())
    await controller._create_server()  # noqa: SLF001 (begin() would run the loop that runs already)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
