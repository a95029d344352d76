"""The servers of the tests: one PostgreSQL and one Kafka a run, a fresh database and topic prefix for each test.

``DEALSTREAM_TEST_DATABASE_URL`` and ``DEALSTREAM_TEST_KAFKA`` name servers that run already. Without them containers
are used where a Docker engine answers, and otherwise the embedded servers of the command line. Nothing starts before a
test asks for it, except for parallel runs, whose workers share what the first process starts.
"""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

import servers
from running_platform import RunningPlatform, running_platform

DATABASE_VARIABLE = "DEALSTREAM_TEST_DATABASE_URL"
KAFKA_VARIABLE = "DEALSTREAM_TEST_KAFKA"

shared = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("numprocesses", default=None) and not hasattr(session.config, "workerinput"):
        share(DATABASE_VARIABLE, servers.postgres)
        share(KAFKA_VARIABLE, servers.kafka)


def share(variable: str, start: Callable[[], AbstractContextManager[str]]) -> None:
    """Workers inherit the environment of the process that starts them."""
    if not os.environ.get(variable):
        os.environ[variable] = shared.enter_context(start())


def pytest_unconfigure() -> None:
    shared.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The maintenance database of a server on which databases and roles may be created."""
    if url := os.environ.get(DATABASE_VARIABLE):
        yield url
        return
    with servers.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def kafka_servers() -> Iterator[str]:
    """The bootstrap servers of a broker that does not create topics by itself."""
    if bootstrap := os.environ.get(KAFKA_VARIABLE):
        yield bootstrap
        return
    with servers.kafka() as bootstrap:
        yield bootstrap


@pytest_asyncio.fixture
async def new_database(postgres_url: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Creates a fresh, empty database on each call and answers its URL; all are dropped when the test ends."""
    names: list[str] = []

    async def create() -> str:
        name = f"test_{secrets.token_hex(6)}"
        await execute(postgres_url, f'CREATE DATABASE "{name}"')
        names.append(name)
        return urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))

    yield create
    for name in names:
        await execute(postgres_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def platform() -> Iterator[RunningPlatform]:
    """A whole platform of its own, for tests that look at it from outside; each of them founds its own tenants."""
    with running_platform() as started:
        yield started


@pytest.fixture
def topic_prefix() -> str:
    """No two tests share a topic or a consumer's position."""
    return f"t{secrets.token_hex(4)}."


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
