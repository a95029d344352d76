"""What leads answers. Names, mails and phones of prospects stand in ``ContactView`` and nowhere else."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.aggregates import Loaded
from chassis.bulk import BatchResult
from chassis.inputs import MoneyView
from events.catalogue.contacts import ContactState
from events.catalogue.follow_ups import FollowUp, FollowUpPause
from events.catalogue.leads import (
    AppliedRule,
    CustomerState,
    CustomValue,
    HandoffState,
    HandoffStatus,
    LeadState,
    LeadStatus,
    Opportunity,
    Owner,
    PoolReason,
    PoolStay,
)
from leads.duplicates.likeness import Strength
from leads.merging.views import MergedView, TouchView
from leads.qualification.views import AnswersView
from leads.responses.deadline_view import DeadlineView


class OwnerView(BaseModel):
    """Who holds a record, with the team and region of the day on which it was given."""

    person: UUID
    team: UUID | None
    region: UUID | None

    @classmethod
    def of(cls, owner: Owner | None) -> "OwnerView | None":
        return None if owner is None else cls(person=owner.person, team=owner.team, region=owner.region)

    @classmethod
    def sure(cls, owner: Owner) -> "OwnerView":
        return cls(person=owner.person, team=owner.team, region=owner.region)


class FollowUpView(BaseModel):
    """What is to be done next, by when."""

    what: str
    due_on: date

    @classmethod
    def of(cls, step: FollowUp | None) -> "FollowUpView | None":
        return None if step is None else cls(what=step.what, due_on=step.due_on)


class PauseView(BaseModel):
    """Nothing is to be done until a day, for a reason."""

    until: date
    reason: str

    @classmethod
    def of(cls, paused: FollowUpPause | None) -> "PauseView | None":
        return None if paused is None else cls(until=paused.until, reason=paused.reason)


class PoolStayView(BaseModel):
    """Since when and why a lead is in the public pool."""

    since: datetime
    why: PoolReason
    reason: str | None

    @classmethod
    def of(cls, stay: PoolStay | None) -> "PoolStayView | None":
        return None if stay is None else cls(**dict(stay))


class LeadView(BaseModel):
    """A lead."""

    id: UUID
    version: int
    external_id: str | None
    title: str | None
    source: str | None
    campaign: str | None
    medium: str | None
    status: LeadStatus
    owner: OwnerView | None
    first_owner: OwnerView | None
    held_since: datetime | None
    assigned_by_rule: AppliedRule | None
    """The rule that gave it to its owner; absent where a person did."""
    pool: PoolStayView | None
    region: UUID | None
    offered_to: OwnerView | None
    open_handoff: UUID | None
    contact: UUID | None
    account: UUID | None
    deal: UUID | None
    created_at: datetime
    created_on: date
    qualified_at: datetime | None
    qualified_on: date | None
    disqualified_on: date | None
    disqualified_reason: str | None
    recall_on: date | None
    """The day on which the lead is open again, where that was said when it was let go."""
    answers: AnswersView | None
    converted_on: date | None
    changed_at: datetime | None
    first_contact_at: datetime | None
    """When a person of ours first turned to the prospect, or talked with them."""
    first_talk_at: datetime | None
    """When both sides first talked."""
    response: DeadlineView | None
    """The deadline of the first response; absent where the firm sets no limit."""
    later_touches: list[TouchView]
    """The latest captures that were linked to this lead, oldest first; its source is the first touch."""
    next_step: FollowUpView | None
    paused: PauseView | None
    merged_into: UUID | None
    """The lead that stands for this one."""
    merges: list[MergedView]
    """The leads that this one stands for; its creation and source are the earliest of all."""
    imported: bool
    captured_by: str | None
    """Who entered it: ``person:<id>``, ``key:<id>``, ``form:<id>``."""
    custom: Mapping[str, CustomValue]
    custom_revisions: Mapping[str, int]
    """Under which revision of its field each value was taken."""

    @classmethod
    def of(cls, loaded: Loaded[LeadState]) -> "LeadView":
        lead = loaded.state
        return cls(
            id=lead.id,
            version=loaded.version,
            external_id=lead.external_id,
            title=lead.title,
            source=lead.source,
            campaign=lead.campaign,
            medium=lead.medium,
            status=lead.status,
            owner=OwnerView.of(lead.owner),
            first_owner=OwnerView.of(lead.first_owner),
            held_since=lead.held_since,
            assigned_by_rule=lead.assigned_by_rule,
            pool=PoolStayView.of(lead.pool),
            region=lead.region,
            offered_to=OwnerView.of(lead.offered_to),
            open_handoff=lead.open_handoff,
            contact=lead.contact_id,
            account=lead.account_id,
            deal=lead.deal_id,
            created_at=lead.created_at,
            created_on=lead.created_on,
            qualified_at=lead.qualified_at,
            qualified_on=lead.qualified_on,
            disqualified_on=lead.disqualified_on,
            disqualified_reason=lead.disqualified_reason,
            recall_on=lead.recall_on,
            answers=AnswersView.of(lead.answers),
            converted_on=lead.converted_on,
            changed_at=lead.changed_at,
            first_contact_at=lead.first_contact_at,
            first_talk_at=lead.first_talk_at,
            response=DeadlineView.of(lead),
            later_touches=[TouchView.of(touch) for touch in lead.later_touches],
            next_step=FollowUpView.of(lead.next_step),
            paused=PauseView.of(lead.paused),
            merged_into=lead.merged_into,
            merges=[MergedView.of(each) for each in lead.merges],
            imported=lead.imported,
            captured_by=lead.captured_by,
            custom=lead.custom,
            custom_revisions=lead.custom_revisions,
        )


class OpportunityView(BaseModel):
    """What the deal should be."""

    name: str | None
    pipeline: UUID | None
    amount: MoneyView | None
    expected_close_on: date | None

    @classmethod
    def of(cls, opportunity: Opportunity) -> "OpportunityView":
        return cls(
            name=opportunity.name,
            pipeline=opportunity.pipeline,
            amount=MoneyView.of(opportunity.amount) if opportunity.amount else None,
            expected_close_on=opportunity.expected_close_on,
        )


class HandoffView(BaseModel):
    """A handoff."""

    id: UUID
    version: int
    external_id: str | None
    lead: UUID
    status: HandoffStatus
    offered_by: OwnerView
    offered_to: OwnerView
    offered_at: datetime
    offered_on: date
    answered_at: datetime | None
    answered_on: date | None
    reason: str | None
    opportunity: OpportunityView
    deal: UUID | None
    account: UUID | None
    imported: bool
    due_at: datetime | None
    """Until when it is to be answered; null where the firm sets no limit."""
    expired_at: datetime | None
    failed_at: datetime | None
    failure: str | None
    """The name of the rule for which deals refused the deal."""

    @classmethod
    def of(cls, loaded: Loaded[HandoffState]) -> "HandoffView":
        handoff = loaded.state
        return cls(
            id=handoff.id,
            version=loaded.version,
            external_id=handoff.external_id,
            lead=handoff.lead_id,
            status=handoff.status,
            offered_by=OwnerView.sure(handoff.offered_by),
            offered_to=OwnerView.sure(handoff.offered_to),
            offered_at=handoff.offered_at,
            offered_on=handoff.offered_on,
            answered_at=handoff.answered_at,
            answered_on=handoff.answered_on,
            reason=handoff.reason,
            opportunity=OpportunityView.of(handoff.opportunity),
            deal=handoff.deal_id,
            account=handoff.account_id,
            imported=handoff.imported,
            due_at=handoff.due_at,
            expired_at=handoff.expired_at,
            failed_at=handoff.failed_at,
            failure=handoff.failure,
        )


class AccountView(BaseModel):
    """An account."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    sector: str | None
    country: str | None
    parent: UUID | None
    owner: OwnerView | None
    opened_on: date
    custom: Mapping[str, CustomValue]
    custom_revisions: Mapping[str, int]
    customer_class: str | None
    """A customer that has a class is cared for."""
    next_step: FollowUpView | None
    paused: PauseView | None

    @classmethod
    def of(cls, loaded: Loaded[CustomerState]) -> "AccountView":
        account = loaded.state
        return cls(
            id=account.id,
            version=loaded.version,
            external_id=account.external_id,
            name=account.name,
            sector=account.sector,
            country=account.country,
            parent=account.parent,
            owner=OwnerView.of(account.owner),
            opened_on=account.opened_on,
            custom=account.custom,
            custom_revisions=account.custom_revisions,
            customer_class=account.customer_class,
            next_step=FollowUpView.of(account.next_step),
            paused=PauseView.of(account.paused),
        )


