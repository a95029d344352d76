"""Public holidays of a country, once a process: lunar ones, yearly decrees, and the weekends worked in their place.

The library that knows them takes a second and some megabytes to load. A thread does that when a country is first
wanted, which ``keep_loaded`` makes happen before a request asks; the event loop never waits for it. Days that a
government has not decreed yet are as the calendar has them.
"""

import asyncio
from datetime import date
from functools import cache
from threading import Lock

import structlog
from asyncpg import Pool, Record
from babel.core import get_global

from chassis import directory_store as store
from chassis.database import FAILURES
from chassis.holiday_countries import COUNTRIES
from chassis.refusals import Unavailable
from chassis.ticking import pause
from chassis.working_time import NO_HOLIDAYS, PublicHolidays

YEARS = range(2000, 2051)
"""Outside of them no holiday is known."""
TICK_SECONDS = 15.0

log = structlog.get_logger(__name__)
_loading = Lock()
_loaded: dict[str, PublicHolidays] = {}


async def holidays_of(country: str | None) -> PublicHolidays:
    """Those of the country; none where the country is none or has no known holidays."""
    if country is None or country not in COUNTRIES:
        return NO_HOLIDAYS
    found = _loaded.get(country)
    return await asyncio.to_thread(_load, country) if found is None else found


def country_of(holidays: str, zone: str) -> str | None:
    """The country whose holidays a calendar means by ``zone``, ``none`` or the country itself."""
    if holidays != "zone":
        return None if holidays == "none" else holidays
    return _of_zone(zone)


async def keep_loaded(pool: "Pool[Record]", stop: asyncio.Event) -> None:
    """Load what the tenants need before a request asks for it, until told to stop."""
    while not stop.is_set():
        try:
            for holidays, zone in await store.calendars(pool):
                await holidays_of(country_of(holidays, zone))
        except (Unavailable, *FAILURES) as error:
            log.warning("holidays are not looked after", error=str(error))
        await pause(stop, TICK_SECONDS)


@cache
def _of_zone(zone: str) -> str | None:
    zone = get_global("zone_aliases").get(zone, zone)
    country = get_global("zone_territories").get(zone)
    return str(country) if country in COUNTRIES else None


def _load(country: str) -> PublicHolidays:
    """In a thread; the first one loads, others wait for it."""
    with _loading:
        if country not in _loaded:
            _loaded[country] = _known(country)
        return _loaded[country]


def _known(country: str) -> PublicHolidays:
    from holidays import country_holidays  # noqa: PLC0415 - loading it is what must not happen in a request

    known = country_holidays(country, years=YEARS)
    worked: frozenset[date] = frozenset(getattr(known, "weekend_workdays", ()))
    return PublicHolidays({day: str(name) for day, name in known.items() if day not in worked}, worked)
