"""What speaks against a plan: other plans of the person, leave, hours in which the person does not work.

Whoever plans with ``refuse`` plans alone for that person, so of two who take the same time at the same moment one is
refused. What overlaps is named to those who see it; the time that is taken is told to everybody who plans.
"""

from uuid import UUID

from chassis.unit_of_work import UnitOfWork
from events.catalogue.activities import ActivityState
from leads.activities import store as activities
from leads.activities.appointments import CLOSED
from leads.calendars import store
from leads.calendars.inputs import Conflicts
from leads.calendars.planned import Conflict, ConflictReason, ScheduleConflict, Span, against_calendar, span_of
from leads.calendars.views import ConflictView


async def conflicts_of(work: UnitOfWork, activity: ActivityState, wanted: Conflicts) -> list[ConflictView]:
    """What speaks against the time of an activity that is planned; with ``refuse`` its person must have that time."""
    span = span_of(activity)
    if span is None or activity.status in CLOSED or wanted == "ignore":
        return []
    person = activity.performer.person
    if wanted == "refuse":
        await store.alone(work.connection, work.tenant, person)
    found = await _found(work, activity.id, person, span)
    if wanted == "refuse" and any(each.forbids for each in found):
        views = [ConflictView.of(each).model_dump(mode="json") for each in found]
        raise ScheduleConflict(pointer="/planned_at", conflicts=views)
    return [ConflictView.of(each) for each in found]


async def _found(work: UnitOfWork, activity: UUID, person: UUID, span: Span) -> list[Conflict]:
    clashing = await store.clashing(work.connection, work.tenant, person, span, activity)
    ids = [id_ for id_, _ in clashing]
    seen = await activities.sees(work.connection, work.tenant, work.principal.scope, ids) if ids else set()
    overlaps = [Conflict(ConflictReason.OVERLAP, other, id_ if id_ in seen else None) for id_, other in clashing]
    return [*overlaps, *against_calendar(span, await work.directory.working_time(work.tenant, person))]
