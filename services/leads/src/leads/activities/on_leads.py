"""What an activity means for the lead it concerns: the first contact and the first talk. Pure.

``effect`` says which command follows from an activity; it runs in the same transaction. What is written down late may
be earlier than what is known, so the earliest counts, and the order of the lead's own history is not asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.aggregates import Command
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus, Direction
from events.catalogue.leads import LeadContacted, LeadEvent, LeadState
from events.moment import Moment

TALKS = frozenset({ActivityKind.CALL, ActivityKind.MESSAGE, ActivityKind.MEETING, ActivityKind.VISIT})
"""What may be a contact with a prospect; tasks and notes are our own affair."""


@dataclass(frozen=True, kw_only=True)
class ContactLead(Command):
    """A person of ours turned to the prospect, or both talked."""

    activity_id: UUID
    two_way: bool


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
    """The earliest contact and the earliest talk stand."""
    at, on = command.moment.at, command.moment.on
    changes: dict[str, Any] = {}
    if lead.first_contact_at is None or at < lead.first_contact_at:
        changes = {"first_contact_at": at, "first_contact_on": on}
    if command.two_way and (lead.first_talk_at is None or at < lead.first_talk_at):
        changes |= {"first_talk_at": at, "first_talk_on": on}
    if changes:
        yield LeadContacted(activity_id=command.activity_id, lead=lead.model_copy(update=changes))
