"""What an activity means for the lead it concerns: the first contact and the first talk. Pure.

``effect`` says which command follows from an activity; it runs in the same transaction. What is written down late may
be earlier than what is known, so the earliest counts, and the order of the lead's own history is not asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.aggregates import Command
from chassis.working_time import WorkingTime
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus, Direction
from events.catalogue.leads import LeadContacted, LeadEvent, LeadState
from events.catalogue.touches import Origin
from events.moment import Moment
from leads.merging.merge import origin_of
from leads.responses.clock import working_seconds
from leads.responses.deciding import breached_by, met_by

TALKS = frozenset({ActivityKind.CALL, ActivityKind.MESSAGE, ActivityKind.MEETING, ActivityKind.VISIT})
"""What may be a contact with a prospect; tasks and notes are our own affair."""


@dataclass(frozen=True, kw_only=True)
class ContactLead(Command):
    """A person of ours turned to the prospect, or both talked."""

    activity_id: UUID
    two_way: bool
    working: WorkingTime | None = None
    """Of who holds the lead, by which the prospect's waiting is measured."""


def effect(activity: ActivityState) -> ContactLead | None:
    """What a done activity means for its lead."""
    if activity.lead_id is None or activity.done_at is None or activity.done_on is None or not is_contact(activity):
        return None
    done = Moment(at=activity.done_at, on=activity.done_on)
    return ContactLead(moment=done, activity_id=activity.id, two_way=activity.two_way)


def is_contact(activity: ActivityState) -> bool:
    """A person of ours turned to somebody, or talked with them. What only came in, or a machine did, is none."""
    if activity.status is not ActivityStatus.DONE or activity.kind not in TALKS or activity.automatic:
        return False
    return activity.two_way or activity.direction is Direction.OUTBOUND


def contacted(command: ContactLead, lead: LeadState) -> Iterator[LeadEvent]:
    """The earliest contact and the earliest talk stand; they may be later than the deadline, or take a breach back."""
    changes = _earlier(command, lead)
    if lead.own_origin is not None and (of_own := _earlier(command, own := origin_of(lead))):
        changes["own_origin"] = own.model_copy(update=of_own)
    if not changes:
        return
    for breach in breached_by(lead, command.moment.at):
        lead = breach.lead
        yield breach
    after = lead.model_copy(update=changes)
    yield LeadContacted(activity_id=command.activity_id, lead=after)
    yield from met_by(after, lead, command.activity_id)


def _earlier(command: ContactLead, known: LeadState | Origin) -> dict[str, Any]:
    """What is earlier than what was known."""
    at, on = command.moment.at, command.moment.on
    changes: dict[str, Any] = {}
    if known.first_contact_at is None or at < known.first_contact_at:
        seconds = working_seconds(command.working, known.created_at, at)
        changes = {"first_contact_at": at, "first_contact_on": on, "working_seconds_to_contact": seconds}
    if command.two_way and (known.first_talk_at is None or at < known.first_talk_at):
        changes |= {"first_talk_at": at, "first_talk_on": on}
    return changes
