"""Tenants: zone, currency, fiscal year, and dated exchange rates."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from chassis.refusals import AlreadyExists
from events.catalogue.identity import (
    ExchangeRate,
    ExchangeRatesSet,
    TenantFounded,
    TenantSettingsChanged,
    TenantState,
)
from events.moment import Moment
from events.testing import given
from identity.tenant import (
    RATES_MAX,
    TENANT,
    BaseCurrencyHasRates,
    ChangeTenantSettings,
    FoundTenant,
    RateNotUsable,
    SetExchangeRates,
    TooManyRates,
    UnknownCurrency,
    UnknownZone,
    currencies,
    zones,
)

NOW = Moment.of(datetime(2026, 3, 2, 9, tzinfo=UTC), "UTC")


def firm(**changes):
    founded = TenantState(id=UUID(int=1), slug="firm", name="Firm", zone="Asia/Ho_Chi_Minh", base_currency="VND")
    return founded.model_copy(update=changes)


def rate(currency="USD", on=date(2026, 1, 1), value="25000"):
    return ExchangeRate(currency=currency, on=on, rate=value)


def set_rates(*rates):
    return SetExchangeRates(moment=NOW, rates=rates)


def test_a_tenant_is_founded_once():
    given(TENANT).when(FoundTenant(moment=NOW, tenant=firm())).then(TenantFounded()).then_state(slug="firm")
    given(TENANT, firm()).when(FoundTenant(moment=NOW, tenant=firm())).then_refused(AlreadyExists)


@pytest.mark.parametrize("zone", ["Asia/Hanoi_City", "UTC+7", "", "localtime", "../etc/passwd", "asia/ho_chi_minh"])
def test_the_zone_is_one_of_the_iana_database(zone):
    refused = given(TENANT).when(FoundTenant(moment=NOW, tenant=firm(zone=zone))).then_refused(UnknownZone)
    assert refused.pointer == "/zone"


@pytest.mark.parametrize("currency", ["DEM", "XXX", "AAA", "usd"])
def test_the_currency_is_in_use(currency):
    founding = FoundTenant(moment=NOW, tenant=firm(base_currency=currency))
    given(TENANT).when(founding).then_refused(UnknownCurrency)


def test_common_zones_and_currencies_are_known():
    assert {"UTC", "Asia/Ho_Chi_Minh", "Asia/Shanghai", "America/Sao_Paulo"} <= zones()
    assert {"VND", "CNY", "USD", "EUR", "BRL", "KWD", "JPY"} <= currencies()


def test_settings_change_only_when_they_differ():
    given(TENANT, firm()).when(ChangeTenantSettings(moment=NOW, changes={"name": "Firm"})).then_nothing()
    given(TENANT, firm()).when(ChangeTenantSettings(moment=NOW, changes={"zone": "Asia/Shanghai"})).then(
        TenantSettingsChanged()
    ).then_state(zone="Asia/Shanghai")
    given(TENANT, firm()).when(ChangeTenantSettings(moment=NOW, changes={"zone": "Nowhere"})).then_refused(UnknownZone)


def test_the_base_currency_is_fixed_once_rates_refer_to_it():
    change = ChangeTenantSettings(moment=NOW, changes={"base_currency": "USD"})
    given(TENANT, firm()).when(change).then(TenantSettingsChanged)
    given(TENANT, firm(), set_rates(rate())).when(change).then_refused(BaseCurrencyHasRates)


def test_rates_are_added_corrected_and_kept_in_order():
    before = set_rates(rate(on=date(2026, 2, 1), value="25500"), rate())
    given(TENANT, firm(), before).when(set_rates(rate(value="25100"), rate("CNY", value="3500"))).then(
        ExchangeRatesSet()
    ).then_state(
        rates=(rate("CNY", value="3500"), rate(value="25100"), rate(on=date(2026, 2, 1), value="25500")),
    )
    given(TENANT, firm(), before).when(set_rates(rate())).then_nothing()


@pytest.mark.parametrize(
    ("wrong", "refusal", "pointer"),
    [
        (rate(value="0"), RateNotUsable, "/rates/1/rate"),
        (rate(value="0.000"), RateNotUsable, "/rates/1/rate"),
        (rate("VND"), RateNotUsable, "/rates/1/currency"),
        (rate("DEM"), UnknownCurrency, "/rates/1/currency"),
    ],
)
def test_a_rate_that_means_nothing_is_refused(wrong, refusal, pointer):
    refused = given(TENANT, firm()).when(set_rates(rate(), wrong)).then_refused(refusal)
    assert refused.pointer == pointer


def test_the_number_of_rates_is_bounded():
    many = tuple(rate(on=date.fromordinal(700_000 + day)) for day in range(RATES_MAX))
    given(TENANT, firm(rates=many)).when(set_rates(rate())).then_refused(TooManyRates)