class ContactView(BaseModel):
    """A contact: personal data."""

    id: UUID
    version: int
    external_id: str | None
    account: UUID | None
    name: str
    email: str | None
    phone: str | None
    phone_e164: str | None
    """The phone as it is dialled from anywhere, where it could be read."""
    country: str | None
    """In which the phone is dialled as it is written; the firm's own where absent."""
    job_title: str | None
    company: str | None
    tax_code: str | None
    owner: OwnerView | None
    custom: Mapping[str, CustomValue]
    custom_revisions: Mapping[str, int]

    @classmethod
    def of(cls, loaded: Loaded[ContactState]) -> "ContactView":
        contact = loaded.state
        return cls(
            id=contact.id,
            version=loaded.version,
            external_id=contact.external_id,
            account=contact.account_id,
            name=contact.name,
            email=contact.email,
            phone=contact.phone,
            phone_e164=contact.phone_e164,
            country=contact.country,
            job_title=contact.job_title,
            company=contact.company,
            tax_code=contact.tax_code,
            owner=OwnerView.of(contact.owner),
            custom=contact.custom,
            custom_revisions=contact.custom_revisions,
        )


class DuplicateField(BaseModel):
    """What is alike: ``email``, ``phone``, ``tax_code``, ``company`` or ``name``, and how much, from 0 to 100."""

    field: str = Field(examples=["email"])
    score: float = Field(examples=[100.0])


