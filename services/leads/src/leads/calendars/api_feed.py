"""Feeds of calendars over HTTP: everybody makes and ends their own; whoever has the address reads it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from chassis.examples import example
from chassis.http_context import context_of
from chassis.openapi import PUBLIC
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, Malformed, NotFound, TooManyRequests
from chassis.routes import CommandRoute, Work
from events.catalogue.identity import Role
from leads.calendars import feed, store
from leads.calendars.inputs import FeedEndInput, FeedInput
from leads.calendars.store import Feed
from leads.calendars.views import FeedView, NewFeedView
from leads.public import PublicRoute

router = APIRouter(route_class=CommandRoute, tags=["calendar"])
public_router = APIRouter(route_class=PublicRoute, tags=["public"])

CALENDAR = "text/calendar"
Token = Annotated[str, Path(min_length=1, max_length=100)]


@router.post("/v1/calendar-feed", status_code=201, responses=problems(Forbidden, Malformed), openapi_extra=example({}))
async def make_feed(body: FeedInput, work: Work) -> NewFeedView:  # noqa: ARG001 - the body says nothing
    """A feed of the caller's own calendar at a new secret address, for calendar programs; the address before it ends.

    It is told once and not kept. It shows when and of which kind, and companies' names; no titles, notes or contacts.
    """
    work.refuse_idempotency_key()
    mine = Feed(work.tenant, _own(work.principal.person))
    token = await feed.made(work, mine)
    return NewFeedView(person=mine.person, made_at=work.now, path=f"/v1/public/calendars/{token}.ics")


@router.get("/v1/calendar-feed", responses=problems(Forbidden))
async def get_feed(reader: Reader) -> FeedView:
    """Since when the caller has a feed; null where there is none."""
    mine = Feed(reader.tenant, _own(reader.principal.person))
    return FeedView(person=mine.person, made_at=await store.feed_made_at(reader.connection, mine))


@router.post("/v1/calendar-feed/revocation", responses=problems(Forbidden), openapi_extra=example({}))
async def end_feed(body: FeedEndInput, work: Work) -> FeedView:
    """The address opens nothing from now on."""
    if body.person is not None and body.person != work.principal.person:
        work.principal.require(Role.ADMIN)
    ended = Feed(work.tenant, body.person or _own(work.principal.person))
    await store.end_feed(work.connection, ended)
    return FeedView(person=ended.person, made_at=None)


@public_router.get(
    "/v1/public/calendars/{token}.ics",
    responses={**problems(NotFound, TooManyRequests), 200: {"content": {CALENDAR: {"schema": {"type": "string"}}}}},
    openapi_extra=PUBLIC,
    response_class=Response,
)
async def read_feed(token: Token, request: Request) -> Response:
    """The calendar as iCalendar, from a month back to a year ahead, at most 1,000 entries, in UTC."""
    return Response(await feed.read(context_of(request.scope).resources, token), media_type=CALENDAR)


def _own(person: UUID | None) -> UUID:
    if person is None:
        raise Forbidden("Only a person has a calendar.")
    return person
