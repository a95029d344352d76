"""The proof of visits over HTTP: check-in and check-out, and the sites of customers.

A position is seen by the person who was there and by who leads that person.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from chassis.aggregates import Command
from chassis.examples import example
from chassis.occurrence import HISTORIANS
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, Invalid, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.activities import ActivityState
from leads.activities import recording
from leads.activities import store as activities
from leads.activities.activity import ACTIVITY
from leads.activities.appointments import ActivityIsClosed, NotAgreed
from leads.activities.views import ActivityView
from leads.customers.customer import CUSTOMER
from leads.lead import LEAD
from leads.lookups import sees_account, sees_lead
from leads.sequence import OutOfSequence
from leads.visits import store
from leads.visits.inputs import LeavingInput, PositionInput, ReadingInput
from leads.visits.proof import (
    AlreadyChecked,
    CheckIn,
    CheckOut,
    NotAVisit,
    NotCheckedIn,
    Reading,
    Rules,
    is_impossible,
    metres_between,
)
from leads.visits.store import KeptReading
from leads.visits.views import ProofView, ReadingView, SiteView

router = APIRouter(route_class=CommandRoute, tags=["visits"])

SITE = {"latitude": 21.0278, "longitude": 105.8342}
HERE = {**SITE, "accuracy_metres": 12}


@router.post(
    "/v1/activities/{activity_id}/check-in",
    responses=problems(NotFound, Forbidden, ActivityIsClosed, AlreadyChecked, NotAgreed, NotAVisit, OutOfSequence),
    openapi_extra=example(HERE),
)
async def check_in(activity_id: UUID, body: ReadingInput, work: Work) -> ActivityView:
    """The performer is at the customer's site. What speaks against it is flagged, not refused."""
    activity = await _own(work, activity_id)
    moment, rules = await work.moment(body.occurred_at), await store.rules(work.connection, work.tenant)
    reading = await _reading(work, activity, body, moment.at, rules)
    return await _checked(work, activity, body, CheckIn(moment=moment, reading=reading, rules=rules))


@router.post(
    "/v1/activities/{activity_id}/check-out",
    responses=problems(NotFound, Forbidden, ActivityIsClosed, AlreadyChecked, NotCheckedIn, Invalid, OutOfSequence),
    openapi_extra=example(HERE),
)
async def check_out(activity_id: UUID, body: LeavingInput, work: Work) -> ActivityView:
    """The performer leaves; the visit is verified where nothing speaks against it. It may be completed before or after.

    ``steps`` are those done of the standard steps of the account's class.
    """
    activity = await _own(work, activity_id)
    moment, rules = await work.moment(body.occurred_at), await store.rules(work.connection, work.tenant)
    plan = await store.plan_for(work.connection, work.tenant, activity.account_id)
    if plan is None and body.steps:
        raise Invalid("Visits of this customer have no standard steps.", pointer="/steps")
    reading = await _reading(work, activity, body, moment.at, rules)
    command = CheckOut(moment=moment, reading=reading, rules=rules, steps=tuple(body.steps), plan=plan)
    return await _checked(work, activity, body, command)


@router.get("/v1/activities/{activity_id}/proof", responses=problems(NotFound, Forbidden))
async def get_proof(activity_id: UUID, reader: Reader) -> ProofView:
    """Where the performer checked in and out: for the performer, and for who leads that person."""
    if not await activities.sees(reader.connection, reader.tenant, reader.scope, [activity_id]):
        raise NotFound
    activity = (await reader.load(ACTIVITY, activity_id)).state
    recording.refuse_stranger(reader.principal, activity)
    rows = await store.readings(reader.connection, reader.tenant, activity_id)
    return ProofView(readings=[ReadingView(**dict(row)) for row in rows])


@router.put("/v1/accounts/{account_id}/site", responses=problems(NotFound), openapi_extra=example(SITE))
async def place_account(account_id: UUID, body: PositionInput, work: Work) -> SiteView:
    """Say where the account is visited."""
    scope = work.principal.scope
    await work.load(CUSTOMER, account_id, visible=lambda account: sees_account(scope, account))
    return await _placed(work, account_id, body)


@router.get("/v1/accounts/{account_id}/site", responses=problems(NotFound))
async def get_site_of_account(account_id: UUID, reader: Reader) -> SiteView:
    """Where the account is visited."""
    await reader.load(CUSTOMER, account_id, visible=lambda account: sees_account(reader.scope, account))
    return await _site(reader, account_id)


@router.put("/v1/leads/{lead_id}/site", responses=problems(NotFound), openapi_extra=example(SITE))
async def place_lead(lead_id: UUID, body: PositionInput, work: Work) -> SiteView:
    """Say where a lead is visited; its account's site goes before it."""
    scope = work.principal.scope
    await work.load(LEAD, lead_id, visible=lambda lead: sees_lead(scope, lead))
    return await _placed(work, lead_id, body)


@router.get("/v1/leads/{lead_id}/site", responses=problems(NotFound))
async def get_site_of_lead(lead_id: UUID, reader: Reader) -> SiteView:
    """Where the lead is visited."""
    await reader.load(LEAD, lead_id, visible=lambda lead: sees_lead(reader.scope, lead))
    return await _site(reader, lead_id)


async def _placed(work: UnitOfWork, customer: UUID, body: PositionInput) -> SiteView:
    await store.keep_site(work.connection, work.tenant, customer, body.position)
    return SiteView(customer=customer, latitude=body.position.latitude, longitude=body.position.longitude)


async def _site(reader: Reader, customer: UUID) -> SiteView:
    found = (await store.sites(reader.connection, reader.tenant, [customer])).get(customer)
    if found is None:
        raise NotFound("Nobody said where this customer is.")
    return SiteView(customer=customer, latitude=found.latitude, longitude=found.longitude)


async def _own(work: UnitOfWork, activity_id: UUID) -> ActivityState:
    """The caller's own visit: nobody is somewhere for somebody else. Others pass on what was sent."""
    activity = await recording.changeable(work, activity_id)
    if work.principal.person != activity.performer.person and not work.principal.has(*HISTORIANS):
        raise Forbidden("Only the person who makes the visit checks in and out.")
    return activity


async def _reading(
    work: UnitOfWork, activity: ActivityState, body: ReadingInput, at: datetime, rules: Rules
) -> Reading:
    """How far from the site, and whether the person can have come from where they were and got to where they went."""
    customers = [id_ for id_ in (activity.account_id, activity.lead_id) if id_ is not None]
    known = await store.sites(work.connection, work.tenant, customers)
    site = next((known[id_] for id_ in customers if id_ in known), None)
    around = await store.neighbours(work.connection, work.tenant, activity.performer.person, at)
    return Reading(
        distance_metres=None if site is None else metres_between(body.position, site),
        accuracy_metres=body.accuracy_metres,
        mock=body.mock,
        impossible_travel=any(
            is_impossible(metres_between(body.position, there), at - then, rules) for then, there in around
        ),
        photo=body.photo is not None,
    )


async def _checked(work: UnitOfWork, activity: ActivityState, body: ReadingInput, command: Command) -> ActivityView:
    loaded: Any = await work.execute(ACTIVITY, activity.id, command)
    step = "in" if isinstance(command, CheckIn) else "out"
    at, photo = command.moment.at, body.photo
    kept = KeptReading(step, activity.performer.person, at, *body.position, body.accuracy_metres, body.mock, photo)
    await store.keep_reading(work.connection, work.tenant, activity.id, kept)
    texts = await activities.texts(work.connection, work.tenant, [activity.id])
    return ActivityView.of(loaded, texts.get(activity.id, activities.NO_TEXT))
