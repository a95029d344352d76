"""From a deadline that passes to the figures and the people, through the real services and Kafka; and back where the
call was only written down late.
"""

import time
from datetime import UTC, datetime, timedelta

import pytest

from e2e.every_event import PASSWORD, Caller

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALWAYS = {"weekly_hours": [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in DAYS], "holidays": "none"}


@pytest.fixture
def admin(platform):
    tenant = platform.found("responses")
    return Caller(tenant.platform.addresses, tenant.key)


@pytest.fixture
def ana(admin):
    """Who works around the clock, and can sign in."""
    admin.patch("identity", "/v1/tenant", {"working_calendar": ALWAYS})
    body = {"name": "Ana", "roles": ["rep"], "email": f"ana-{time.time_ns()}@acme.example"}
    person = admin.post("identity", "/v1/people", body)
    admin.post("identity", f"/v1/people/{person['id']}/password", {"password": PASSWORD})
    return person


def ago(minutes):
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def until(found):
    """What travels arrives a moment later."""
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not arrive"
        time.sleep(0.1)
    return value


def told_to(admin, person):
    who = {"tenant": admin.get("identity", "/v1/me")["tenant_slug"], "email": person["email"], "password": PASSWORD}
    reader = Caller(admin.addresses, admin.post("identity", "/v1/sessions", who)["access_token"])
    return [notice["rule"] for notice in reader.get("notifications", "/v1/inbox")["items"]]


def counted(admin, kpi, lead):
    [row] = admin.get("analytics", f"/v1/kpis/{kpi}", after=[f"lead:{lead['id']}@{lead['version']}"])["rows"]
    return row["numerator"], row["denominator"]


def test_a_breach_is_counted_and_told_and_taken_back_where_the_call_was_in_time(admin, ana):
    until(lambda: _known(admin, ana))
    limit = {"kind": "first-response", "working_minutes": 60}
    admin.post("leads", "/v1/time-limits", limit)
    lead = admin.post("leads", "/v1/leads", {"source": "chat", "owner": ana["id"], "occurred_at": ago(120)})
    path = f"/v1/leads/{lead['id']}"
    until(lambda: admin.get("leads", path)["response"]["status"] == "overdue")
    assert counted(admin, "lead-response-breaches", admin.get("leads", path)) == (1, 1)
    until(lambda: told_to(admin, ana) == ["response-overdue"])

    call = {"kind": "call", "lead": lead["id"], "performer": ana["id"], "two_way": True, "occurred_at": ago(90)}
    admin.post("leads", "/v1/activities", call)
    answered = admin.get("leads", path)
    assert answered["response"]["status"] == "met"
    assert counted(admin, "lead-response-breaches", answered) == (0, 1)
    hours, leads = counted(admin, "lead-response-working-time", answered)
    assert (round(hours, 1), leads) == (0.5, 1)


def _known(admin, person):
    """Whether leads has heard of the person and of the firm's working time."""
    body = {"source": "early", "owner": person["id"]}
    return admin._answer("POST", "leads", "/v1/leads", json=body).is_success
