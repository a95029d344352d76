"""Is it ready? One short question for each kind of server, answered with yes or no, never with an exception."""

import asyncio
import struct
from urllib.parse import urlsplit

SECONDS = 2.0
OK = 200
METADATA_REQUEST = struct.pack(">hhih", 3, 1, 1, -1) + struct.pack(">i", 0)  # API 3 version 1, no client id, no topics
FAILURES = (OSError, TimeoutError, EOFError, struct.error)


async def postgres_answers(url: str) -> bool:
    import asyncpg  # noqa: PLC0415 (slow to import; most commands never ask)

    try:
        connection = await asyncpg.connect(url, timeout=SECONDS)
    except (asyncpg.PostgresError, *FAILURES):
        return False
    await connection.close()
    return True


async def kafka_answers(bootstrap: str) -> bool:
    """True once the broker lists itself among the living; before that it takes connections but serves nothing."""
    host, port = bootstrap.split(",", maxsplit=1)[0].rsplit(":", 1)
    try:
        async with asyncio.timeout(SECONDS):
            return await count_brokers(host, int(port)) > 0
    except FAILURES:
        return False


async def http_answers(url: str) -> bool:
    return await http_status(url) == OK


async def http_status(url: str, *, authorization: str = "") -> int:
    """0 when nobody answers in time."""
    try:
        async with asyncio.timeout(SECONDS):
            return await get(url, authorization)
    except (ValueError, IndexError, *FAILURES):
        return 0


async def count_brokers(host: str, port: int) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(struct.pack(">i", len(METADATA_REQUEST)) + METADATA_REQUEST)
        (size,) = struct.unpack(">i", await reader.readexactly(4))
        answer = await reader.readexactly(size)
        return int(struct.unpack(">ii", answer[:8])[1])
    finally:
        writer.close()


async def get(url: str, authorization: str) -> int:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        headers = f"Host: {address.netloc}\r\nAuthorization: {authorization}\r\nConnection: close"
        writer.write(f"GET {address.path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        return int((await reader.readline()).split(maxsplit=2)[1])
    finally:
        writer.close()
