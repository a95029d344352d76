"""A background loop waits while its servers are away; a fault of its own still ends the process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from chassis import process
from chassis.refusals import Unavailable

AWAY = (
    ConnectionRefusedError(),
    asyncpg.ConnectionDoesNotExistError(),
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    Unavailable("The database is not available."),
)


def failing(*errors: Exception) -> tuple[Callable[[Any, asyncio.Event], Awaitable[None]], list[Exception]]:
    """A loop that fails with each error in turn, and then ends."""
    left = list(errors)

    async def background(_resources: Any, _stop: asyncio.Event) -> None:
        if left:
            raise left.pop(0)

    return background, left


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "OUTAGE_SECONDS", 0.0)


async def test_what_passes_by_itself_is_waited_out() -> None:
    background, left = failing(*AWAY)
    await process._through_outages(background, None, asyncio.Event())  # type: ignore[arg-type]
    assert left == []


async def test_a_fault_of_the_loop_itself_ends_it() -> None:
    background, left = failing(ZeroDivisionError(), ConnectionRefusedError())
    with pytest.raises(ZeroDivisionError):
        await process._through_outages(background, None, asyncio.Event())  # type: ignore[arg-type]
    assert len(left) == 1
