"""schemathesis against the OpenAPI document of every service: no 5xx, and no answer that the document does not name.

The service runs behind a real HTTP server, on a real PostgreSQL, with records to be found. Whoever calls is an admin.
The seed is fixed, so a run can be had again; the first line of a failure is the command that repeats the request.
"""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from chassis.testing import Running
from two_firms import HERE, SERVICES, standing, wait_for_nobody

SEED = 20261122
EXAMPLES = 4
"""So many random cases an operation and kind of data, beside the systematic ones at the bounds of its schema."""
SHARED_AT = "notifications"
EXCEPT_SHARED = ("--exclude-tag", "dead letters")
"""What all services have alike is tried at the smallest of them."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SERVICES)
async def test_no_answer_is_a_surprise(
    name: str, new_database: Callable[[], Awaitable[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_nobody(monkeypatch)
    async with standing(name, await new_database(), HERE) as here, served(here.running) as address:
        token = here.running.signer.token(HERE.principal("admin"), lifetime_seconds=3600)
        code, report = await fuzzed(address, token, tmp_path, *([] if name == SHARED_AT else EXCEPT_SHARED))
    assert code == 0, report


async def fuzzed(address: str, token: str, folder: Path, *options: str) -> tuple[int, str]:
    """The exit code of schemathesis and what it says."""
    (folder / "schemathesis.toml").write_text(SETTINGS)
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("run", f"{address}/openapi.json"),
        *("--header", f"Authorization: Bearer {token}", "--seed", str(SEED), "--max-examples", str(EXAMPLES)),
        *("--phases", "examples,coverage,fuzzing", "--checks", "all", "--exclude-checks", EXCLUDED),
        *("--no-shrink", "--warnings", "off", "--suppress-health-check", "all"),
        *options,
    ]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said.decode())


SETTINGS = """
[checks.missing_required_header]
expected-statuses = [401, 415, 422, 428]
"""
"""A change without If-Match is 428."""
EXCLUDED = "positive_data_acceptance,object_level_authorization,use_after_free,ensure_resource_availability"
"""Ids that exist nowhere, and rules between fields, are refused: a valid form is not yet an acceptable request."""


@asynccontextmanager
async def served(running: Running) -> AsyncIterator[str]:
    """The address of a real server before the service."""
    # Named as TCP, or asyncio leaves the delays of small packets on: 40 ms for every answer.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(running.app, lifespan="off", log_config=None, access_log=False, ws="none")
        server: Any = uvicorn.Server(config)
        server.capture_signals = nullcontext
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield "http://{}:{}".format(*listener.getsockname())
        server.should_exit = True
        await task
