"""Activities as requests ask for them: whom they concern, who does them, what is written about them.

What an activity means for its lead is done in the same transaction. Locks are taken in one order by everybody:
calendars, days of visits, activities, leads.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from chassis.aggregates import Loaded
from chassis.principal import Principal
from chassis.refusals import Forbidden, Invalid, NotFound, Refusal
from chassis.unit_of_work import UnitOfWork
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus
from events.catalogue.contacts import Channel
from events.catalogue.follow_ups import FollowUp
from events.catalogue.leads import Owner
from events.moment import Moment
from leads.activities import store
from leads.activities.activity import ACTIVITY, CompleteActivity, Done, RecordActivity, went
from leads.activities.appointments import AgreeAppointment, MoveActivity, Plan, is_cold
from leads.activities.following_up import PlanFollowUp
from leads.activities.inputs import ActivityInput, AgreementInput, CompletionInput, MoveInput, NextStepInput
from leads.activities.on_leads import ContactLead, effect, is_contact
from leads.activities.store import NO_TEXT, ActivityText, VisitDay
from leads.activities.subjects import Subjects
from leads.customers.consent import ContactForbidden, refuse_contact
from leads.customers.contact import CONTACT
from leads.customers.customer import CUSTOMER
from leads.lead import LEAD
from leads.lookups import ASSIGNERS, Lookups, sees_account, sees_lead
from leads.merging.merge import LeadIsMerged
from leads.responses import store as store_responses

CHANNELS: Final = {
    ActivityKind.CALL: Channel.CALL,
    ActivityKind.MESSAGE: Channel.MESSAGE,
    ActivityKind.MEETING: Channel.VISIT,
    ActivityKind.VISIT: Channel.VISIT,
}
"""In which way an activity reaches somebody; tasks and notes reach nobody."""


@dataclass(frozen=True, slots=True)
class Recording:
    """An activity to record, and what is written about it."""

    command: RecordActivity
    text: ActivityText

    @property
    def id(self) -> UUID:
        return self.command.activity.id


class Recordings:
    """Turns bodies into recordings; what they name is read all at once."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._lookups = Lookups(work)
        self._subjects = Subjects(work, self._lookups)

    async def gather(self, bodies: Iterable[ActivityInput]) -> None:
        await self._subjects.gather(bodies)

    async def recording(self, body: ActivityInput, series: UUID | None = None) -> Recording:
        moment = await self._lookups.moment(body.occurred_at)
        subject = self._subjects.of(body)
        await self._refuse_barred(body, subject.contact)
        performer = await self._performer(body, moment.on)
        text = ActivityText(body.title, body.note)
        state = ActivityState(
            id=self._work.new_id(),
            external_id=body.external_id,
            kind=body.kind,
            status=ActivityStatus(body.status),
            lead_id=subject.lead,
            account_id=subject.account,
            contact_id=subject.contact,
            customer_id=subject.customer,
            performer=performer,
            recorded_on=moment.on,
            entered_at=self._work.now,
            automatic=body.automatic,
            without_contact=body.without_contact,
            text_revision=int(text != NO_TEXT),
            imported=self._lookups.imported(body),
            series_id=series,
            **await self._planned(body),
            **_so_far(body, moment, self._work),
        )
        return Recording(RecordActivity(moment=moment, activity=state), text)

    async def _refuse_barred(self, body: ActivityInput, contact_id: UUID | None) -> None:
        """Nobody plans to reach whoever does not want it; what was done, or what the customer agreed to, is written."""
        channel = CHANNELS.get(body.kind)
        if contact_id is None or channel is None or body.status not in {"planned", "asked"}:
            return
        pointer = "/contact" if body.contact is not None else "/lead"
        contact = (await self._work.find_many(CONTACT, "id", [contact_id])).get(contact_id)
        if contact is None:
            raise ContactForbidden(pointer=pointer, reason="erased", channel=channel.value)
        refuse_contact(contact.state, channel, pointer=pointer)

    async def _planned(self, body: ActivityInput) -> dict[str, Any]:
        if body.planned_at is None:
            return {}
        planned = await self._work.directory.moment(self._work.tenant, body.planned_at)
        return {"planned_at": planned.at, "planned_on": planned.on, "planned_until": body.planned_until}

    async def _performer(self, body: ActivityInput, on: date) -> Owner:
        """As given, else the caller; only some may write down what others did."""
        performer = await self._lookups.given_owner(body, "performer", on) or await self._lookups.myself(on)
        if performer is None:
            raise Invalid("Say who does it.", pointer="/performer")
        return performer


