"""The one place that says what an error of PostgreSQL means to a caller.

What input caused is a refusal with its 4xx; what will pass is Unavailable; anything else is a fault of ours and stays
an exception.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from asyncpg import exceptions as pg

from chassis.refusals import AlreadyExists, ConcurrentChange, Invalid, Refusal, TooLarge, Unavailable
from events.errors import EventTooLarge

_CONCURRENT = (
    pg.SerializationError,
    pg.DeadlockDetectedError,
    pg.LockNotAvailableError,
    pg.InvalidCachedStatementError,
)
_PASSING = (
    pg.PostgresConnectionError,
    pg.InsufficientResourcesError,
    pg.OperatorInterventionError,
    pg.ReadOnlySQLTransactionError,
    pg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


class EventRefused(TooLarge):
    """The record has grown larger than one event can carry."""

    slug = "record-too-large"


@contextmanager
def as_refusals() -> Iterator[None]:
    """Turn errors of the database into refusals where they are one."""
    try:
        yield
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        EventTooLarge,
        OSError,
    ) as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error


def refusal_of(error: Exception) -> Refusal | None:
    for kinds, refusal in _MEANINGS:
        if isinstance(error, kinds):
            return refusal(error)
    return None


def _already_exists(error: Any) -> Refusal:
    """PostgreSQL names a constraint ``<table>_tenant_id_<column>_key`` by itself: so the field at fault is known."""
    if error.table_name == "idempotency_key":
        return ConcurrentChange(retry_after=1)
    name = error.constraint_name or ""
    field = name.removeprefix(f"{error.table_name}_").removeprefix("tenant_id_").removesuffix("_key")
    if field in ("", "pkey") or not name.endswith("_key"):
        return AlreadyExists(constraint=name)
    return AlreadyExists(f"A record with this {field} exists.", pointer=f"/{field}")


_MEANINGS: tuple[tuple[tuple[type[Exception], ...], Callable[[Any], Refusal]], ...] = (
    ((pg.UniqueViolationError, pg.ExclusionViolationError), _already_exists),
    ((EventTooLarge,), lambda _: EventRefused()),
    ((pg.DataError, asyncpg.DataError), lambda _: Invalid("A value is outside of what can be stored.")),
    (
        (pg.CheckViolationError, pg.ForeignKeyViolationError),
        lambda error: Invalid(f"The rule {error.constraint_name} forbids this."),
    ),
    (_CONCURRENT, lambda _: ConcurrentChange(retry_after=1)),
    (_PASSING, lambda _: Unavailable("The database is not available.", retry_after=1)),
)
"""The first that fits decides."""
