"""A person's calendar at an address that holds a secret: made, made anew, ended, read.

What stands in the feed is read without signing in and lies in the servers of calendar programs, so it says little:
when, of which kind, and the name of a company where the person holds the account or nobody does. Titles, notes, leads
and contacts, which are personal data or written by people, are not in it. Only the token's hash is kept.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from chassis.refusals import NotFound, TooManyRequests
from chassis.resources import Resources
from chassis.unit_of_work import UnitOfWork, unit_of_work
from events.catalogue.activities import ActivityState
from leads import store_pace
from leads.calendars import store
from leads.calendars.ical import Entry, calendar_text
from leads.calendars.planned import Span
from leads.calendars.store import Feed

BACK: Final = timedelta(days=31)
AHEAD: Final = timedelta(days=366)
PER_MINUTE: Final = 20
"""Calendar programs ask a few times an hour, some of them from several devices."""


async def made(work: UnitOfWork, feed: Feed) -> str:
    """A new token; the one before, if any, opens nothing any more."""
    token = secrets.token_urlsafe(32)
    await store.keep_feed(work.connection, feed, _hash(token), work.now)
    return token


async def read(resources: Resources, token: str) -> bytes:
    """The feed behind a token; NotFound where nobody gave it out, it was ended, or its person is no longer here."""
    feed = await store.find_feed(resources.pool, _hash(token))
    if feed is None:
        raise NotFound("This address is not known.")
    await _take_turn(resources, feed)
    async with unit_of_work(resources, tenant=feed.tenant) as work:
        person = await work.directory.person(feed.tenant, feed.person)
        if not person.active:
            raise NotFound("This address is not known.")
        rows = await store.shown(work.connection, feed, Span(work.now - BACK, work.now + AHEAD))
    entries = [Entry(ActivityState.model_validate_json(row["state"]), row["version"], row["name"]) for row in rows]
    return calendar_text(entries, person.locale)


async def _take_turn(resources: Resources, feed: Feed) -> None:
    """Of a transaction of its own, so that a request that is refused counts as well."""
    async with unit_of_work(resources, tenant=feed.tenant) as work:
        seconds = await store_pace.seconds_to_wait(work.connection, feed.tenant, feed.person, "feed", PER_MINUTE)
    if seconds is not None:
        raise TooManyRequests(retry_after=seconds)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