def _so_far(body: ActivityInput, moment: Moment, work: UnitOfWork) -> dict[str, Any]:
    """What has happened: it was done, or the customer was asked, or agreed."""
    if body.status == "asked":
        return {"direction": body.direction, "asked_at": moment.at}
    if body.status == "agreed":
        return {"direction": body.direction, "agreed_at": moment.at, "agreed_on": moment.on}
    if body.status == "planned":
        return {"direction": body.direction}
    how = Done(outcome=body.outcome, direction=body.direction, two_way=body.two_way)
    return {
        "done_at": moment.at,
        "done_on": moment.on,
        "completed_entry_at": work.now,
        **went(body.kind, how),
    }


async def record(
    work: UnitOfWork, recordings: Sequence[Recording], *, atomic: bool = False
) -> list[Loaded[ActivityState] | Refusal]:
    """Write them and what is said about them, and tell their leads."""
    recordings = await _first_visits_marked(work, await _prior_contacts_marked(work, recordings))
    commands = [(each.id, each.command) for each in recordings]
    answers = await work.execute_many(ACTIVITY, commands, atomic=atomic)
    done = [each for each in answers if isinstance(each, Loaded)]
    texts = {each.id: each.text for each in recordings if each.text != NO_TEXT}
    await store.keep_texts(
        work.connection, work.tenant, {each.state.id: texts[each.state.id] for each in done if each.state.id in texts}
    )
    await tell_leads(work, (each.state for each in done))
    return answers


async def tell_leads(work: UnitOfWork, activities: Iterable[ActivityState]) -> None:
    """What was done may be the first contact with a lead."""
    effects = [(each.lead_id, command) for each in activities if each.lead_id and (command := effect(each))]
    while effects:
        told = await _timed(work, effects)
        effects = []
        for (_, contact), answer in zip(told, await work.execute_many(LEAD, told), strict=True):
            if isinstance(answer, LeadIsMerged):  # the one that it went into hears it in its place
                effects.append((_survivor(answer), contact))
            elif isinstance(answer, Refusal):
                raise answer


def _survivor(merged: LeadIsMerged) -> UUID:
    return UUID(str(merged.facts["merged_into"]))


async def _timed(work: UnitOfWork, effects: Sequence[tuple[UUID, ContactLead]]) -> list[tuple[UUID, ContactLead]]:
    """With the working time of who holds each lead."""
    owners = await store_responses.owners(work.connection, work.tenant, [lead for lead, _ in effects])
    return [
        (lead, replace(command, working=await work.directory.working_time(work.tenant, owners.get(lead))))
        for lead, command in effects
    ]


async def _prior_contacts_marked(work: UnitOfWork, recordings: Sequence[Recording]) -> list[Recording]:
    """Visits without prior contact are refused; one that stands earlier in the same batch is prior, too."""
    activities = [each.command.activity for each in recordings]
    asked = [
        store.Before(activity.lead_id, activity.account_id, activity.contact_id, each.command.moment.at)
        for each, activity in zip(recordings, activities, strict=True)
    ]
    visits = [place for place, activity in enumerate(activities) if is_cold(activity, prior_contact=False)]
    found = await store.prior_contacts(work.connection, work.tenant, [asked[place] for place in visits])
    known = {visits[place] for place in found}
    known |= {place for place in visits if any(_is_before(other, asked[place]) for other in activities[:place])}
    return [
        Recording(replace(each.command, prior_contact=place in known or place not in visits), each.text)
        for place, each in enumerate(recordings)
    ]


def _is_before(other: ActivityState, asked: store.Before) -> bool:
    if other.done_at is None or other.done_at > asked.at or not is_contact(other):
        return False
    pairs = ((other.lead_id, asked.lead), (other.account_id, asked.account), (other.contact_id, asked.contact))
    return any(theirs is not None and theirs == ours for theirs, ours in pairs)


async def _first_visits_marked(work: UnitOfWork, recordings: Sequence[Recording]) -> list[Recording]:
    """Of the visits of a person to a customer on a day the first that is written down counts."""
    taken = await store.days_taken(work.connection, work.tenant, _days(each.command.activity for each in recordings))
    marked = []
    for each in recordings:
        activity = each.command.activity
        cold = is_cold(activity, prior_contact=each.command.prior_contact)
        new = set() if cold else set(_days([activity])) - taken
        taken |= new
        activity = activity.model_copy(update={"first_of_day": bool(new)})
        marked.append(Recording(replace(each.command, activity=activity), each.text))
    return marked


