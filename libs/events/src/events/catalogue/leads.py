"""Events of leads: leads, handoffs to an account executive, customers.

Names, mail addresses and phone numbers of prospects travel only on ``leads.contact``, whose records can be erased.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import NonNegativeInt

from events.catalogue.answers import Answer, Answers
from events.catalogue.custody import Custody, Stakeholder
from events.catalogue.follow_ups import FollowUp, FollowUpPause
from events.catalogue.owner import Owner as Owner  # noqa: PLC0414 - everybody takes it from here
from events.catalogue.response_clock import ResponseClock
from events.catalogue.touches import Merged, Origin
from events.catalogue.touches import Touch as Touch  # noqa: PLC0414 - everybody takes it from here
from events.event import UNSTAMPED, Event, Timestamp, Value
from events.money import Money
from events.topics import LEADS_CUSTOMER, LEADS_HANDOFF, LEADS_LEAD

CustomValue = str | bool | int | float
"""The value of a field that a firm defined for itself; a day is text, as 2026-03-01."""


class LeadStatus(StrEnum):
    """Where a lead stands."""

    OPEN = "open"
    QUALIFIED = "qualified"
    DISQUALIFIED = "disqualified"
    CONVERTED = "converted"


class AssignedHow(StrEnum):
    """How somebody came to hold a lead."""

    HAND = "hand"
    RULE = "rule"
    CLAIM = "claim"


class AppliedRule(Value):
    """The rule of assignment that gave a lead to its owner, in the revision of the rules that held then."""

    id: UUID
    name: str
    revision: int


class PoolReason(StrEnum):
    """Why a lead is in the public pool."""

    NOBODY_FITS = "nobody-fits"
    RETURNED = "returned"
    RECYCLED = "recycled"


class PoolStay(Value):
    """A lead waits in the public pool, where everybody may claim it."""

    since: Timestamp
    why: PoolReason
    reason: str | None = None


class LeadState(Value):
    """A prospect that may become a customer. Dates named ``*_on`` are days in the tenant's zone."""

    id: UUID
    external_id: str | None = None
    title: str | None = None
    source: str | None = None
    """First touch; absent is another thing than a source called unknown."""
    campaign: str | None = None
    medium: str | None = None
    status: LeadStatus = LeadStatus.OPEN
    owner: Owner | None = None
    first_owner: Owner | None = None
    """The first who held it; the lead counts for this person in every period."""
    held_since: Timestamp | None = None
    """Since when the present owner holds it."""
    first_held_at: Timestamp | None = None
    """Since when its first owner held it."""
    back_since: Timestamp | None = None
    """Since when it is in its owner's hands again: it was reopened, given back or parted, or an offer of it failed."""
    assigned_by_rule: AppliedRule | None = None
    """Absent where a person gave it to its owner, or the owner claimed it."""
    pool: PoolStay | None = None
    region: UUID | None = None
    """The territory in which the prospect is."""
    contact_id: UUID | None = None
    account_id: UUID | None = None
    created_at: Timestamp
    created_on: date
    qualified_at: Timestamp | None = None
    qualified_on: date | None = None
    disqualified_on: date | None = None
    disqualified_reason: str | None = None
    """The code, where the firm has its own reasons."""
    recall_on: date | None = None
    """The day on which the lead is looked at again, while it is disqualified."""
    answers: Answers | None = None
    converted_on: date | None = None
    deal_id: UUID | None = None
    open_handoff: UUID | None = None
    """The handoff that waits for an answer; while there is one, no other may be offered."""
    offered_to: Owner | None = None
    """The account executive to whom the lead is offered, or who took it over."""
    imported: bool = False
    changed_at: Timestamp | None = None
    """When the last change happened in the business; nothing may happen to the lead before it."""
    later_touches: tuple[Touch, ...] = ()
    """The latest captures of the same prospect that were linked to this lead, oldest first; events have them all."""
    captured_by: str | None = None
    """Who entered it, as the actor of its first event."""
    custom: Mapping[str, CustomValue] = {}
    """Fields that the firm defined for leads, by their keys; never personal data."""
    custom_revisions: Mapping[str, int] = {}
    """Under which revision of its definition each value of ``custom`` was validated."""
    first_contact_at: Timestamp | None = None
    """The first touch by a person of ours: outbound or two-way, however late it was written down."""
    first_contact_on: date | None = None
    first_talk_at: Timestamp | None = None
    """The first touch in which both sides talked."""
    first_talk_on: date | None = None
    working_seconds_to_contact: NonNegativeInt | None = None
    """From creation to first contact, in the working time of who held the lead then; 0 where the contact was before."""
    response: ResponseClock | None = None
    """Absent where the firm sets no limit for the first response."""
    next_step: FollowUp | None = None
    paused: FollowUpPause | None = None
    merged_into: UUID | None = None
    """The lead that stands for this one; this one counts no more, and nothing happens to it until they are parted."""
    merges: tuple[Merged, ...] = ()
    """The leads that this one stands for."""
    own_origin: Origin | None = None
    """How this lead itself came in, while it stands for others; creation, source and first owner are those of all."""


