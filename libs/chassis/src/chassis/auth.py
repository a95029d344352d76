"""The caller of an endpoint.

``Caller`` is for endpoints that take neither ``Work`` nor ``Reader``; those carry their ``principal`` themselves.
"""

from typing import Annotated

from fastapi import Depends, Request

from chassis.http_context import context_of
from chassis.principal import Principal
from chassis.query import refuse_unknown_query


async def authenticated(request: Request) -> Principal:
    """The caller; Unauthenticated when there is none."""
    context = context_of(request.scope)
    return await context.resources.authenticator.principal(context.header(b"authorization"))


async def _caller(request: Request) -> Principal:
    principal = await authenticated(request)
    refuse_unknown_query(request)
    return principal


Caller = Annotated[Principal, Depends(_caller)]
