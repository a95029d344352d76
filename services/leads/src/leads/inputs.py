"""What callers may send about leads, handoffs, accounts and contacts. Batches use the same bodies."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, StrictFloat, StrictInt, StrictStr, StringConstraints, model_validator

from chassis.inputs import Day, ExternalId, Input, LongText, MoneyInput, Name, OccurredAt, StrictBool, at_field
from events.catalogue.contacts import Channel, Purpose

Email = Annotated[str, StringConstraints(strict=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")]
Phone = Annotated[str, StringConstraints(strict=True, pattern=r"^\+?[0-9 ().\-/]{3,40}$")]
Country = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
TaxCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[\w .\-/]{3,40}$")]
CustomKey = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""What a field that a firm defines is called in requests, answers and events."""
CustomInput = Annotated[
    Mapping[CustomKey, StrictStr | StrictBool | StrictInt | StrictFloat | None],
    Field(
        max_length=100,
        description="Values of the fields that the firm defined (`GET /v1/custom-fields`), by their keys; null takes a"
        " value away.",
        examples=[{"employees": 250, "visit_on": "2026-03-01"}],
    ),
]
Code = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""An outcome, reason or class out of the firm's own list: it travels in events, so it is no text."""
Duplicates = Annotated[
    Literal["refuse", "warn", "link", "ignore"],
    Field(
        description="What to do when the prospect is a lead already. `refuse`: nothing is captured where mail, phone or"
        " tax code are those of another lead, or the company's name is. `warn`: it is captured; the answer lists the"
        " leads that are alike. `link`: where mail, phone or tax code are those of an open lead that you see, it"
        " becomes a touch of that lead; else as `warn`. `ignore`: nobody looks. Absent: `warn`, in a batch `ignore`."
    ),
]


class When(Input):
    """When it happened in the business; now where absent."""

    occurred_at: OccurredAt | None = None


class Change(Input):
    """A PATCH: what is given is changed; null takes away what may be absent."""

    keeps: ClassVar[frozenset[str]] = frozenset()
    """What cannot be taken away."""

    @model_validator(mode="after")
    def _takes_away_only_what_may_be_absent(self) -> Self:
        for name in sorted(self.keeps & self.model_fields_set):
            if getattr(self, name) is None:
                raise at_field(name, f"{name} cannot be null")
        return self


class ConsentInput(Input):
    """What somebody said about being reached in one way for one purpose. What nobody said is no consent."""

    channel: Channel
    purpose: Purpose
    given: StrictBool
    source: Name
    """Where it was said: a form, a call, a fair."""
    text: LongText | None = None
    """What was shown or read to the person."""


class Prospect(Input):
    """The person behind a lead: kept as a contact, never on the lead itself."""

    name: Name
    email: Email | None = None
    phone: Phone | None = None
    country: Country | None = None
    """How a phone number without country code is dialled; the firm's own country where absent."""
    job_title: Name | None = None
    company: Name | None = None
    tax_code: TaxCode | None = None
    custom: CustomInput = Field(default={})
    consents: Annotated[list[ConsentInput], Field(max_length=20)] = Field(default=[])


class DuplicateQuestion(Input):
    """What is known of a prospect; whatever is given is looked for."""

    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    country: Country | None = None
    """How a phone number without country code is dialled; the firm's own country where absent."""
    company: Name | None = None
    tax_code: TaxCode | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.model_fields_set - {"country"}:
            raise ValueError("give name, email, phone, company or tax_code")
        return self


class LeadInput(When):
    """A lead to capture. An absent source is another thing than a source called unknown."""

    external_id: ExternalId | None = None
    title: Name | None = None
    source: Name | None = None
    campaign: Name | None = None
    medium: Name | None = None
    region: UUID | None = None
    """The territory in which the prospect is."""
    region_external_id: ExternalId | None = None
    owner: UUID | None = None
    owner_external_id: ExternalId | None = None
    account: UUID | None = None
    account_external_id: ExternalId | None = None
    contact: UUID | None = None
    prospect: Prospect | None = None
    imported: StrictBool = False
    duplicates: Duplicates | None = None
    custom: CustomInput = Field(default={})

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        at_most_one(self, "owner", "account", "region")
        if self.contact is not None and self.prospect is not None:
            raise ValueError("give contact or prospect, not both")
        return self


