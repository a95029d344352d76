"""Calendars over HTTP: what a person has planned, and when people are free."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.inputs import OccurredAt
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import Forbidden, Invalid
from chassis.routes import CommandRoute
from events.catalogue.activities import ActivityState
from leads.activities import store as activities
from leads.activities.showing import texts_shown
from leads.calendars import store
from leads.calendars.planned import Span, in_common, merged, overlapping, without, worked
from leads.calendars.views import CalendarEntryView, FreeBusyView, PersonTimeView, SpanView
from leads.customers.personal_data import PersonalReads

router = APIRouter(route_class=CommandRoute, tags=["calendar"])

LONGEST: Final = timedelta(days=92)
MOST_PEOPLE: Final = 20

Instant = Annotated[OccurredAt, Query()]


@router.get("/v1/calendar", responses=problems(Invalid))
async def get_calendar(
    reads: PersonalReads,
    reader: Reader,
    *,
    at_from: Instant,
    at_to: Instant,
    person: UUID | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[CalendarEntryView]:
    """Calls, meetings and visits that a person has planned between two times, as far as the caller sees them, by time;
    absent, ``person`` is the caller.
    """
    within, person = _within(at_from, at_to), person or _caller(reader)
    cursors = reader.cursors(f"calendar {person} {at_from} {at_to}")
    mine = store.of_person(reader.tenant, person, reader.scope)
    rows = await store.page(reader.connection, mine, within, after=cursors.read(cursor), limit=limit)
    beside = await _beside(reader, person, rows)
    planned = {row["id"]: ActivityState.model_validate_json(row["state"]) for row in rows[:limit]}
    texts = await texts_shown(reads, reader, list(planned.values()))

    def view(row: Any) -> CalendarEntryView:
        id_ = row["id"]
        return _entry(row, planned[id_], texts.get(id_, activities.NO_TEXT).title, beside[id_])

    return cursors.page(rows, limit, view, lambda row: [row["planned_from"], row["id"]])


@router.get("/v1/free-busy", responses=problems(Forbidden, Invalid))
async def get_free_busy(
    reader: Reader,
    *,
    person: Annotated[list[UUID], Query(min_length=1, max_length=MOST_PEOPLE)],
    at_from: Instant,
    at_to: Instant,
) -> FreeBusyView:
    """When people are taken between two times, and when they work and are free, without a word of what they do: one's
    own time, and that of the people whom one leads.
    """
    within, people = _within(at_from, at_to), list(dict.fromkeys(person))
    await _refuse_strangers(reader, people)
    taken = await store.taken(reader.connection, reader.tenant, people, within)
    found = [await _time_of(reader, each, taken[each], within) for each in people]
    together = in_common([[Span(each.start, each.until) for each in one.free] for one in found])
    return FreeBusyView(people=found, free_together=[SpanView.of(each) for each in together])


async def _time_of(reader: ReadTransaction, person: UUID, taken: list[Span], within: Span) -> PersonTimeView:
    busy = merged(taken, within)
    working = await reader.directory.working_time(reader.tenant, person)
    free = without(worked(within, working), busy)
    return PersonTimeView(
        person=person, busy=[SpanView.of(each) for each in busy], free=[SpanView.of(each) for each in free]
    )


async def _refuse_strangers(reader: ReadTransaction, people: list[UUID]) -> None:
    today = await reader.directory.today(reader.tenant)
    for each in people:
        if not reader.scope.allows(await reader.directory.owner(reader.tenant, each, today, pointer="/person")):
            raise Forbidden("You see your own time and that of the people whom you lead.", pointer="/person")


async def _beside(reader: ReadTransaction, person: UUID, rows: list[Any]) -> dict[UUID, list[UUID]]:
    """What overlaps the rows of a page, also where it is on another page."""
    if not rows:
        return {}
    hull = Span(rows[0]["planned_from"], max(row["planned_until"] for row in rows))
    mine = store.of_person(reader.tenant, person, reader.scope)
    around = await store.page(reader.connection, mine, hull, after=None, limit=store.MOST_TAKEN)
    known = {row["id"]: row for row in (*around, *rows)}
    spans = [(id_, Span(row["planned_from"], row["planned_until"])) for id_, row in known.items()]
    return overlapping(spans)


def _entry(row: Any, activity: ActivityState, title: str | None, conflicts: list[UUID]) -> CalendarEntryView:
    return CalendarEntryView(
        activity=activity.id,
        kind=activity.kind,
        status=activity.status,
        start=row["planned_from"],
        until=row["planned_until"],
        title=title,
        lead=activity.lead_id,
        account=activity.account_id,
        contact=activity.contact_id,
        conflicts=conflicts,
    )


def _within(at_from: datetime, at_to: datetime) -> Span:
    if not timedelta() < at_to - at_from <= LONGEST:
        raise Invalid(f"It lies after at_from, by {LONGEST.days} days at most.", pointer="/at_to")
    return Span(at_from, at_to)


def _caller(reader: ReadTransaction) -> UUID:
    if reader.principal.person is None:
        raise Invalid("Say whose calendar.", pointer="/person")
    return reader.principal.person