class HandoffStatus(StrEnum):
    """Where a handoff stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    EXPIRED = "expired"
    """Nobody answered in time."""
    FAILED = "failed"
    """It was accepted, and deals refused the deal."""


class Opportunity(Value):
    """What the deal should be that an accepted handoff opens; all that is absent takes the tenant's default."""

    name: str | None = None
    pipeline: UUID | None = None
    amount: Money | None = None
    expected_close_on: date | None = None


class HandoffState(Value):
    """A lead offered by the one who qualified it to an account executive."""

    id: UUID
    external_id: str | None = None
    lead_id: UUID
    source: str | None = None
    campaign: str | None = None
    status: HandoffStatus = HandoffStatus.OFFERED
    offered_by: Owner
    offered_to: Owner
    offered_at: Timestamp
    offered_on: date
    lead_created_on: date
    lead_owner: Owner | None = None
    """The lead's first owner, for whom its figures count."""
    answered_at: Timestamp | None = None
    answered_on: date | None = None
    answered_by: Owner | None = None
    """Who took it over, with the team and region of that day; absent where it was accepted before that was kept."""
    reason: str | None = None
    """Why it was returned."""
    opportunity: Opportunity = Opportunity()
    deal_id: UUID | None = None
    """Chosen at acceptance, so that however often the acceptance is delivered, one deal is opened."""
    account_id: UUID | None = None
    imported: bool = False
    due_at: Timestamp | None = None
    """Until when it is to be answered; absent where the firm sets no limit."""
    expired_at: Timestamp | None = None
    expired_on: date | None = None
    failed_at: Timestamp | None = None
    failed_on: date | None = None
    failure: str | None = None
    """The name of the rule for which deals refused the deal."""


class CustomerState(Value):
    """An account: a company that buys or may buy. The company owns the record, a person holds it."""

    id: UUID
    external_id: str | None = None
    name: str
    sector: str | None = None
    country: str | None = None
    parent: UUID | None = None
    owner: Owner | None = None
    opened_on: date
    customer_class: str | None = None
    """A code. A customer that has a class is cared for: it has an owner and a next step, or something is wrong."""
    next_step: FollowUp | None = None
    paused: FollowUpPause | None = None
    custom: Mapping[str, CustomValue] = {}
    """Fields that the firm defined for accounts, by their keys; never personal data."""
    custom_revisions: Mapping[str, int] = {}
    custody: tuple[Custody, ...] = ()
    """The latest who held it, in the order of time; events have them all."""
    stakeholders: tuple[Stakeholder, ...] = ()
    """In the order in which they were named first."""


class LeadEvent(Event, topic=LEADS_LEAD):
    """Base of what happens to a lead."""

    lead: LeadState = UNSTAMPED


class LeadCaptured(LeadEvent, type="dealstream.lead.captured", version=1):
    """A lead came in."""


class LeadAssigned(LeadEvent, type="dealstream.lead.assigned", version=1):
    """The lead has a new owner."""

    from_owner: Owner | None = None
    to_owner: Owner
    how: AssignedHow = AssignedHow.HAND
    rule: AppliedRule | None = None


class LeadPooled(LeadEvent, type="dealstream.lead.pooled", version=1):
    """Nobody holds the lead any more, or nobody was found for it: it waits in the public pool."""

    why: PoolReason
    reason: str | None = None
    from_owner: Owner | None = None
    alert_to: tuple[UUID, ...] = ()
    """Who looks after what fits nobody."""


class LeadQualified(LeadEvent, type="dealstream.lead.qualified", version=1):
    """The lead is worth an account executive's time."""


