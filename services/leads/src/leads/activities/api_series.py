"""Plans that come again, over HTTP: made together, each an activity of its own, and ended together."""

from collections.abc import Iterator
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from chassis.examples import example
from chassis.problems import problems
from chassis.refusals import Forbidden, Invalid, NotApplied, NotFound, Refusal
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from leads.activities import recording, store
from leads.activities.activity import ACTIVITY, CancelActivity, NoteIsNoPlan
from leads.activities.appointments import NotAnAppointment, TimesBackwards, VisitWithoutContact
from leads.activities.inputs import LAST, SeriesEndInput, SeriesInput
from leads.activities.recording import Recordings
from leads.activities.recurring import times
from leads.activities.showing import texts_shown
from leads.activities.views import ActivityView, PlannedActivityView, SeriesView
from leads.calendars.conflicting import conflicts_of
from leads.calendars.planned import ScheduleConflict
from leads.customers.consent import ContactForbidden
from leads.customers.personal_data import PersonalReads

router = APIRouter(route_class=CommandRoute, tags=["activities"])

WEEKLY = {
    "kind": "call",
    "lead_external_id": "l-9",
    "status": "planned",
    "planned_at": "2026-03-02T03:20:00Z",
    "every": "week",
    "times": 4,
}


@router.post(
    "/v1/activity-series",
    status_code=201,
    responses=problems(
        ContactForbidden,
        Forbidden,
        Invalid,
        NoteIsNoPlan,
        NotAnAppointment,
        ScheduleConflict,
        TimesBackwards,
        VisitWithoutContact,
    ),
    openapi_extra=example(WEEKLY),
)
async def plan_series(body: SeriesInput, work: Work) -> SeriesView:
    """Plan an activity again and again, each week or month at the same time of the clock; all of them or none.

    A month that lacks the day has its last one. With ``conflicts`` as ``refuse`` each of them must find its time free.
    """
    series, recordings = work.new_id(), Recordings(work)
    await recordings.gather([body])
    planned = [await recordings.recording(each, series) for each in await _bodies(work, body)]
    found = [await conflicts_of(work, each.command.activity, body.conflicts) for each in planned]
    answers = await recording.record(work, planned, atomic=True)
    for answer in answers:
        if isinstance(answer, Refusal) and not isinstance(answer, NotApplied):
            raise answer
    shown = [
        PlannedActivityView(**dict(ActivityView.of(answer, each.text)), conflicts=conflicts)
        for answer, each, conflicts in zip(answers, planned, found, strict=True)
        if not isinstance(answer, Refusal)
    ]
    work.version = None
    return SeriesView(series=series, activities=shown)


@router.post(
    "/v1/activity-series/{series_id}/cancellation",
    responses=problems(NotFound, Forbidden),
    openapi_extra=example({"at_from": "2026-03-16T00:00:00Z", "reason": "customer-left"}),
)
async def end_series(series_id: UUID, body: SeriesEndInput, reads: PersonalReads, work: Work) -> SeriesView:
    """What of it is still to be done from a time on will not be done."""
    command = CancelActivity(moment=await work.moment(body.occurred_at), reason=body.reason)
    left = await store.open_of_series(work.connection, work.tenant, series_id, body.at_from or work.now)
    if not left:
        raise NotFound("Nothing of such a series is left to be done.")
    ended = []
    for id_ in left:
        await recording.changeable(work, id_)
        ended.append(await work.execute(ACTIVITY, id_, command))
    texts = await texts_shown(reads, work, [each.state for each in ended])
    work.version = None
    views = [ActivityView.of(each, texts.get(each.state.id, store.NO_TEXT)) for each in ended]
    return SeriesView(series=series_id, activities=[PlannedActivityView(**dict(view), conflicts=[]) for view in views])


async def _bodies(work: UnitOfWork, body: SeriesInput) -> list[SeriesInput]:
    zone = ZoneInfo((await work.directory.tenant(work.tenant)).zone)
    bodies = list(_each(body, zone))
    if bodies[-1].planned_at is None or bodies[-1].planned_at > LAST:
        raise Invalid("The last one lies beyond 2100.", pointer="/times")
    return bodies


def _each(body: SeriesInput, zone: ZoneInfo) -> Iterator[SeriesInput]:
    if body.planned_at is None:
        raise Invalid("Say for when it is planned.", pointer="/planned_at")
    length = None if body.planned_until is None else body.planned_until - body.planned_at
    for at in times(body.planned_at, body.every, body.interval, body.times, zone):
        yield body.model_copy(update={"planned_at": at, "planned_until": None if length is None else at + length})
