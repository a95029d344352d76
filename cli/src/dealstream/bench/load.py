"""HTTP load: closed (so many connections, each as fast as it can) and open (calls begin when due, whatever happens).

Written on bare streams, because a full HTTP client takes more of a core than the servers under test. With the open
load a latency counts from the moment the call was due: a server that stalls cannot hide the calls it held up.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dealstream.bench.statistics import due_times

IDLE_SECONDS = 3.0


class Request(NamedTuple):
    """What is sent; a body makes it a POST."""

    path: str
    headers: dict[str, str]
    body: bytes = b""


class Answer(NamedTuple):
    status: int
    body: bytes


class Connection:
    """One connection that is kept open; one request at a time."""

    def __init__(self, address: str) -> None:
        place = urlsplit(address)
        self._host, self._port = place.hostname or "127.0.0.1", place.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(self._encoded(request))
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        length = next((int(line[15:]) for line in head if line[:15].lower() == b"content-length:"), 0)
        return Answer(int(head[0].split(b" ", 2)[1]), await reader.readexactly(length))

    async def close(self) -> None:
        if self._streams is not None:
            writer, self._streams = self._streams[1], None
            writer.close()
            await writer.wait_closed()

    def _encoded(self, request: Request) -> bytes:
        lines = [f"{'POST' if request.body else 'GET'} {request.path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        if request.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(request.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + request.body


class WrongAnswer(Exception):
    """A measured request was not answered as it should be, so the measure says nothing."""


REFUSED_MS = 60_000.0
"""What a request counts for that was turned away because the server was overloaded: longer than anybody waits."""
OVERLOADED = 503


def milliseconds(answer: Answer, due: float, status: int) -> float:
    """From when the request was due until now; a server that is overloaded missed every bar, it did not fail."""
    if answer.status == OVERLOADED:
        return REFUSED_MS
    require(answer, status)
    return (time.time() - due) * 1000


def require(answer: Answer, *statuses: int) -> Answer:
    if answer.status not in statuses:
        raise WrongAnswer(f"{answer.status}: {answer.body[:500]!r}")
    return answer


async def closed_load(
    address: str, requests: Iterator[Request], *, connections: int, seconds: float, status: int
) -> float:
    """Requests answered a second."""
    until = time.perf_counter() + seconds
    answered = 0

    async def keep_asking() -> None:
        nonlocal answered
        connection = Connection(address)
        try:
            while time.perf_counter() < until:
                require(await connection.ask(next(requests)), status)
                answered += 1
        finally:
            await connection.close()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(keep_asking())
    return answered / (time.perf_counter() - began)


async def open_load(call: Callable[[int, float], Coroutine[Any, Any, None]], *, rate: float, count: int) -> None:
    """Begin ``call(number, due)`` at each due moment (of ``time.time()``); return when all have ended."""
    began = time.time() + 0.1
    async with asyncio.TaskGroup() as group:
        for number, due in enumerate(due_times(rate, count)):
            await asyncio.sleep(max(0.0, began + due - time.time()))
            group.create_task(call(number, began + due))


class Connections:
    """As many kept-open connections as calls are on their way at once."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._free: list[tuple[Connection, float]] = []

    async def ask(self, request: Request) -> Answer:
        connection = await self._taken()
        answer = await connection.ask(request)
        self._free.append((connection, time.monotonic()))
        return answer

    async def close(self) -> None:
        while self._free:
            await self._free.pop()[0].close()

    async def _taken(self) -> Connection:
        """The one used last; servers close those that were idle for some seconds."""
        while self._free:
            connection, used_at = self._free.pop()
            if time.monotonic() - used_at < IDLE_SECONDS:
                return connection
            await connection.close()
        return Connection(self._address)
