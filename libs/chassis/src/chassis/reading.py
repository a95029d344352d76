"""The edge of every read: ``reader: Reader`` is a read-only transaction of the caller's tenant.

It ends before the answer leaves. ``reader.etag(version)`` sets the ETag, and answers 304 when the caller's copy is
good.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, Request
from starlette.responses import Response

from chassis import aggregate_store as store
from chassis.aggregates import Aggregate, Loaded, State
from chassis.auth import authenticated
from chassis.database import acquired, begin_as_tenant, rolled_back
from chassis.database_errors import as_refusals
from chassis.directory import Directory
from chassis.http_context import RequestContext, context_of
from chassis.paging import Cursors
from chassis.preconditions import etag, none_match
from chassis.principal import Principal, Scope
from chassis.query import refuse_unknown_query
from chassis.refusals import NotFound
from chassis.resources import Resources


class NotModified(Exception):
    """The caller's copy is still good."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        super().__init__(tag)


class ReadTransaction:
    """What a GET endpoint reads through."""

    def __init__(
        self,
        context: RequestContext,
        principal: Principal,
        connection: "asyncpg.Connection[asyncpg.Record]",
        response: Response,
    ) -> None:
        self.resources: Resources = context.resources
        self.principal = principal
        self.connection = connection
        self.now: datetime = context.resources.clock.now()
        self._if_none_match = context.header(b"if-none-match")
        self._response = response

    @property
    def tenant(self) -> UUID:
        return self.principal.tenant

    @property
    def scope(self) -> Scope:
        return self.principal.scope

    @property
    def directory(self) -> Directory:
        return self.resources.directory

    async def fetch(self, statement: str, *values: object) -> list[Any]:
        return list(await self.connection.fetch(statement, *values))

    async def fetchrow(self, statement: str, *values: object) -> Any:
        return await self.connection.fetchrow(statement, *values)

    async def fetchval(self, statement: str, *values: object) -> Any:
        return await self.connection.fetchval(statement, *values)

    async def load(
        self, kind: Aggregate[State], id_: UUID, *, visible: Callable[[State], bool] | None = None
    ) -> Loaded[State]:
        """The aggregate with its ETag set; NotFound when there is none to see."""
        found = await store.load(self.connection, kind, self.tenant, id_)
        if found is None or (visible is not None and not visible(found.state)):
            raise NotFound
        self.etag(found.version)
        return found

    def etag(self, version: int | str) -> None:
        """Set the ETag; leaves the endpoint with 304 when the caller has this version."""
        tag = f'"{version}"' if isinstance(version, str) else etag(version)
        self._response.headers["ETag"] = tag
        if none_match(self._if_none_match, version):
            raise NotModified(tag)

    def cursors(self, purpose: str) -> Cursors:
        """Cursors of one list; name the list and its order, so that no other takes them."""
        return Cursors(self.resources.cursor_secret, self.tenant, purpose)


async def open_reader(request: Request, response: Response) -> AsyncIterator[ReadTransaction]:
    context = context_of(request.scope)
    principal = await authenticated(request)
    refuse_unknown_query(request)
    async with acquired(context.resources.pool) as connection:
        with as_refusals():
            try:
                await connection.execute(begin_as_tenant(principal.tenant, read_only=True))
                yield ReadTransaction(context, principal, connection, response)
            finally:
                await rolled_back(connection)


Reader = Annotated[ReadTransaction, Depends(open_reader, scope="function")]
"""What an endpoint of a query takes."""
