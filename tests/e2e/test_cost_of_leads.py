"""From a bill to the cost of a lead: booked over HTTP, carried by events, read with the command line."""

import pytest

from e2e.every_event import Caller

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


@pytest.fixture
def admin(platform):
    return Caller(platform.addresses, platform.default.key)


def a_lead(admin, source, on):
    return admin.post("leads", "/v1/leads", {"source": source, "occurred_at": f"{on}T09:00:00Z"})


def a_bill(admin, campaign, amount, **days):
    cost = {"amount": amount, "currency": "USD"}
    return admin.post("leads", "/v1/spends", {"campaign": campaign, "amount": cost, **days})


def rows(platform, kpi, *words):
    """By source and month."""
    found = platform.json("kpi", "get", kpi, "--by", "source", "--by", "month", *words)["rows"]
    return {tuple(row["dimensions"][by] for by in ("source", "month")): row for row in found}


def test_a_bill_over_two_months_is_the_cost_of_the_leads_of_its_source(platform, admin):
    plan = {"name": "Billboards", "source": "billboard", "first_on": "2026-03-01", "last_on": "2026-04-30"}
    campaign = admin.post("leads", "/v1/campaigns", plan)["id"]
    a_bill(admin, campaign, "100.01", from_on="2026-03-31", to_on="2026-04-01")
    wrong = a_bill(admin, campaign, "999.00", on="2026-03-31")
    taken_back = admin.post("leads", f"/v1/spends/{wrong['id']}/reversal", {"reason": "another firm's bill"})
    for _ in range(4):
        lead = a_lead(admin, "billboard", "2026-03-15")
    changes = [f"lead:{lead['id']}@1", f"spend:{wrong['id']}@{taken_back['version']}"]
    admin.get("analytics", "/v1/kpis/cost-per-lead", after=changes)

    found = rows(platform, "cost-per-lead")
    march, april = found["billboard", "2026-03"], found["billboard", "2026-04"]
    assert (march["value"], march["numerator"], march["denominator"]) == (12.5, 50, 4)
    assert (april["value"], april["numerator"], april["reason"]) == (None, 50.01, "no lead was created")
    wins = rows(platform, "cost-per-conversion")["billboard", "2026-03"]
    assert (wins["value"], wins["numerator"], wins["reason"]) == (None, 50, "no deal was won")
    behind = admin.get("analytics", "/v1/kpis/cost-per-lead/explain", filter="source:billboard", **MARCH)
    assert behind["totals"] == {"numerator": 50, "denominator": 4, "count": 4}
    assert {entry["event_type"] for entry in behind["items"] if entry["kind"] == "spend"} == {
        "dealstream.spend.booked.v1",
        "dealstream.spend.reversed.v1",
    }
