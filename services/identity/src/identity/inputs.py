"""What callers may send to identity. The same bodies serve single requests and items of a batch."""

from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from chassis.bulk import BatchItem
from chassis.inputs import Day, ExternalId, Input, Name, StrictInt, StrictStr, at_field
from events.catalogue.identity import ClockTime, HolidaysOf, Role, Weekday, WorkingCalendar, WorkingHours
from events.money import Currency, RateText

Secret = Annotated[StrictStr, Field(min_length=1, max_length=1_000)]
Email = Annotated[str, StringConstraints(strict=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")]
Locale = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
Month = Annotated[StrictInt, Field(ge=1, le=12)]


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


class PlaceInput(Input):
    """A team and a region, each by id or by external id."""

    team: UUID | None = None
    team_external_id: ExternalId | None = None
    region: UUID | None = None
    region_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        at_most_one(self, "team", "region")
        return self


class PersonInput(PlaceInput):
    """A person who joins. Team and region hold from ``assigned_from`` on, which is today where absent."""

    name: Name
    external_id: ExternalId | None = None
    email: Email | None = None
    locale: Locale = "en"
    roles: Roles
    manager: UUID | None = None
    manager_external_id: ExternalId | None = None
    assigned_from: Day | None = None

    @model_validator(mode="after")
    def _names_one_manager(self) -> Self:
        at_most_one(self, "manager")
        return self


class PersonItem(BatchItem, PersonInput):
    """A person of a batch."""


class PersonChange(Change):
    """What changes about a person."""

    keeps: ClassVar[frozenset[str]] = frozenset({"name", "locale", "roles"})

    name: Name | None = None
    email: Email | None = None
    locale: Locale | None = None
    roles: Roles | None = None
    manager: UUID | None = None


class AssignmentInput(PlaceInput):
    """Where the person belongs from a day on; a past day corrects history, an absent team or region means none."""

    from_on: Day


class LeaveInput(Input):
    """Days, both included; three years at most."""

    from_on: Day
    to_on: Day

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.to_on < self.from_on:
            raise at_field("to_on", "it is before from_on")
        if (self.to_on - self.from_on).days > LEAVE_DAYS_MAX:
            raise at_field("to_on", "a leave is three years at most")
        return self


LEAVE_DAYS_MAX = 1_096


class PasswordInput(Input):
    """A new password; ``current_password`` is needed from whoever changes their own."""

    password: Secret
    current_password: Secret | None = None


class TeamInput(Input):
    """A team to form."""

    name: Name
    external_id: ExternalId | None = None
    parent: UUID | None = None
    parent_external_id: ExternalId | None = None
    lead: UUID | None = None
    lead_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        at_most_one(self, "parent", "lead")
        return self


class TeamItem(BatchItem, TeamInput):
    """A team of a batch."""


class TeamChange(Change):
    """What changes about a team."""

    keeps: ClassVar[frozenset[str]] = frozenset({"name"})

    name: Name | None = None
    parent: UUID | None = None
    lead: UUID | None = None


class RegionInput(Input):
    """A region to define."""

    name: Name
    external_id: ExternalId | None = None
    parent: UUID | None = None
    parent_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one_parent(self) -> Self:
        at_most_one(self, "parent")
        return self


class RegionItem(BatchItem, RegionInput):
    """A region of a batch."""


class RegionChange(Change):
    """What changes about a region."""

    keeps: ClassVar[frozenset[str]] = frozenset({"name"})

    name: Name | None = None
    parent: UUID | None = None


class HoursInput(Input):
    """A span of a weekday that is worked, by the clock of the tenant's zone."""

    weekday: Weekday
    opens: Annotated[ClockTime, Field(examples=["08:00"])]
    closes: Annotated[ClockTime, Field(examples=["12:00"])]


class CalendarInput(Input):
    """When the firm works. What is absent is as usual: Monday to Friday, 08:00 to 12:00 and 13:00 to 17:00."""

    weekly_hours: Annotated[list[HoursInput], Field(min_length=1, max_length=70)] | None = None
    holidays: HolidaysOf = "zone"
    days_off: Annotated[list[Day], Field(max_length=1_000)] = Field(default_factory=list)
    working_days: Annotated[list[Day], Field(max_length=1_000)] = Field(default_factory=list)

    def to_calendar(self) -> WorkingCalendar:
        hours = {} if self.weekly_hours is None else {"weekly_hours": _in_order(self.weekly_hours)}
        days = {"days_off": tuple(sorted({*self.days_off})), "working_days": tuple(sorted({*self.working_days}))}
        return WorkingCalendar(holidays=self.holidays, **hours, **days)


def _in_order(hours: list[HoursInput]) -> tuple[WorkingHours, ...]:
    given = [WorkingHours(weekday=each.weekday, opens=each.opens, closes=each.closes) for each in hours]
    return tuple(sorted(given, key=lambda each: (each.weekday.number, each.opens)))


class TenantChange(Change):
    """What changes about the tenant. A working calendar is given whole; null takes it back to the usual one."""

    keeps: ClassVar[frozenset[str]] = frozenset({"name", "zone", "base_currency", "fiscal_year_start_month"})

    name: Name | None = None
    zone: Name | None = None
    base_currency: Currency | None = None
    fiscal_year_start_month: Month | None = None
    working_calendar: CalendarInput | None = None

    def changes(self) -> dict[str, Any]:
        """The fields given, as the tenant's state holds them."""
        found = self.model_dump(exclude_unset=True, exclude={"working_calendar"})
        if "working_calendar" in self.model_fields_set:
            calendar = self.working_calendar
            found["working_calendar"] = None if calendar is None else calendar.to_calendar()
        return found


class RateInput(Input):
    """From ``on`` until the currency's next date, one unit of it is worth ``rate`` units of the base currency."""

    currency: Currency
    on: Day
    rate: Annotated[RateText, Field(examples=["0.000039"])]


class RatesInput(Input):
    """Rates to add, or to correct where currency and day are the same."""

    rates: Annotated[list[RateInput], Field(min_length=1, max_length=1_000)]


class ApiKeyInput(Input):
    """A key to issue; with a person, it also has that person's team, region and records."""

    name: Name
    roles: Roles
    person: UUID | None = None


class SignIn(Input):
    """Who signs in; ``tenant`` is the short name of the firm."""

    tenant: Slug = "default"
    email: Name
    password: Secret


class Renewal(Input):
    """The refresh token of the session."""

    refresh_token: Secret


def at_most_one(body: Input, *nouns: str) -> None:
    """Each noun is named by id or by external id, not by both."""
    for noun in nouns:
        if getattr(body, noun) is not None and getattr(body, f"{noun}_external_id") is not None:
            raise ValueError(f"give {noun} or {noun}_external_id, not both")
