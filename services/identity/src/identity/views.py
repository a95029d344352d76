"""What identity answers. Written out field by field, so that an event's new field is not shown by accident."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.identity import (
    ApiKeyState,
    Assignment,
    ExchangeRate,
    Leave,
    PersonState,
    RegionState,
    Role,
    TeamState,
    TenantState,
    WorkingCalendar,
)
from identity.person import belongs_on
from identity.sessions import Tokens


class PersonView(BaseModel):
    """A person, with the place of today and all dated ones."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    email: str | None
    locale: str
    roles: tuple[Role, ...]
    manager: UUID | None
    active: bool
    team: UUID | None
    region: UUID | None
    assignments: tuple[Assignment, ...]
    leaves: tuple[Leave, ...]

    @classmethod
    def of(cls, loaded: Loaded[PersonState], today: date) -> "PersonView":
        person = loaded.state
        place = belongs_on(person, today)
        return cls(
            id=person.id,
            version=loaded.version,
            external_id=person.external_id,
            name=person.name,
            email=person.email,
            locale=person.locale,
            roles=person.roles,
            manager=person.manager,
            active=person.active,
            team=place.team if place else None,
            region=place.region if place else None,
            assignments=person.assignments,
            leaves=person.leaves,
        )


class TeamView(BaseModel):
    """A team and its place in the tree."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    parent: UUID | None
    lead: UUID | None

    @classmethod
    def of(cls, loaded: Loaded[TeamState]) -> "TeamView":
        team = loaded.state
        return cls(
            id=team.id,
            version=loaded.version,
            external_id=team.external_id,
            name=team.name,
            parent=team.parent,
            lead=team.lead,
        )


class RegionView(BaseModel):
    """A region and its place in the tree."""

    id: UUID
    version: int
    external_id: str | None
    name: str
    parent: UUID | None

    @classmethod
    def of(cls, loaded: Loaded[RegionState]) -> "RegionView":
        region = loaded.state
        return cls(
            id=region.id,
            version=loaded.version,
            external_id=region.external_id,
            name=region.name,
            parent=region.parent,
        )


class TenantView(BaseModel):
    """The tenant's settings and exchange rates."""

    id: UUID
    version: int
    slug: str
    name: str
    zone: str
    base_currency: str
    fiscal_year_start_month: int
    rates: tuple[ExchangeRate, ...]
    working_calendar: WorkingCalendar
    """The usual one where none was given."""

    @classmethod
    def of(cls, loaded: Loaded[TenantState]) -> "TenantView":
        tenant = loaded.state
        return cls(
            id=tenant.id,
            version=loaded.version,
            slug=tenant.slug,
            name=tenant.name,
            zone=tenant.zone,
            base_currency=tenant.base_currency,
            fiscal_year_start_month=tenant.fiscal_year_start_month,
            rates=tenant.rates,
            working_calendar=tenant.working_calendar or WorkingCalendar(),
        )


class ApiKeyView(BaseModel):
    """An API key, without its secret."""

    id: UUID
    version: int
    name: str
    roles: tuple[Role, ...]
    person: UUID | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, loaded: Loaded[ApiKeyState]) -> "ApiKeyView":
        key = loaded.state
        return cls(
            id=key.id,
            version=loaded.version,
            name=key.name,
            roles=key.roles,
            person=key.person,
            revoked_at=key.revoked_at,
        )


class IssuedApiKeyView(ApiKeyView):
    """A new API key with its text, which is shown this once."""

    key: str


class SessionView(BaseModel):
    """What a client keeps of its session."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme, not a secret
    expires_in_seconds: int
    refresh_token: str
    person: UUID

    @classmethod
    def of(cls, tokens: Tokens) -> "SessionView":
        return cls(
            access_token=tokens.access_token,
            expires_in_seconds=tokens.expires_in_seconds,
            refresh_token=tokens.refresh_token,
            person=tokens.person,
        )


class MeView(BaseModel):
    """Who is asking, and with which rights."""

    subject: str
    tenant: UUID
    tenant_slug: str
    roles: tuple[Role, ...]
    person: PersonView | None
    led_teams: tuple[UUID, ...]


class KeySetView(BaseModel):
    """JSON Web Key Set (RFC 7517)."""

    class Key(BaseModel):
        """One Ed25519 key."""

        kid: str
        kty: str
        crv: str
        x: str
        use: str
        alg: str

    keys: list[Key]
