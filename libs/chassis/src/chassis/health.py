"""Is the process alive, ready, started; what runs here; its metrics.

``/livez`` asks nothing but the event loop. ``/readyz`` fails while the service drains, cannot reach its database,
lacks migrations, or a loop of it has died; ``?verbose`` says which. Kafka away does not make it unready: commands go
on, their events wait in the outbox. Nor does a consumer that waits or has stopped a partition, of which ``?verbose``
tells: requests are answered meanwhile, and an alert calls the operator.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from chassis import metrics
from chassis.database import FAILURES, acquired
from chassis.http_context import context_of
from chassis.migrate import Source, is_migrated
from chassis.refusals import Unavailable
from chassis.resources import Resources

CHECK_SECONDS = 2.0

Check = Callable[[], Awaitable[str | None]]
"""Answers what is wrong, or None."""


@dataclass(slots=True)
class Health:
    """The checks of a process; loops add theirs."""

    checks: dict[str, Check] = field(default_factory=dict)
    consumers: dict[str, Callable[[], Mapping[str, Any]]] = field(default_factory=dict)
    """How the consumers stand, by group."""
    started: bool = False

    @classmethod
    def of(cls, resources: Resources, sources: list[Source]) -> "Health":
        health = cls()
        migrated = False

        async def draining() -> str | None:
            return "the process is shutting down" if resources.stopping.is_set() else None

        async def database() -> str | None:
            async with acquired(resources.pool) as connection:
                await connection.fetchval("SELECT 1")
            return None

        async def migrations() -> str | None:
            nonlocal migrated
            if not migrated:
                async with acquired(resources.pool) as connection:
                    migrated = await is_migrated(connection, sources)
            return None if migrated else "migrations are outstanding"

        health.checks |= {"draining": draining, "database": database, "migrations": migrations}
        return health

    async def complaints(self) -> dict[str, str | None]:
        return {name: await _asked(check) for name, check in self.checks.items()}

    def routes(self, service: str) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.get("/livez")
        async def livez() -> Response:
            return Response("ok", media_type="text/plain")

        @router.get("/readyz")
        async def readyz(request: Request) -> Response:
            complaints = await self.complaints()
            return self._verbose(complaints) if "verbose" in request.query_params else self._short(complaints)

        @router.get("/startupz")
        async def startupz() -> Response:
            return Response("ok" if self.started else "starting", 200 if self.started else 503, media_type="text/plain")

        @router.get("/version")
        async def version(request: Request) -> Response:
            name = context_of(request.scope).resources.service
            return JSONResponse({"service": name, "version": metrics.service_version(service)})

        @router.get("/metrics")
        async def exposition() -> Response:
            return Response(metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})

        return router

    @staticmethod
    def _short(complaints: dict[str, str | None]) -> Response:
        ready = not any(complaints.values())
        return Response("ok" if ready else "not ready", _status(ready), media_type="text/plain")

    def _verbose(self, complaints: dict[str, str | None]) -> Response:
        ready = not any(complaints.values())
        checks = {name: complaint or "ok" for name, complaint in complaints.items()}
        consumers = {group: told_of(look()) for group, look in self.consumers.items()}
        return JSONResponse({"ready": ready, "checks": checks, "consumers": consumers}, _status(ready))


def _status(ready: bool) -> int:
    return 200 if ready else 503


def told_of(consumer: Mapping[str, Any]) -> str:
    """What an operator must know of a consumer, by what it says of its health."""
    if consumer["stopped"]:
        return f"stopped: {_listed(consumer['stopped'])}"
    if consumer["retrying"]:
        return f"tries again: {_listed(consumer['retrying'])}"
    return "ok" if consumer["ready"] else f"waits: {consumer['last_error'] or 'positions are not read yet'}"


def _listed(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{partition} ({reason})" for partition, reason in sorted(reasons.items()))


async def _asked(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), CHECK_SECONDS)
    except Unavailable as refusal:
        return refusal.detail
    except FAILURES as error:
        return f"{type(error).__name__}: {error}"
