"""The process: starts, answers probes, ends in order with a stream open, and says what is wrong with its settings."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx2

from chassis.api_keys import secret_sha256
from events.catalogue.identity import ApiKeyState, Role
from integration.chassis.notes import tenant_state

PROGRAM = str(Path(__file__).with_name("notes.py"))
Database = Callable[[], Awaitable[str]]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def start(*arguments: str, **variables: str) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEALSTREAM_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        PROGRAM,
        *arguments,
        env=environment | {"PYTHONPATH": str(Path(PROGRAM).parents[2])} | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def service(
    url: str, kafka: str, *roles: str, **variables: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    port = str(free_port())
    process = await start(*roles, DATABASE_URL=url, KAFKA_BOOTSTRAP_SERVERS=kafka, DEALSTREAM_PORT=port, **variables)
    try:
        await until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        yield process, f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.1)


async def answers(address: str) -> bool:
    async with httpx2.AsyncClient() as client:
        try:
            return (await client.get(address)).status_code == 200
        except httpx2.TransportError:
            return False


async def key_for(url: str) -> str:
    """A tenant and an API key, as identity would have published them."""
    tenant = tenant_state()
    key = ApiKeyState(
        id=uuid4(), name="test", secret_sha256=secret_sha256("s" * 43), roles=(Role.ADMIN, Role.INTEGRATION)
    )
    connection = await asyncpg.connect(url)
    try:
        for kind, state in (("tenant", tenant), ("api_key", key)):
            await connection.execute(
                "INSERT INTO directory_record (tenant_id, kind, id, version, state) VALUES ($1, $2, $3, 1, $4)",
                tenant.id,
                kind,
                state.id,
                state.model_dump_json(),
            )
    finally:
        await connection.close()
    return f"dsk_{key.id.hex}_{'s' * 43}"


async def test_sigterm_ends_a_service_with_an_open_stream(
    new_database: Database, kafka_servers: str, topic_prefix: str
) -> None:
    url = await new_database()
    variables = {"DEALSTREAM_TOPIC_PREFIX": topic_prefix, "DEALSTREAM_TOPIC_PARTITIONS": "1", "NOTES_NAME": "identity"}
    async with service(url, kafka_servers, **variables) as (process, address):
        authorization = {"Authorization": f"Bearer {await key_for(url)}"}
        async with httpx2.AsyncClient(base_url=address, headers=authorization, timeout=20) as client:
            written = await client.post("/v1/notes", json={"name": "A"})
            assert written.status_code == 201, written.text
            await until(lambda: has_come_back(url, written.json()["id"]))
            ready = (await client.get("/readyz?verbose")).json()
            assert ready["ready"], ready
            assert {"database", "migrations", "relay", "consumer identity.directory"} <= set(ready["checks"])
            metrics = (await client.get("/metrics")).text
            route = 'http_server_request_duration_seconds_count{method="POST",route="/v1/notes",status="201"} 1.0'
            assert route in metrics
            assert re.search(r'build_info\{.*service="identity"', metrics)
            async with client.stream("GET", "/v1/stream") as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == 'data: {"number":0}'
                process.send_signal(signal.SIGTERM)
                rest = [line async for line in lines]
        out, _ = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0, out.decode()
        assert len(rest) < 20
        for line in out.decode().splitlines():
            assert {"event", "level", "timestamp", "service"} <= set(json.loads(line)), line


async def has_come_back(url: str, region: str) -> bool:
    """Through outbox, relay, Kafka and the consumer of the directory."""
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("SELECT true FROM directory_record WHERE id = $1", region))
    finally:
        await connection.close()


async def test_a_port_in_use_ends_the_process(new_database: Database, kafka_servers: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = await start(
            "api", DATABASE_URL=await new_database(), KAFKA_BOOTSTRAP_SERVERS=kafka_servers, DEALSTREAM_PORT=port
        )
        out, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert b"address already in use" in out


async def test_wrong_settings_are_named(postgres_url: str) -> None:
    process = await start("api", DATABASE_URL=postgres_url, DEALSTREAM_PROT="1")
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"did you mean DEALSTREAM_PORT?" in errors
    process = await start("relays")
    _, errors = await process.communicate()
    assert (process.returncode, errors[:6]) == (2, b"usage:")


async def test_the_openapi_document_needs_no_server() -> None:
    process = await start("openapi")
    out, _ = await process.communicate()
    document = json.loads(out)
    operation = document["paths"]["/v1/notes"]["post"]
    assert operation["operationId"] == "write_note"
    assert operation["security"] == [{"bearer": []}]
    assert "name-taboo" in operation["responses"]["409"]["description"]
    assert "HTTPValidationError" not in out.decode()
    for status in ("400", "401", "403", "413", "415", "422", "429", "503"):
        assert "application/problem+json" in operation["responses"][status]["content"]
    patch = document["paths"]["/v1/notes/{note_id}"]["patch"]
    assert [each["required"] for each in patch["parameters"] if each["name"] == "If-Match"] == [True]


async def test_a_relay_alone_answers_probes(new_database: Database, kafka_servers: str, topic_prefix: str) -> None:
    variables = {"DEALSTREAM_TOPIC_PREFIX": topic_prefix}
    async with service(await new_database(), kafka_servers, "relay", **variables) as (process, address):
        assert await answers(f"{address}/livez")
        assert not await answers(f"{address}/v1/notes")
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0
