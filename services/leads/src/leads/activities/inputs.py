"""What callers may send about activities. Batches use the same bodies."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, Field, StrictInt, model_validator

from chassis.inputs import Day, ExternalId, Input, LongText, Name, OccurredAt, StrictBool, at_field
from events.catalogue.activities import ActivityKind, Direction
from leads.activities.recurring import Every
from leads.calendars.inputs import Conflicts
from leads.inputs import Change, Code, When, at_most_one

FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)


def _in_our_time(at: datetime) -> datetime:
    if not FIRST <= at <= LAST:
        raise ValueError("it must lie between 1990 and 2100")
    return at


Body = TypeVar("Body")

PlannedTime = Annotated[OccurredAt, AfterValidator(_in_our_time)]
"""A time that may be to come."""


class ActivityInput(When):
    """An activity that was done (``occurred_at``, now where absent), or that is ``planned`` for ``planned_at``.

    A meeting or visit may also be ``asked`` for, or ``agreed`` to by the customer. A visit without an appointment to a
    customer with whom nobody had a contact says why in ``without_contact``.
    """

    external_id: ExternalId | None = None
    kind: ActivityKind
    status: Literal["planned", "asked", "agreed", "done"] = "done"
    lead: UUID | None = None
    lead_external_id: ExternalId | None = None
    account: UUID | None = None
    account_external_id: ExternalId | None = None
    contact: UUID | None = None
    performer: UUID | None = None
    performer_external_id: ExternalId | None = None
    planned_at: PlannedTime | None = None
    planned_until: PlannedTime | None = None
    title: Name | None = None
    note: LongText | None = None
    outcome: Code | None = None
    direction: Direction | None = None
    two_way: StrictBool | None = None
    automatic: StrictBool = False
    without_contact: Code | None = None
    imported: StrictBool = False

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        at_most_one(self, "lead", "account", "performer")
        return self

    @model_validator(mode="after")
    def _is_planned_for_a_time(self) -> Self:
        if self.status != "done" and self.planned_at is None:
            raise at_field("planned_at", "say for when it is planned")
        if self.status != "done" and self.outcome is not None:
            raise at_field("outcome", "what is planned has no outcome yet")
        return _with_a_beginning(self, self.planned_at, self.planned_until)

    @model_validator(mode="after")
    def _concerns_somebody(self) -> Self:
        named = (self.lead, self.lead_external_id, self.account, self.account_external_id, self.contact)
        if self.kind is not ActivityKind.TASK and not any(named):
            raise ValueError("give lead, account or contact")
        return self


class NextStepInput(Input):
    """What is to be done next, by when."""

    what: Code
    due_on: Day


class ActivityWithNextStep(ActivityInput):
    """An activity, and what is to be done next for its lead, or for its account where it concerns no lead."""

    next_step: NextStepInput | None = None
    conflicts: Conflicts = "warn"


class SeriesInput(ActivityInput):
    """An activity that is planned to come again, at the same time of the clock."""

    every: Every
    interval: Annotated[StrictInt, Field(ge=1, le=12)] = 1
    """So many weeks or months lie between two."""
    times: Annotated[StrictInt, Field(ge=2, le=60)]
    conflicts: Conflicts = "warn"

    @model_validator(mode="after")
    def _is_to_come(self) -> Self:
        if self.status == "done":
            raise at_field("status", "what comes again is planned")
        if self.external_id is not None:
            raise at_field("external_id", "several activities cannot have one")
        return self


class SeriesEndInput(When):
    """From when on nothing of it will be done, now where absent, and why."""

    at_from: PlannedTime | None = None
    reason: Code | None = None


class FollowUpInput(Input):
    """The next step; null takes it away."""

    next_step: NextStepInput | None


class PauseInput(Input):
    """Until when nothing is to be done, and why; without a day the pause is over."""

    until: Day | None = None
    reason: Code | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if (self.until is None) != (self.reason is None):
            raise ValueError("give until and reason together, or none of them")
        return self


class CompletionInput(When):
    """How it went, and what is to be done next for its lead, or for its account where it concerns no lead."""

    next_step: NextStepInput | None = None
    outcome: Code | None = None
    direction: Direction | None = None
    two_way: StrictBool | None = None
    note: LongText | None = None


class AgreementInput(When):
    """The customer agreed: to the time planned, or to another."""

    planned_at: PlannedTime | None = None
    planned_until: PlannedTime | None = None
    conflicts: Conflicts = "warn"

    @model_validator(mode="after")
    def _begins(self) -> Self:
        return _with_a_beginning(self, self.planned_at, self.planned_until)


class MoveInput(When):
    """Another time. ``agreed`` false: the customer has not agreed to it yet."""

    planned_at: PlannedTime
    planned_until: PlannedTime | None = None
    agreed: StrictBool = True
    conflicts: Conflicts = "warn"

    @model_validator(mode="after")
    def _begins(self) -> Self:
        return _with_a_beginning(self, self.planned_at, self.planned_until)


class CancellationInput(When):
    """Why it will not be done."""

    reason: Code | None = None


class ActivityChange(Change):
    """What changes about an activity. When and by whom it was done stays."""

    title: Name | None = None
    note: LongText | None = None
    outcome: Code | None = None


def _with_a_beginning(body: Body, start: datetime | None, until: datetime | None) -> Body:
    """An end needs a beginning before it."""
    if until is not None and (start is None or until < start):
        raise at_field("planned_until", "it ends before it begins")
    return body
