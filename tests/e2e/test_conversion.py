"""From an accepted handoff to the deal and back to leads, through the real services and Kafka; and back where deals
refuses.
"""

import time

import pytest

from e2e.every_event import Caller

STAGES = [{"key": "talk", "title": "Talk", "probability_percent": 20}]


@pytest.fixture(scope="module")
def tenant(platform):
    return platform.found("conversions")


@pytest.fixture
def admin(tenant):
    return Caller(tenant.platform.addresses, tenant.key)


@pytest.fixture
def binh(admin):
    found = admin.post(
        "identity", "/v1/people", {"name": "Bình", "roles": ["rep"], "external_id": f"b{time.time_ns()}"}
    )
    admin.until("leads", "/v1/leads")
    return found["id"]


def a_qualified_lead(admin, binh):
    body = {"title": "12 pumps", "source": "fair", "owner": binh, "prospect": {"name": "Trần Văn Tú"}}
    path = f"/v1/leads/{admin.post('leads', '/v1/leads', body)['id']}"
    admin.post("leads", f"{path}/qualification", {})
    return path


def hand_over(admin, lead, to, pipeline=None):
    offer = {"offered_to": to, "opportunity": {"pipeline": pipeline}}
    handoff = admin.post("leads", f"{lead}/handoff", offer)["id"]
    return admin.post("leads", f"/v1/handoffs/{handoff}/acceptance", {})


def ended(admin, handoff):
    """The conversion of the handoff, once deals has answered."""
    deadline = time.monotonic() + 60
    while True:
        [conversion] = admin.get("leads", "/v1/conversions", handoff=handoff["id"])["items"]
        if conversion["status"] != "waiting":
            return conversion
        assert time.monotonic() < deadline, conversion
        time.sleep(0.1)


def counted(admin, kpi, lead, handoff):
    versions = [
        f"lead:{lead['id']}@{lead['version']}",
        f"handoff:{handoff['id']}@{handoff['version']}",
    ]
    [row] = admin.get("analytics", f"/v1/kpis/{kpi}", after=versions)["rows"]
    return row["numerator"], row["denominator"]


def test_a_deal_that_is_open_makes_the_conversion_final(admin, binh):
    lead = a_qualified_lead(admin, binh)
    handoff = hand_over(admin, lead, binh)
    conversion = ended(admin, handoff)
    assert (conversion["status"], conversion["deal"], conversion["account_opened"]) == (
        "confirmed",
        handoff["deal"],
        True,
    )
    deal = admin.get("deals", f"/v1/deals/{handoff['deal']}")
    converted = admin.get("leads", lead)
    assert (deal["handoff"], deal["account"]) == (handoff["id"], handoff["account"])
    assert (converted["status"], converted["deal"]) == ("converted", deal["id"])
    contact = admin.get("leads", f"/v1/contacts/{converted['contact']}")
    assert contact["account"] == handoff["account"]


def test_a_deal_that_is_refused_gives_lead_handoff_and_figures_back(admin, binh):
    pipeline = admin.post("deals", "/v1/pipelines", {"name": "Retired", "stages": STAGES})["id"]
    admin.patch("deals", f"/v1/pipelines/{pipeline}", {"active": False})
    lead = a_qualified_lead(admin, binh)
    before = counted_now(admin)
    handoff = hand_over(admin, lead, binh, pipeline)
    conversion = ended(admin, handoff)
    assert (conversion["status"], conversion["code"]) == ("undone", "not-offered")
    failed = admin.get("leads", f"/v1/handoffs/{handoff['id']}")
    assert (failed["status"], failed["failure"], failed["deal"]) == ("failed", "not-offered", None)
    again = admin.get("leads", lead)
    assert (again["status"], again["deal"], again["account"]) == ("qualified", None, handoff["account"])
    assert counted(admin, "lead-conversion", again, failed) == before["lead-conversion"]
    assert counted(admin, "handoff-acceptance", again, failed) == before["handoff-acceptance"]

    second = hand_over(admin, lead, binh)
    assert ended(admin, second)["status"] == "confirmed"
    assert second["account"] == handoff["account"]
    leads = admin.get("leads", lead)
    won = counted(admin, "lead-conversion", leads, admin.get("leads", f"/v1/handoffs/{second['id']}"))
    assert won[0] == before["lead-conversion"][0] + 1


def counted_now(admin):
    """The figures with all that has been told so far."""
    found = {}
    leads = admin.get("leads", "/v1/leads", sort="-created_at", limit=1)["items"]
    for kpi in ("lead-conversion", "handoff-acceptance"):
        after = [f"lead:{lead['id']}@{lead['version']}" for lead in leads]
        [row] = admin.get("analytics", f"/v1/kpis/{kpi}", after=after)["rows"]
        found[kpi] = row["numerator"], row["denominator"]
    return found