class DuplicateView(BaseModel):
    """A lead that may be the same prospect's.

    ``certain``: mail, phone or tax code are equal. ``likely``: the company's name is, but for its spelling and legal
    form. ``possible``: a name resembles.
    """

    lead: UUID
    contact: UUID
    status: LeadStatus
    owner: UUID | None
    strength: Strength
    score: float = Field(examples=[100.0])
    """That of the field most alike."""
    fields: list[DuplicateField]


class DuplicatesView(BaseModel):
    """Leads that are alike and that the caller may see, the most alike first."""

    duplicates: list[DuplicateView]


class CaptureView(LeadView):
    """A lead as its capture left it."""

    duplicates: list[DuplicateView] = Field(default=[])
    """Other leads that are alike, where the capture asked for a warning."""
    linked: bool = False
    """Whether the capture became a touch of this lead, which was there before."""

    @classmethod
    def captured(cls, loaded: Loaded[LeadState], duplicates: list[DuplicateView], *, linked: bool) -> "CaptureView":
        return cls(**dict(LeadView.of(loaded)), duplicates=duplicates, linked=linked)


class LeadResult(BatchResult):
    """What became of one item."""

    duplicates: list[DuplicateView] = Field(default=[])
    """Other leads that are alike, where a capture asked for a warning."""
    linked: bool | None = None
    """True when a capture became a touch of this lead, which was there before."""


class BatchReplyOfLeads(BaseModel):
    """Results in the order of the items."""

    results: list[LeadResult]