def _days(activities: Iterable[ActivityState]) -> Iterator[VisitDay]:
    for each in activities:
        if each.kind is ActivityKind.VISIT and each.done_on is not None and each.customer_id is not None:
            yield VisitDay(each.performer.person, each.customer_id, each.done_on)


async def complete(work: UnitOfWork, activity_id: UUID, body: CompletionInput) -> Loaded[ActivityState]:
    """It was done: by its performer, with the team of that day."""
    activity = await changeable(work, activity_id)
    moment = await work.moment(body.occurred_at)
    performer = await work.directory.owner(work.tenant, activity.performer.person, moment.on)
    dated = activity.model_copy(update={"done_on": moment.on})
    days = set(_days([dated]))
    command = CompleteActivity(
        moment=moment,
        entered_at=work.now,
        performer=performer,
        how=Done(outcome=body.outcome, direction=body.direction, two_way=body.two_way),
        first_of_day=bool(days - await store.days_taken(work.connection, work.tenant, days)),
        texts_changed=body.note is not None,
    )
    loaded = await work.execute(ACTIVITY, activity_id, command)
    if body.note is not None and loaded.state != activity:
        await rewrite(work, activity_id, {"note": body.note})
    await tell_leads(work, [loaded.state])
    await plan_next(work, loaded.state, body.next_step)
    return loaded


async def plan_next(work: UnitOfWork, activity: ActivityState, given: NextStepInput | None) -> None:
    """What is to be done next, for the lead that the activity concerns, else for the account."""
    if given is None:
        return
    step = PlanFollowUp(moment=await work.moment(), next_step=FollowUp(what=given.what, due_on=given.due_on))
    scope = work.principal.scope
    try:
        if activity.lead_id is not None:
            await _plan_lead(work, activity.lead_id, step)
        elif activity.account_id is not None:
            await work.execute(CUSTOMER, activity.account_id, step, visible=lambda each: sees_account(scope, each))
        else:
            raise Invalid("It concerns no lead and no account that could have a next step.", pointer="/next_step")
    except NotFound as unseen:  # its performer sees the activity, whoever holds the lead by now
        raise Invalid("You do not see the lead or account that it concerns.", pointer="/next_step") from unseen


async def _plan_lead(work: UnitOfWork, lead_id: UUID, step: PlanFollowUp) -> None:
    """For the lead, or for the one that it was merged into."""
    scope = work.principal.scope
    try:
        await work.execute(LEAD, lead_id, step, visible=lambda lead: sees_lead(scope, lead))
    except LeadIsMerged as merged:
        await work.execute(LEAD, _survivor(merged), step, visible=lambda lead: sees_lead(scope, lead))


async def rewrite(work: UnitOfWork, activity_id: UUID, written: dict[str, Any]) -> None:
    """Change title or note."""
    known = (await store.texts(work.connection, work.tenant, [activity_id])).get(activity_id, NO_TEXT)
    await store.keep_texts(work.connection, work.tenant, {activity_id: known._replace(**written)})


async def changeable(work: UnitOfWork, activity_id: UUID) -> ActivityState:
    """The activity, if the caller sees it and may change it: who does it, or who leads that person."""
    principal = work.principal
    if not await store.sees(work.connection, work.tenant, principal.scope, [activity_id]):
        raise NotFound
    activity = (await work.load(ACTIVITY, activity_id)).state
    refuse_stranger(principal, activity)
    return activity


def refuse_stranger(principal: Principal, activity: ActivityState) -> None:
    """Some things are for who does it, and for who leads that person."""
    mine = principal.person == activity.performer.person
    if not mine and not (principal.has(*ASSIGNERS) and principal.scope.allows(activity.performer)):
        raise Forbidden("This is for the person who does it, and for who leads that person.")


async def agreement(work: UnitOfWork, body: AgreementInput) -> AgreeAppointment:
    plan = None if body.planned_at is None else await _plan(work, body.planned_at, body.planned_until)
    return AgreeAppointment(moment=await work.moment(body.occurred_at), plan=plan)


async def moving(work: UnitOfWork, body: MoveInput) -> MoveActivity:
    plan = await _plan(work, body.planned_at, body.planned_until)
    return MoveActivity(moment=await work.moment(body.occurred_at), plan=plan, agreed=body.agreed)


async def _plan(work: UnitOfWork, start: datetime, until: datetime | None) -> Plan:
    return Plan(await work.directory.moment(work.tenant, start), until)
