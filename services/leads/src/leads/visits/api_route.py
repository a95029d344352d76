"""The way through a day's visits over HTTP."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from chassis.inputs import Day
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import Invalid
from chassis.routes import CommandRoute
from leads.calendars.store import of_person
from leads.visits import store
from leads.visits.proof import Position
from leads.visits.route import STOPS_MAX, Route, Stop, length_of, shortest_way
from leads.visits.views import RouteView, StopView

router = APIRouter(route_class=CommandRoute, tags=["visits"])

Latitude = Annotated[float | None, Query(ge=-90, le=90)]
Longitude = Annotated[float | None, Query(ge=-180, le=180)]


@router.get("/v1/visit-route", responses=problems(Invalid))
async def get_visit_route(
    reader: Reader,
    *,
    on: Annotated[Day, Query()],
    person: UUID | None = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
) -> RouteView:
    """In which order a person makes the open visits of a day that the caller may see, from a start if one is given:
    the shortest order of up to nine stops, of more a good one with a bound. Times that customers agreed to are not
    looked at: ``as_planned_metres`` says what the order of the planned times costs.
    """
    person, start = person or _caller(reader), _start(latitude, longitude)
    rows = await _visits(reader, person, on)
    places = await _places(reader, rows)
    planned = [Stop(row["id"], places[row["id"]]) for row in rows if row["id"] in places]
    route = await asyncio.to_thread(shortest_way, planned, start)
    return RouteView(
        person=person,
        on=on,
        stops=_stops(route, {row["id"]: row for row in rows}),
        metres=route.metres,
        shortest=route.shortest,
        bound_metres=route.bound_metres,
        as_planned_metres=length_of(planned, start),
        without_site=[row["id"] for row in rows if row["id"] not in places],
    )


async def _visits(reader: ReadTransaction, person: UUID, on: date) -> Sequence[Any]:
    zone = ZoneInfo((await reader.directory.tenant(reader.tenant)).zone)
    between = _midnight(on, zone), _midnight(on + timedelta(days=1), zone)
    mine = of_person(reader.tenant, person, reader.scope)
    rows = await store.visits_of(reader.connection, mine, between, STOPS_MAX + 1)
    if len(rows) > STOPS_MAX:
        raise Invalid(f"More than {STOPS_MAX} visits are planned for this day.", pointer="/on")
    return rows


async def _places(reader: ReadTransaction, rows: Sequence[Any]) -> dict[UUID, Position]:
    """Where each visit is: at the account's site, else at the lead's."""
    customers = {id_ for row in rows for id_ in (row["account_id"], row["lead_id"])} - {None}
    sites = await store.sites(reader.connection, reader.tenant, customers)
    found = {row["id"]: sites.get(row["account_id"]) or sites.get(row["lead_id"]) for row in rows}
    return {visit: position for visit, position in found.items() if position is not None}


def _stops(route: Route, rows: dict[UUID, Any]) -> list[StopView]:
    return [
        StopView(
            visit=stop.visit,
            account=rows[stop.visit]["account_id"],
            lead=rows[stop.visit]["lead_id"],
            planned_at=rows[stop.visit]["planned_from"],
            latitude=stop.position.latitude,
            longitude=stop.position.longitude,
            leg_metres=leg,
        )
        for stop, leg in zip(route.stops, route.legs, strict=True)
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _start(latitude: float | None, longitude: float | None) -> Position | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        raise Invalid("A start has both.", pointer="/latitude" if latitude is None else "/longitude")
    return Position(latitude, longitude)


def _caller(reader: ReadTransaction) -> UUID:
    if reader.principal.person is None:
        raise Invalid("Say whose visits.", pointer="/person")
    return reader.principal.person
