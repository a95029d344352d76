"""Activities over HTTP: plan, write down, complete, cancel, list by person, by whom they concern and by time."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Command, Loaded
from chassis.bulk import Batch, BatchReply, reply
from chassis.examples import example
from chassis.inputs import ExternalId, OccurredAt
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound, Refusal
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus
from leads.activities import batch as activity_batch
from leads.activities import recording, store
from leads.activities.activity import (
    ACTIVITY,
    CancelActivity,
    NoteActivity,
    NoteIsNoPlan,
)
from leads.activities.appointments import (
    ActivityIsClosed,
    AskAppointment,
    MissAppointment,
    NotAgreed,
    NotAnAppointment,
    NotDueYet,
    Plan,
    TimesBackwards,
    TooManyMoves,
    VisitWithoutContact,
)
from leads.activities.batch import ActivityItem, known_by_name
from leads.activities.following_up import NothingToFollowUp
from leads.activities.inputs import (
    ActivityChange,
    ActivityWithNextStep,
    AgreementInput,
    CancellationInput,
    CompletionInput,
    MoveInput,
)
from leads.activities.recording import Recordings
from leads.activities.showing import texts_shown
from leads.activities.views import ActivityView, PlannedActivityView
from leads.calendars.conflicting import conflicts_of
from leads.calendars.inputs import Conflicts
from leads.calendars.planned import ScheduleConflict
from leads.calendars.views import ConflictView
from leads.customers.consent import ContactForbidden
from leads.customers.personal_data import PersonalReads, Reads
from leads.inputs import When
from leads.known_names import name_taken
from leads.sequence import OutOfSequence
from leads.store import Query as Conditions
from leads.store import of_lead

router = APIRouter(route_class=CommandRoute, tags=["activities"])

CALL = {
    "kind": "call",
    "external_id": "call-71",
    "lead_external_id": "l-9",
    "occurred_at": "2026-03-02T03:20:00Z",
    "outcome": "interested",
    "note": "Wants an offer for 200 laptops.",
}
Order = Literal["at", "-at"]


@router.post(
    "/v1/activities",
    status_code=201,
    responses=problems(
        AlreadyExists,
        ContactForbidden,
        Forbidden,
        Invalid,
        NoteIsNoPlan,
        NotAnAppointment,
        NothingToFollowUp,
        ScheduleConflict,
        TimesBackwards,
        VisitWithoutContact,
    ),
    openapi_extra=example(CALL),
)
async def record_activity(
    body: ActivityWithNextStep, reads: PersonalReads, work: Work, response: Response
) -> PlannedActivityView:
    """Write down what was done, or plan it. The first contact with a lead stands on the lead at once.

    ``conflicts`` says what to do when the person is taken or away at the time planned.
    """
    if body.external_id is not None and body.external_id in (known := await known_by_name(work, [body])):
        there, seen = known[body.external_id]
        raise name_taken("An activity", there, seen=seen)
    recordings = Recordings(work)
    await recordings.gather([body])
    planned = await recordings.recording(body)
    found = await conflicts_of(work, planned.command.activity, body.conflicts)
    [done] = await recording.record(work, [planned])
    if isinstance(done, Refusal):
        raise done
    await recording.plan_next(work, done.state, body.next_step)
    work.version = done.version
    response.headers["Location"] = f"/v1/activities/{done.state.id}"
    return _with(found, await _shown(reads, work, done))


@router.post("/v1/activities:batch", openapi_extra=example({"items": [{"item_id": "1", **CALL}]}))
async def record_activities(body: Batch[ActivityItem], work: Work, response: Response) -> BatchReply:
    """Write down or plan many; one whose external id is known is answered with ``existing``."""
    results = await activity_batch.run(work, body.items, atomic=body.atomic)
    work.version = None
    return reply(results, response)


@router.get("/v1/activities")
async def list_activities(
    reads: PersonalReads,
    reader: Reader,
    *,
    performer: UUID | None = None,
    lead: UUID | None = None,
    account: UUID | None = None,
    contact: UUID | None = None,
    series: UUID | None = None,
    kind: ActivityKind | None = None,
    status: ActivityStatus | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    at_from: Annotated[OccurredAt | None, Query()] = None,
    at_to: Annotated[OccurredAt | None, Query()] = None,
    sort: Order = "at",
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ActivityView]:
    """Activities that the caller may see, by when they were done or else are planned: from ``at_from``, before
    ``at_to``. Those of a ``lead`` are also those of the leads that were merged into it.
    """
    cursors = reader.cursors(f"activities {sort}")
    query = Conditions(reader.tenant)
    query.equal(
        {
            "performer_id": performer,
            "account_id": account,
            "contact_id": contact,
            "series_id": series,
            "kind": kind and kind.value,
            "status": status and status.value,
            "external_id": external_id,
        }
    )
    of_lead(query, lead)
    store.seen_by(query, reader.scope)
    after, descending = cursors.read(cursor), sort.startswith("-")
    rows = await store.by_time(
        reader.connection, query, after=after, between=(at_from, at_to), descending=descending, limit=limit
    )
    found = [(row["at"], _loaded(row)) for row in rows]
    texts = await texts_shown(reads, reader, [each.state for _, each in found[:limit]])
    return cursors.page(found, limit, lambda each: _view(each[1], texts), lambda each: [each[0], each[1].state.id])


@router.get("/v1/activities/{activity_id}", responses=problems(NotFound))
async def get_activity(activity_id: UUID, reads: PersonalReads, reader: Reader) -> ActivityView:
    """One activity."""
    if not await store.sees(reader.connection, reader.tenant, reader.scope, [activity_id]):
        raise NotFound
    loaded = await reader.load(ACTIVITY, activity_id)
    texts = await texts_shown(reads, reader, [loaded.state])
    return ActivityView.of(loaded, texts.get(activity_id, store.NO_TEXT))


@router.patch(
    "/v1/activities/{activity_id}",
    responses=problems(NotFound, Forbidden, Invalid),
    openapi_extra=example({"note": "Wants an offer for 250 laptops.", "outcome": "interested"}),
)
async def change_activity(activity_id: UUID, body: ActivityChange, reads: PersonalReads, work: Work) -> ActivityView:
    """Change title, note or outcome code."""
    await recording.changeable(work, activity_id)
    given = {name: getattr(body, name) for name in body.model_fields_set}
    written = {name: value for name, value in given.items() if name != "outcome"}
    changes = {name: value for name, value in given.items() if name == "outcome"}
    command = NoteActivity(moment=await work.moment(), changes=changes, texts_changed=bool(written))
    loaded = await work.execute(ACTIVITY, activity_id, command)
    if written:
        await recording.rewrite(work, activity_id, written)
    return await _shown(reads, work, loaded)


@router.post(
    "/v1/activities/{activity_id}/completion",
    responses=problems(NotFound, Forbidden, ActivityIsClosed, Invalid, NotAgreed, NothingToFollowUp, OutOfSequence),
    openapi_extra=example({"outcome": "offer-wanted", "occurred_at": "2026-03-02T03:20:00Z", "note": "Met the buyer."}),
)
async def complete_activity(activity_id: UUID, body: CompletionInput, reads: PersonalReads, work: Work) -> ActivityView:
    """It was done, when and how; a meeting or visit was held."""
    return await _shown(reads, work, await recording.complete(work, activity_id, body))


@router.post(
    "/v1/activities/{activity_id}/cancellation",
    responses=problems(NotFound, Forbidden, ActivityIsClosed),
    openapi_extra=example({"reason": "customer-ill"}),
)
async def cancel_activity(activity_id: UUID, body: CancellationInput, reads: PersonalReads, work: Work) -> ActivityView:
    """It will not be done."""
    return await _changed(
        reads, work, activity_id, CancelActivity(moment=await work.moment(body.occurred_at), reason=body.reason)
    )


@router.post(
    "/v1/activities/{activity_id}/request",
    responses=problems(NotFound, Forbidden, ActivityIsClosed, NotAnAppointment),
    openapi_extra=example({"occurred_at": "2026-03-02T03:20:00Z"}),
)
async def ask_for_appointment(activity_id: UUID, body: When, reads: PersonalReads, work: Work) -> ActivityView:
    """The customer was asked for the meeting or visit; it is held only once the customer has agreed."""
    return await _changed(reads, work, activity_id, AskAppointment(moment=await work.moment(body.occurred_at)))


@router.post(
    "/v1/activities/{activity_id}/agreement",
    responses=problems(
        NotFound, Forbidden, ActivityIsClosed, NotAnAppointment, OutOfSequence, ScheduleConflict, TooManyMoves
    ),
    openapi_extra=example({"planned_at": "2026-03-05T02:00:00Z", "planned_until": "2026-03-05T03:00:00Z"}),
)
async def agree_to_appointment(
    activity_id: UUID, body: AgreementInput, reads: PersonalReads, work: Work
) -> PlannedActivityView:
    """The customer agreed, maybe to another time."""
    command = await recording.agreement(work, body)
    return await _planned(reads, work, activity_id, command, command.plan, wanted=body.conflicts)


@router.post(
    "/v1/activities/{activity_id}/move",
    responses=problems(NotFound, Forbidden, ActivityIsClosed, OutOfSequence, ScheduleConflict, TooManyMoves),
    openapi_extra=example({"planned_at": "2026-03-06T02:00:00Z", "agreed": True}),
)
async def move_activity(activity_id: UUID, body: MoveInput, reads: PersonalReads, work: Work) -> PlannedActivityView:
    """Another time. Moved on the planned day or later, that day's plan came to nothing."""
    command = await recording.moving(work, body)
    return await _planned(reads, work, activity_id, command, command.plan, wanted=body.conflicts)


