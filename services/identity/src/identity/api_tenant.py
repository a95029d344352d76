"""The caller's tenant over HTTP: settings, exchange rates, API keys, and who the caller is."""

import secrets
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.aggregates import Loaded
from chassis.api_keys import PREFIX, secret_sha256
from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Invalid, Malformed, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.identity import ApiKeyState, ExchangeRate, Role
from identity import store
from identity.api_key import API_KEY, IssueApiKey, RevokeApiKey
from identity.inputs import ApiKeyInput, RatesInput, TenantChange
from identity.person import PERSON
from identity.references import refuse_unknown
from identity.tenant import (
    TENANT,
    BaseCurrencyHasRates,
    ChangeTenantSettings,
    HoursNotUsable,
    NoKnownHolidays,
    RateNotUsable,
    SetExchangeRates,
    TooManyRates,
    UnknownCurrency,
    UnknownZone,
)
from identity.views import ApiKeyView, IssuedApiKeyView, MeView, PersonView, TenantView

router = APIRouter(route_class=CommandRoute)


@router.get("/v1/me", tags=["sessions"])
async def me(reader: Reader) -> MeView:
    """Who the caller is, and with which rights."""
    caller = reader.principal
    tenant = await reader.directory.tenant(reader.tenant)
    today = await reader.directory.today(reader.tenant)
    person = PersonView.of(await reader.load(PERSON, caller.person), today) if caller.person else None
    return MeView(
        subject=caller.subject,
        tenant=caller.tenant,
        tenant_slug=tenant.slug,
        roles=tuple(sorted(caller.roles)),
        person=person,
        led_teams=caller.led_teams,
    )


@router.get("/v1/tenant", tags=["tenant"])
async def get_tenant(reader: Reader) -> TenantView:
    """The tenant's settings and exchange rates."""
    return TenantView.of(await reader.load(TENANT, reader.tenant))


@router.patch(
    "/v1/tenant",
    tags=["tenant"],
    responses=problems(UnknownZone, UnknownCurrency, BaseCurrencyHasRates, NoKnownHolidays, HoursNotUsable),
    openapi_extra=example(
        {
            "zone": "Asia/Ho_Chi_Minh",
            "fiscal_year_start_month": 4,
            "working_calendar": {
                "weekly_hours": [
                    {"weekday": "monday", "opens": "08:00", "closes": "17:30"},
                    {"weekday": "saturday", "opens": "08:00", "closes": "12:00"},
                ],
                "holidays": "VN",
                "days_off": ["2026-12-31"],
                "working_days": [],
            },
        }
    ),
)
async def change_tenant(body: TenantChange, work: Work) -> TenantView:
    """Change name, zone, base currency, fiscal year or working calendar, which is given whole.

    Figures booked before keep their days and rates.
    """
    work.principal.require(Role.ADMIN)
    command = ChangeTenantSettings(moment=await work.moment(), changes=body.changes())
    return TenantView.of(await work.execute(TENANT, work.tenant, command))


@router.put(
    "/v1/tenant/rates",
    tags=["tenant"],
    responses=problems(RateNotUsable, UnknownCurrency, TooManyRates),
    openapi_extra=example({"rates": [{"currency": "VND", "on": "2026-01-01", "rate": "0.000039"}]}),
)
async def set_rates(body: RatesInput, work: Work) -> TenantView:
    """Add dated exchange rates, or correct those of the same currency and day; all others stay."""
    work.principal.require(Role.ADMIN, Role.SALES_OPS, Role.INTEGRATION)
    rates = tuple(ExchangeRate(currency=each.currency, on=each.on, rate=each.rate) for each in body.rates)
    command = SetExchangeRates(moment=await work.moment(), rates=rates)
    return TenantView.of(await work.execute(TENANT, work.tenant, command))


@router.post(
    "/v1/api-keys",
    status_code=201,
    tags=["api keys"],
    responses=problems(Invalid, Malformed),
    openapi_extra=example({"name": "Import of the old system", "roles": ["integration"]}),
)
async def issue_api_key(body: ApiKeyInput, work: Work, response: Response) -> IssuedApiKeyView:
    """Issue a key. Its text is in this answer and nowhere else."""
    work.principal.require(Role.ADMIN)
    work.refuse_idempotency_key()
    if body.person is not None:
        await refuse_unknown(work, "person", body.person, pointer="/person")
    id_, secret = work.new_id(), secrets.token_urlsafe(32)
    key = ApiKeyState(
        id=id_,
        name=body.name,
        secret_sha256=secret_sha256(secret),
        roles=tuple(dict.fromkeys(body.roles)),
        person=body.person,
    )
    loaded = await work.execute(API_KEY, id_, IssueApiKey(moment=await work.moment(), api_key=key))
    response.headers["Location"] = f"/v1/api-keys/{id_}"
    return IssuedApiKeyView(**ApiKeyView.of(loaded).model_dump(), key=f"{PREFIX}{id_.hex}_{secret}")


@router.get("/v1/api-keys", tags=["api keys"])
async def list_api_keys(
    reader: Reader, revoked: bool | None = None, limit: Limit = 50, cursor: CursorText = None
) -> Page[ApiKeyView]:
    """Keys in order of issue, without their secrets."""
    reader.principal.require(Role.ADMIN)
    cursors = reader.cursors("api-keys")
    after = cursors.read(cursor)
    wanted = store.Filter(
        tenant=reader.tenant, limit=limit, after=after[0] if after else None, equal={"revoked": revoked}
    )
    rows = await store.page(reader.connection, "api_key", wanted)
    return cursors.page(rows, limit, lambda row: ApiKeyView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/api-keys/{api_key_id}", tags=["api keys"], responses=problems(NotFound))
async def get_api_key(api_key_id: UUID, reader: Reader) -> ApiKeyView:
    """One key, without its secret."""
    reader.principal.require(Role.ADMIN)
    return ApiKeyView.of(await reader.load(API_KEY, api_key_id))


@router.post("/v1/api-keys/{api_key_id}/revocation", tags=["api keys"], responses=problems(NotFound))
async def revoke_api_key(api_key_id: UUID, work: Work) -> ApiKeyView:
    """Revoke the key for good."""
    work.principal.require(Role.ADMIN)
    return ApiKeyView.of(await work.execute(API_KEY, api_key_id, RevokeApiKey(moment=await work.moment())))


def _loaded(row: Any) -> Loaded[ApiKeyState]:
    return Loaded(ApiKeyState.model_validate_json(row["state"]), row["version"])