class LeadChange(Change):
    """What changes about a lead. Its source, the first touch, stays as it was captured."""

    title: Name | None = None
    campaign: Name | None = None
    medium: Name | None = None
    contact: UUID | None = None
    account: UUID | None = None
    custom: CustomInput = Field(default={})


class OwnerInput(When):
    """Who holds the record from now on."""

    owner: UUID | None = None
    owner_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        exactly_one(self, "owner")
        return self


class Reason(When):
    """Why."""

    reason: Name


class OpportunityInput(Input):
    """What the deal should be that an acceptance opens; what is absent takes the tenant's default."""

    name: Name | None = None
    pipeline: UUID | None = None
    amount: MoneyInput | None = None
    expected_close_on: Day | None = None

    @model_validator(mode="after")
    def _is_worth_something(self) -> Self:
        if self.amount is not None and self.amount.amount.startswith("-"):
            raise at_field("amount", "an opportunity is not worth less than nothing")
        return self


class OfferInput(When):
    """A lead offered to an account executive. The credit goes to ``offered_by``: the lead's owner where absent."""

    external_id: ExternalId | None = None
    offered_to: UUID | None = None
    offered_to_external_id: ExternalId | None = None
    offered_by: UUID | None = None
    offered_by_external_id: ExternalId | None = None
    account: UUID | None = None
    account_external_id: ExternalId | None = None
    opportunity: OpportunityInput | None = None
    imported: StrictBool = False

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        exactly_one(self, "offered_to")
        at_most_one(self, "offered_by", "account")
        return self


class AcceptanceInput(When):
    """The lead becomes a deal of this account; without one, of the account of the lead, or of a new one so named."""

    account: UUID | None = None
    account_external_id: ExternalId | None = None
    account_name: Name | None = None

    @model_validator(mode="after")
    def _names_one_account(self) -> Self:
        at_most_one(self, "account")
        return self


class AccountInput(When):
    """An account to open. One with a class is cared for."""

    name: Name
    external_id: ExternalId | None = None
    customer_class: Code | None = None
    sector: Name | None = None
    country: Country | None = None
    parent: UUID | None = None
    parent_external_id: ExternalId | None = None
    owner: UUID | None = None
    owner_external_id: ExternalId | None = None
    custom: CustomInput = Field(default={})

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        at_most_one(self, "parent", "owner")
        return self


class AccountChange(Change):
    """What changes about an account."""

    keeps: ClassVar[frozenset[str]] = frozenset({"name"})

    name: Name | None = None
    sector: Name | None = None
    country: Country | None = None
    parent: UUID | None = None
    owner: UUID | None = None
    custom: CustomInput = Field(default={})
    customer_class: Code | None = None


class ContactInput(Prospect):
    """A contact to add."""

    external_id: ExternalId | None = None
    account: UUID | None = None
    account_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one_account(self) -> Self:
        at_most_one(self, "account")
        return self


class ContactChange(Change):
    """What changes about a contact."""

    keeps: ClassVar[frozenset[str]] = frozenset({"name"})

    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    country: Country | None = None
    """How a phone number without country code is dialled; the firm's own country where absent."""
    job_title: Name | None = None
    company: Name | None = None
    tax_code: TaxCode | None = None
    account: UUID | None = None
    custom: CustomInput = Field(default={})


def at_most_one(body: Input, *nouns: str) -> None:
    """Each noun is named by id or by external id, not by both."""
    for noun in nouns:
        if getattr(body, noun) is not None and getattr(body, f"{noun}_external_id") is not None:
            raise ValueError(f"give {noun} or {noun}_external_id, not both")


def exactly_one(body: Input, noun: str) -> None:
    """The noun is named, by id or by external id."""
    at_most_one(body, noun)
    if getattr(body, noun) is None and getattr(body, f"{noun}_external_id") is None:
        raise ValueError(f"give {noun} or {noun}_external_id")