class LeadDisqualified(LeadEvent, type="dealstream.lead.disqualified", version=1):
    """The lead is not worth pursuing, for a reason."""

    reason: str


class LeadReopened(LeadEvent, type="dealstream.lead.reopened", version=1):
    """A disqualified lead is worth pursuing after all; it is open again."""

    recalled: bool = False
    """Nobody asked for it: the day has come on which it was to be looked at again."""


class LeadAnswered(LeadEvent, type="dealstream.lead.answered", version=1):
    """More is known of the prospect by the checklist that applies."""

    given: tuple[Answer, ...]
    """The answers that are new or others than before."""


class LeadDetailsChanged(LeadEvent, type="dealstream.lead.details_changed", version=1):
    """Title, campaign, medium, contact, account or own fields of the lead changed."""


class LeadTouched(LeadEvent, type="dealstream.lead.touched", version=1):
    """The prospect of the lead came in once more, maybe from elsewhere; the first touch stays the lead's source."""

    touch: Touch


class LeadContacted(LeadEvent, type="dealstream.lead.contacted", version=1):
    """A person of ours had the first contact or the first talk with the prospect, or one earlier than known so far."""

    activity_id: UUID


class LeadFollowUpPlanned(LeadEvent, type="dealstream.lead.follow_up_planned", version=1):
    """The next step for the lead was planned, changed or taken away (absent)."""

    next_step: FollowUp | None = None


class LeadFollowUpPaused(LeadEvent, type="dealstream.lead.follow_up_paused", version=1):
    """Nothing is to be done for the lead until a day; absent: the pause is over."""

    pause: FollowUpPause | None = None


class LeadOffered(LeadEvent, type="dealstream.lead.offered", version=1):
    """The lead waits for an account executive's answer to a handoff."""

    handoff_id: UUID
    to_owner: Owner


class LeadReturned(LeadEvent, type="dealstream.lead.returned", version=1):
    """An account executive gave the lead back; it is open again."""

    reason: str


class LeadConverted(LeadEvent, type="dealstream.lead.converted", version=1):
    """The lead became a customer's deal."""

    deal_id: UUID
    account_id: UUID


class LeadOfferExpired(LeadEvent, type="dealstream.lead.offer_expired", version=1):
    """An account executive did not answer in time: the lead is qualified as before, and open for another offer."""

    handoff_id: UUID


class LeadConversionUndone(LeadEvent, type="dealstream.lead.conversion_undone", version=1):
    """Deals refused the deal: the lead is qualified as before, and open for another offer."""

    code: str


class HandoffEvent(Event, topic=LEADS_HANDOFF):
    """Base of what happens to a handoff."""

    handoff: HandoffState = UNSTAMPED


class HandoffOffered(HandoffEvent, type="dealstream.handoff.offered", version=1):
    """A qualified lead was offered to an account executive."""


class HandoffAccepted(HandoffEvent, type="dealstream.handoff.accepted", version=1):
    """The account executive took the lead over; deals opens the deal named in the state."""

    seconds_to_answer: NonNegativeInt


class HandoffReturned(HandoffEvent, type="dealstream.handoff.returned", version=1):
    """The account executive gave the lead back, for a reason."""

    reason: str
    seconds_to_answer: NonNegativeInt


class HandoffExpired(HandoffEvent, type="dealstream.handoff.expired", version=1):
    """Nobody answered the offer in time."""


class HandoffFailed(HandoffEvent, type="dealstream.handoff.failed", version=1):
    """An accepted handoff did not become a deal, because deals refused it."""

    code: str


class CustomerEvent(Event, topic=LEADS_CUSTOMER):
    """Base of what happens to an account."""

    customer: CustomerState = UNSTAMPED


class CustomerOpened(CustomerEvent, type="dealstream.customer.opened", version=1):
    """An account was opened."""


class CustomerChanged(CustomerEvent, type="dealstream.customer.changed", version=1):
    """Name, sector, country, parent, class or own fields of an account changed."""


class CustomerFollowUpPlanned(CustomerEvent, type="dealstream.customer.follow_up_planned", version=1):
    """The next step for the account was planned, changed or taken away (absent)."""

    next_step: FollowUp | None = None


class CustomerFollowUpPaused(CustomerEvent, type="dealstream.customer.follow_up_paused", version=1):
    """Nothing is to be done for the account until a day; absent: the pause is over."""

    pause: FollowUpPause | None = None
