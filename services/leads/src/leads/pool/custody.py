"""Who held a lead, from when, and how it came to that: one row for each change, written with its event. Pure."""

from collections.abc import Mapping

from chassis.aggregates import Journal
from events.catalogue.leads import LeadAssigned, LeadEvent, LeadPooled


def _row(event: LeadEvent) -> Mapping[str, object] | None:
    match event:
        case LeadAssigned(to_owner=owner, rule=rule):
            who = {"person_id": owner.person, "team_id": owner.team, "region_id": owner.region}
            return {"at": event.occurred_at, "how": event.how, "rule": rule, **who}
        case LeadPooled():
            return {"at": event.occurred_at, "how": event.why, "reason": event.reason}
        case _:
            return None


CUSTODY = Journal("custody", _row)
