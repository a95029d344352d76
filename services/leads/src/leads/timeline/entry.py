"""What a timeline keeps of an event: what it is about, and the ids and codes of what happened. Pure.

Nothing that somebody wrote is copied but the titles of accounts, leads and deals. Names of people are looked up when
the timeline is read, by whom they may be seen. An event of a topic that is added to ``ABOUT`` needs nothing more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_jsonable_python

from events.catalogue.activities import ActivityState
from events.catalogue.deals import DealState, DealStatus
from events.catalogue.leads import CustomerState, LeadState, LeadStatus, Owner
from events.event import Event
from events.money import Money
from events.topics import DEALS_DEAL, LEADS_ACTIVITY, LEADS_CUSTOMER, LEADS_LEAD, Topic
from leads.duplicates.match_keys import folded

ACCOUNT, LEAD, DEAL = "account", "lead", "deal"

CODES = frozenset({"from_stage", "to_stage", "from_status"})
"""Texts that are keys, not words that somebody wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an entry is about, as it is now: whose it is decides who sees the entry."""

    kind: str
    id: UUID
    account: UUID | None
    follows: UUID | None = None
    title: str | None
    owner: Owner | None
    offered_to: Owner | None = None
    open: bool = False
    """Whether there is work left, which somebody else would have to do."""
    told: bool = True
    """False where the event is another record's, which only names what it is about."""

    @property
    def title_key(self) -> str | None:
        """The title as it is searched: without accents, width and case."""
        return None if self.title is None else folded(self.title)


def _of_account(account: CustomerState) -> Subject:
    return Subject(kind=ACCOUNT, id=account.id, account=account.id, title=account.name, owner=account.owner, open=True)


def _of_lead(lead: LeadState) -> Subject:
    return Subject(
        kind=LEAD,
        id=lead.id,
        account=lead.account_id,
        follows=lead.merged_into,
        title=lead.title,
        owner=lead.owner,
        offered_to=lead.offered_to,
        open=lead.merged_into is None and lead.status in {LeadStatus.OPEN, LeadStatus.QUALIFIED},
    )


def _of_deal(deal: DealState) -> Subject:
    is_open = deal.status is DealStatus.OPEN
    return Subject(kind=DEAL, id=deal.id, account=deal.account_id, title=deal.name, owner=deal.owner, open=is_open)


def _of_activity(activity: ActivityState) -> Subject | None:
    """An activity is about its account, where it has one, so that whoever sees the account sees it; else its lead."""
    if activity.account_id is not None:
        account = activity.account_id
        return Subject(kind=ACCOUNT, id=account, account=account, title=None, owner=None, told=False)
    if activity.lead_id is not None:
        return Subject(kind=LEAD, id=activity.lead_id, account=None, title=None, owner=None, told=False)
    return None


ABOUT: Final[Mapping[Topic, Callable[[Any], Subject | None]]] = {
    LEADS_ACTIVITY: _of_activity,
    LEADS_CUSTOMER: _of_account,
    LEADS_LEAD: _of_lead,
    DEALS_DEAL: _of_deal,
}
"""The topics that a timeline is made from, and what the states of each are about."""


def subject_of(event: Event) -> Subject | None:
    """None where it is about nothing that has a timeline."""
    return ABOUT[event.topic](event.state)


def kind_of(event: Event) -> str:
    """``deal.won``: the key of the sentence that tells it."""
    return event.type.removeprefix("dealstream.").rpartition(".v")[0]


def facts_of(event: Event) -> dict[str, Any]:
    """The event's own fields beside the state, ids, codes, days, amounts; of an activity also which one it is."""
    kept = _of_state(event.state) if isinstance(event.state, ActivityState) else {}
    for name in type(event).model_fields:
        if name not in {"occurred_at", event.topic.aggregate}:
            value = _plain(name, getattr(event, name))
            if value is not None:
                kept[name] = value
    return kept


def _of_state(activity: ActivityState) -> dict[str, Any]:
    facts = {
        "activity_id": activity.id,
        "activity_kind": activity.kind,
        "outcome": activity.outcome,
        "performer": activity.performer.person,
        "contact_id": activity.contact_id,
    }
    return {name: to_jsonable_python(value) for name, value in facts.items() if value is not None}


def _plain(name: str, value: Any) -> Any:
    """As JSON holds it; None for words and for whatever else is no id, code, day or amount."""
    match value:
        case Owner():
            return str(value.person)
        case tuple() | list():
            return [plain for each in value if (plain := _plain(name, each)) is not None]
        case Enum() | bool() | int() | UUID() | date() | Money():
            return to_jsonable_python(value)
        case str() if name in CODES:
            return value
    return None
