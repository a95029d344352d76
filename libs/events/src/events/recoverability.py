"""Which failures pass by themselves, and how long to wait for them.

A transient failure says nothing about the message: the database is away, two transactions met, something is not there
yet. It is tried again for ever. Everything else is about the message or the code, and leads to the dead letters.
"""

import random
from dataclasses import dataclass

import asyncpg

from events.errors import RetryLater

_TRANSIENT: tuple[type[BaseException], ...] = (
    RetryLater,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,  # what asyncpg makes of a server that dies in the middle of a statement
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without anybody's help."""
    if type(error) is asyncpg.InterfaceError:
        # asyncpg uses the same class for a lost connection and for wrong use; only the text tells them apart.
        return "clos" in str(error)
    return isinstance(error, _TRANSIENT)


def text_of(error: BaseException) -> str:
    """What the error says; an error that cannot say it must not take its reader down."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - asyncpg's do that when they are raised without arguments
        return ""


def described(error: BaseException) -> str:
    return f"{type(error).__name__}: {text_of(error)}"


@dataclass
class Backoff:
    """Growing waits with full jitter, so that many consumers do not return at once."""

    first_seconds: float = 0.1
    longest_seconds: float = 30.0
    failures: int = 0

    def next_seconds(self) -> float:
        self.failures += 1
        ceiling = min(self.longest_seconds, self.first_seconds * 2 ** min(self.failures, 20))
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - jitter, not a secret

    def reset(self) -> None:
        self.failures = 0
