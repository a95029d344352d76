"""A tenant: founded with its zone, base currency and fiscal year; then settings and dated exchange rates. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from babel.core import get_global

from chassis.aggregates import Aggregate, Command
from chassis.holiday_countries import COUNTRIES
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.identity import (
    ExchangeRate,
    ExchangeRatesSet,
    TenantEvent,
    TenantFounded,
    TenantSettingsChanged,
    TenantState,
    WorkingCalendar,
    WorkingHours,
)


class UnknownZone(Refusal):
    """This is not a time zone of the IANA database, such as Asia/Ho_Chi_Minh."""

    slug = "unknown-zone"
    kind = Kind.INVALID


class UnknownCurrency(Refusal):
    """This is not a currency in use of ISO 4217, such as VND."""

    slug = "unknown-currency"
    kind = Kind.INVALID


class BaseCurrencyHasRates(Refusal):
    """The base currency cannot change once exchange rates refer to it."""

    slug = "base-currency-has-rates"


class RateNotUsable(Refusal):
    """An exchange rate must be above zero and for another currency than the base."""

    slug = "rate-not-usable"
    kind = Kind.INVALID


class TooManyRates(Refusal):
    """A tenant holds at most 5,000 dated exchange rates."""

    slug = "too-many-rates"
    kind = Kind.INVALID


class NoKnownHolidays(Refusal):
    """No public holidays are known of this country; say none and name the days off."""

    slug = "no-known-holidays"
    kind = Kind.INVALID


class HoursNotUsable(Refusal):
    """Working hours must open before they close, not overlap on a day, and some day must be worked."""

    slug = "hours-not-usable"
    kind = Kind.INVALID


RATES_MAX = 5_000
"""All rates travel in every event of the tenant: about 400 kB at most, under Kafka's 1 MB a message."""


@dataclass(frozen=True, kw_only=True)
class FoundTenant(Command):
    """A tenant begins."""

    creates: ClassVar[bool] = True
    tenant: TenantState


@dataclass(frozen=True, kw_only=True)
class ChangeTenantSettings(Command):
    """Change the fields named."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SetExchangeRates(Command):
    """Add rates, or correct those of the same currency and day."""

    rates: tuple[ExchangeRate, ...]


TenantCommand = FoundTenant | ChangeTenantSettings | SetExchangeRates


def decide(command: TenantCommand, tenant: TenantState | None) -> Iterator[TenantEvent]:
    match command, tenant:
        case FoundTenant(), None:
            _refuse_unknown(command.tenant)
            yield TenantFounded(tenant=command.tenant)
        case FoundTenant(), TenantState():
            raise AlreadyExists(id=str(tenant.id))
        case ChangeTenantSettings(), TenantState():
            yield from _change(command, tenant)
        case SetExchangeRates(), TenantState():
            yield from _set_rates(command, tenant)


def _change(command: ChangeTenantSettings, tenant: TenantState) -> Iterator[TenantEvent]:
    changed = tenant.model_copy(update=command.changes)
    if changed == tenant:
        return
    _refuse_unknown(changed)
    if changed.base_currency != tenant.base_currency and tenant.rates:
        raise BaseCurrencyHasRates(pointer="/base_currency")
    yield TenantSettingsChanged(tenant=changed)


def _set_rates(command: SetExchangeRates, tenant: TenantState) -> Iterator[TenantEvent]:
    for index, rate in enumerate(command.rates):
        _refuse_unusable(rate, tenant, pointer=f"/rates/{index}")
    rates = tuple(sorted({_key(rate): rate for rate in (*tenant.rates, *command.rates)}.values(), key=_key))
    if len(rates) > RATES_MAX:
        raise TooManyRates(pointer="/rates")
    if rates != tenant.rates:
        yield ExchangeRatesSet(tenant=tenant.model_copy(update={"rates": rates}))


def _key(rate: ExchangeRate) -> tuple[str, date]:
    return rate.currency, rate.on


def _refuse_unusable(rate: ExchangeRate, tenant: TenantState, *, pointer: str) -> None:
    if rate.currency not in currencies():
        raise UnknownCurrency(pointer=f"{pointer}/currency")
    if rate.currency == tenant.base_currency:
        raise RateNotUsable(pointer=f"{pointer}/currency")
    if not rate.rate.strip("0."):
        raise RateNotUsable(pointer=f"{pointer}/rate")


def _refuse_unknown(tenant: TenantState) -> None:
    if tenant.zone not in zones():
        raise UnknownZone(pointer="/zone")
    if tenant.base_currency not in currencies():
        raise UnknownCurrency(pointer="/base_currency")
    if tenant.working_calendar is not None:
        _refuse_unworkable(tenant.working_calendar)


def _refuse_unworkable(calendar: WorkingCalendar) -> None:
    if calendar.holidays not in {"zone", "none", *COUNTRIES}:
        raise NoKnownHolidays(pointer="/working_calendar/holidays")
    hours = calendar.weekly_hours
    if not hours:
        raise HoursNotUsable("Some day must be worked.", pointer="/working_calendar/weekly_hours")
    for index, each in enumerate(hours):
        before = hours[:index]
        if each.opens >= each.closes or any(_overlap(each, other) for other in before):
            raise HoursNotUsable(pointer=f"/working_calendar/weekly_hours/{index}")


def _overlap(one: WorkingHours, other: WorkingHours) -> bool:
    return one.weekday == other.weekday and one.opens < other.closes and other.opens < one.closes


@cache
def zones() -> frozenset[str]:
    """Every zone of the IANA database that means the same on every machine."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


@cache
def currencies() -> frozenset[str]:
    """Every currency that is legal tender somewhere today."""
    in_use = get_global("territory_currencies").values()
    return frozenset(code for rows in in_use for code, _start, end, tender in rows if end is None and tender)


def apply(_tenant: TenantState | None, event: TenantEvent) -> TenantState:
    """An event carries the state after it."""
    return event.tenant


TENANT = Aggregate(
    noun="tenant",
    table="tenant",
    state=TenantState,
    decide=decide,
    apply=apply,
    columns=lambda tenant: {"slug": tenant.slug},
)