@router.post(
    "/v1/activities/{activity_id}/no-show",
    responses=problems(NotFound, Forbidden, ActivityIsClosed, NotAnAppointment, NotAgreed, NotDueYet),
    openapi_extra=example({"occurred_at": "2026-03-05T03:30:00Z"}),
)
async def miss_appointment(activity_id: UUID, body: When, reads: PersonalReads, work: Work) -> ActivityView:
    """The customer was not there."""
    return await _changed(reads, work, activity_id, MissAppointment(moment=await work.moment(body.occurred_at)))


async def _changed(reads: Reads, work: UnitOfWork, activity_id: UUID, command: Command) -> ActivityView:
    await recording.changeable(work, activity_id)
    return await _shown(reads, work, await work.execute(ACTIVITY, activity_id, command))


async def _planned(
    reads: Reads, work: UnitOfWork, activity_id: UUID, command: Command, plan: Plan | None, *, wanted: Conflicts
) -> PlannedActivityView:
    """Changed, and held against what else is planned where it has another time."""
    activity = await recording.changeable(work, activity_id)
    moved = None if plan is None else activity.model_copy(update=plan.fields())
    found = [] if moved is None else await conflicts_of(work, moved, wanted)
    return _with(found, await _shown(reads, work, await work.execute(ACTIVITY, activity_id, command)))


def _with(conflicts: list[ConflictView], view: ActivityView) -> PlannedActivityView:
    return PlannedActivityView(**dict(view), conflicts=conflicts)


def _view(loaded: Loaded[ActivityState], texts: dict[UUID, store.ActivityText]) -> ActivityView:
    return ActivityView.of(loaded, texts.get(loaded.state.id, store.NO_TEXT))


async def _shown(reads: Reads, work: UnitOfWork, loaded: Loaded[ActivityState]) -> ActivityView:
    texts = await texts_shown(reads, work, [loaded.state])
    return ActivityView.of(loaded, texts.get(loaded.state.id, store.NO_TEXT))


def _loaded(row: Any) -> Loaded[ActivityState]:
    return Loaded(ActivityState.model_validate_json(row["state"]), row["version"])
