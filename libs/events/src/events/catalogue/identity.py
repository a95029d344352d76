"""Events of identity: tenants, people and where they belong, API keys. All topics here are compacted."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from events.event import UNSTAMPED, Event, Timestamp, Value
from events.money import Currency, RateText
from events.topics import IDENTITY_API_KEY, IDENTITY_PERSON, IDENTITY_REGION, IDENTITY_TEAM, IDENTITY_TENANT


class Role(StrEnum):
    """What a person or an integration may do; a person holds one or more."""

    REP = "rep"
    SDR = "sdr"
    MANAGER = "manager"
    DIRECTOR = "director"
    SALES_OPS = "sales-ops"
    CUSTOMER_SUCCESS = "customer-success"
    ADMIN = "admin"
    INTEGRATION = "integration"


class ExchangeRate(Value):
    """From ``on`` until the next date given for ``currency``, one unit of it is worth ``rate`` units of the base."""

    currency: Currency
    on: date
    rate: RateText


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """0 for Monday, as ``date.weekday`` counts."""
        return list(Weekday).index(self)


ClockTime = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""A time of the clock in the tenant's zone, as ``08:30``; ``24:00`` is the end of the day."""


class WorkingHours(Value):
    """A span of a weekday that is worked."""

    weekday: Weekday
    opens: ClockTime
    closes: ClockTime


HolidaysOf = Annotated[str, Field(pattern=r"^(zone|none|[A-Z]{2})$")]
"""A country of ISO 3166-1, ``zone`` for that of the tenant's time zone, or ``none``."""

USUAL_WEEK = tuple(
    WorkingHours(weekday=weekday, opens=opens, closes=closes)
    for weekday in list(Weekday)[:5]
    for opens, closes in (("08:00", "12:00"), ("13:00", "17:00"))
)


class WorkingCalendar(Value):
    """When a firm works. Its own days off and working days go before public holidays, those before the weekday."""

    weekly_hours: tuple[WorkingHours, ...] = USUAL_WEEK
    holidays: HolidaysOf = "zone"
    days_off: tuple[date, ...] = ()
    working_days: tuple[date, ...] = ()


class TenantState(Value):
    """A firm that uses the platform, and how its figures are reckoned."""

    id: UUID
    slug: str
    name: str
    zone: str
    """IANA time zone; the day of every figure is the day there."""
    base_currency: Currency
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    rates: tuple[ExchangeRate, ...] = ()
    working_calendar: WorkingCalendar | None = None
    """Absent: Monday to Friday, 08:00 to 12:00 and 13:00 to 17:00; holidays of the zone's country are days off."""


class Assignment(Value):
    """Where a person belongs from a date on, until the next assignment's date."""

    from_on: date
    team: UUID | None = None
    region: UUID | None = None


class Leave(Value):
    """Days on which a person is away, both included."""

    from_on: date
    to_on: date


class PersonState(Value):
    """A member of the sales organisation."""

    id: UUID
    external_id: str | None = None
    name: str
    email: str | None = None
    locale: str = "en"
    roles: tuple[Role, ...]
    manager: UUID | None = None
    assignments: tuple[Assignment, ...] = ()
    """Oldest first; the first one also holds for all time before its date."""
    active: bool = True
    leaves: tuple[Leave, ...] = ()
    """In order, with a day of presence between any two."""


class TeamState(Value):
    """A team; ``parent`` makes a tree, ``lead`` is its manager."""

    id: UUID
    external_id: str | None = None
    name: str
    parent: UUID | None = None
    lead: UUID | None = None


class RegionState(Value):
    """A sales region; ``parent`` makes a tree."""

    id: UUID
    external_id: str | None = None
    name: str
    parent: UUID | None = None


class ApiKeyState(Value):
    """A key of an integration. Only the SHA-256 of its 256-bit secret is kept, so publishing it reveals nothing."""

    id: UUID
    name: str
    secret_sha256: str
    roles: tuple[Role, ...]
    person: UUID | None = None
    revoked_at: Timestamp | None = None


class TenantEvent(Event, topic=IDENTITY_TENANT):
    """Base of what happens to a tenant."""

    tenant: TenantState = UNSTAMPED


class TenantFounded(TenantEvent, type="dealstream.tenant.founded", version=1):
    """A tenant began to use the platform."""


class TenantSettingsChanged(TenantEvent, type="dealstream.tenant.settings_changed", version=1):
    """Name, zone, base currency, fiscal year or working calendar changed."""


class ExchangeRatesSet(TenantEvent, type="dealstream.tenant.exchange_rates_set", version=1):
    """Dated exchange rates were added or corrected; amounts pinned before keep the rate they were pinned at."""


class PersonEvent(Event, topic=IDENTITY_PERSON):
    """Base of what happens to a person of the sales organisation."""

    person: PersonState = UNSTAMPED


class PersonJoined(PersonEvent, type="dealstream.person.joined", version=1):
    """A person joined the tenant."""


class PersonChanged(PersonEvent, type="dealstream.person.changed", version=1):
    """Name, mail address, language, roles or manager changed."""


class PersonReassigned(PersonEvent, type="dealstream.person.reassigned", version=1):
    """The person belongs to another team or region from a date on; figures before it stay where they were."""

    from_on: date


class PersonLeaveChanged(PersonEvent, type="dealstream.person.leave_changed", version=1):
    """The days on which the person is away changed."""


class PersonDeactivated(PersonEvent, type="dealstream.person.deactivated", version=1):
    """The person left; may no longer sign in, keeps past credit."""


class PersonReactivated(PersonEvent, type="dealstream.person.reactivated", version=1):
    """The person came back."""


class TeamEvent(Event, topic=IDENTITY_TEAM):
    """Base of what happens to a team."""

    team: TeamState = UNSTAMPED


class TeamFormed(TeamEvent, type="dealstream.team.formed", version=1):
    """A team was formed."""


class TeamChanged(TeamEvent, type="dealstream.team.changed", version=1):
    """Name, parent or lead of a team changed."""


class RegionEvent(Event, topic=IDENTITY_REGION):
    """Base of what happens to a region."""

    region: RegionState = UNSTAMPED


class RegionDefined(RegionEvent, type="dealstream.region.defined", version=1):
    """A region was defined."""


class RegionChanged(RegionEvent, type="dealstream.region.changed", version=1):
    """Name or parent of a region changed."""


class ApiKeyEvent(Event, topic=IDENTITY_API_KEY):
    """Base of what happens to an API key."""

    api_key: ApiKeyState = UNSTAMPED


class ApiKeyIssued(ApiKeyEvent, type="dealstream.api_key.issued", version=1):
    """An API key was issued."""


class ApiKeyRevoked(ApiKeyEvent, type="dealstream.api_key.revoked", version=1):
    """An API key stopped being valid."""
