"""A day on which everything happens: each event version there is, brought about through the HTTP APIs.

    python tests/e2e/every_event.py --home DIR     records one real message of each as libs/events/examples

Examples of released versions are never edited: what exists stays, unless ``--amend`` is given.
"""

import argparse
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from dealstream.home import Home
from e2e.scoring_events import scoring
from running_platform import RunningPlatform, Tenant

EXAMPLES = Path(__file__).parents[2] / "libs" / "events" / "examples"
PASSWORD = "correct horse battery staple"


@dataclass
class Caller:
    """Calls services as one person or key, and expects to succeed."""

    addresses: dict[str, str]
    token: str

    def post(self, service: str, path: str, body: Any = None) -> Any:
        return self._call("POST", service, path, json=body)

    def patch(self, service: str, path: str, body: Any) -> Any:
        return self._call("PATCH", service, path, json=body, headers={"If-Match": "*"})

    def put(self, service: str, path: str, body: Any) -> Any:
        return self._call("PUT", service, path, json=body, headers={"If-Match": "*"})

    def get(self, service: str, path: str, **query: Any) -> Any:
        return self._call("GET", service, path, params=query)

    def until(self, service: str, path: str) -> Any:
        """What another service tells this one arrives a moment later."""
        deadline = time.monotonic() + 60
        while True:
            answer = self._answer("GET", service, path)
            if answer.is_success:
                return answer.json()
            assert time.monotonic() < deadline, f"{path}: {answer.text}"
            time.sleep(0.2)

    def _call(self, method: str, service: str, path: str, **options: Any) -> Any:
        answer = self._answer(method, service, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def _answer(self, method: str, service: str, path: str, headers: Any = None, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return httpx2.request(method, f"{self.addresses[service]}{path}", headers=headers, timeout=60, **options)


def live_it(tenant: Tenant) -> None:
    """Everything happens once; returns when the last notice was read."""
    admin = Caller(tenant.platform.addresses, tenant.key)
    ana, binh = people(admin)
    settings(admin)
    account = customers(admin)
    campaign(admin)
    own_field(admin)
    web_form(admin)
    activities(admin, ana["id"], account)
    deal = leads(admin, ana["id"], binh["id"])
    assignment(admin, ana["id"])
    own_deal(admin, ana["id"], binh["id"], account)
    custody(admin, account, binh["id"])
    erasure(admin)
    scoring(admin, ana["id"], binh["id"])
    merge(admin, admin.until("deals", f"/v1/deals/{deal}")["lead"])
    a_deal_that_is_refused(admin, binh["id"])
    an_offer_that_expires(admin, binh["id"])
    first_responses(admin, binh["id"])
    transfer(admin, ana["id"], binh["id"])
    year = datetime.now(UTC).year
    admin.post("analytics", "/v1/seals", {"from_on": f"{year - 1}-01-01", "to_on": f"{year - 1}-02-01"})
    read_a_notice(admin, binh)


def people(admin: Caller) -> tuple[Any, Any]:
    region = admin.post("identity", "/v1/regions", {"name": "Miền Bắc", "external_id": "north"})
    admin.patch("identity", f"/v1/regions/{region['id']}", {"name": "Miền Bắc và Trung"})
    team = admin.post("identity", "/v1/teams", {"name": "Hà Nội", "external_id": "hanoi"})
    admin.patch("identity", f"/v1/teams/{team['id']}", {"name": "Hà Nội 1"})
    belongs = {"team": team["id"], "region": region["id"]}
    ana = admin.post(
        "identity", "/v1/people", {"name": "Ana", "roles": ["rep"], "email": "ana@acme.example", **belongs}
    )
    binh = admin.post(
        "identity", "/v1/people", {"name": "Bình", "roles": ["rep"], "email": "binh@acme.example", **belongs}
    )
    admin.patch("identity", f"/v1/people/{ana['id']}", {"locale": "vi"})
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    admin.post("identity", f"/v1/people/{ana['id']}/assignment", {"from_on": tomorrow, "team": team["id"]})
    admin.post("identity", f"/v1/people/{ana['id']}/leave", {"from_on": "2026-12-21", "to_on": "2027-01-02"})
    admin.post("identity", f"/v1/people/{ana['id']}/deactivation")
    admin.post("identity", f"/v1/people/{ana['id']}/reactivation")
    admin.post("identity", f"/v1/people/{binh['id']}/password", {"password": PASSWORD})
    return ana, binh


def settings(admin: Caller) -> None:
    admin.patch("identity", "/v1/tenant", {"name": "Acme Việt Nam"})
    admin.put("identity", "/v1/tenant/rates", {"rates": [{"currency": "VND", "on": "2020-01-01", "rate": "0.000039"}]})
    key = admin.post("identity", "/v1/api-keys", {"name": "warehouse", "roles": ["integration"]})
    admin.post("identity", f"/v1/api-keys/{key['id']}/revocation")


def customers(admin: Caller) -> str:
    account = admin.post("leads", "/v1/accounts", {"name": "Công ty TNHH Sao Mai", "country": "VN"})
    admin.patch("leads", f"/v1/accounts/{account['id']}", {"sector": "seafood"})
    contact = admin.post("leads", "/v1/contacts", {"name": "Nguyễn Thị Hà", "account": account["id"]})
    path = f"/v1/contacts/{contact['id']}"
    admin.patch("leads", path, {"job_title": "Trưởng phòng mua hàng"})
    said = {"channel": "mail", "purpose": "marketing", "given": True, "source": "fair", "text": "Gửi tin cho tôi"}
    admin.post("leads", f"{path}/consents", said)
    admin.post("leads", f"{path}/do-not-contact", {"source": "call", "reason": "on leave for a year"})
    admin.post("leads", f"{path}/do-not-contact-lifting", {})
    roles = {"contact": contact["id"], "roles": ["decision_maker", "champion"]}
    admin.post("leads", f"/v1/accounts/{account['id']}/buying-roles", roles)
    found: str = account["id"]
    return found


def custody(admin: Caller, account: str, holder: str) -> None:
    """The account is held and given up."""
    admin.post("leads", f"/v1/accounts/{account}/custody", {"owner": holder})
    admin.post("leads", f"/v1/accounts/{account}/custody-end", {})


def erasure(admin: Caller) -> None:
    """Somebody asks to be forgotten."""
    contact = admin.post("leads", "/v1/contacts", {"name": "Phan Thị Mỹ", "email": "my@saomai.example"})
    path = f"/v1/contacts/{contact['id']}/erasure"
    admin.post("leads", path, {"reason": "asked"})
    deadline = time.monotonic() + 60
    while admin.get("leads", path)["status"] != "completed":
        assert time.monotonic() < deadline, "the erasure is not complete"
        time.sleep(0.2)


def merge(admin: Caller, lead: str) -> None:
    """An earlier lead turns out to be the same prospect's, and then not: the deal counts from it meanwhile."""
    earlier = (datetime.now(UTC) - timedelta(days=20)).isoformat()
    twin = {"lead": admin.post("leads", "/v1/leads", {"source": "trade-show", "occurred_at": earlier})["id"]}
    admin.post("leads", f"/v1/leads/{lead}/merge", twin)
    admin.post("leads", f"/v1/leads/{lead}/unmerge", twin)


def transfer(admin: Caller, leaver: str, to: str) -> None:
    """A transfer is called off, another one carried out: it takes a lead that is offered along."""
    asked = {"person": leaver, "to": to}
    later = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    off = admin.post("leads", "/v1/transfers", {**asked, "from_on": later})
    admin.post("leads", f"/v1/transfers/{off['id']}/cancellation")
    lead = admin.post("leads", "/v1/leads", {"source": "zalo", "owner": leaver})
    admin.post("leads", f"/v1/leads/{lead['id']}/qualification", {"answers": {"budget": True}})
    admin.post("leads", f"/v1/leads/{lead['id']}/handoff", {"offered_to": leaver, "offered_by": to})
    admin.post("deals", "/v1/deals", {"name": "Sao Mai: spare parts", "owner": leaver})
    moving = admin.post("leads", "/v1/transfers", asked)
    deadline = time.monotonic() + 60
    while admin.get("leads", f"/v1/transfers/{moving['id']}")["status"] != "done":
        assert time.monotonic() < deadline, "the transfer is not done"
        time.sleep(0.2)


def campaign(admin: Caller) -> None:
    """A campaign costs money, some of it by mistake."""
    days = {"first_on": "2026-01-01", "last_on": "2026-03-31"}
    budget = {"amount": "120000000", "currency": "VND"}
    planned = {"name": "Tết trên Zalo", "source": "zalo", "medium": "social", **days, "budget": budget}
    path = f"/v1/campaigns/{admin.post('leads', '/v1/campaigns', planned)['id']}"
    admin.patch("leads", path, {"last_on": "2026-04-15"})
    bill = {"campaign": path.rpartition("/")[2], "amount": {"amount": "18500000", "currency": "VND"}}
    spend = admin.post(
        "leads", "/v1/spends", {**bill, "from_on": "2026-02-01", "to_on": "2026-02-28", "note": "Zalo Ads"}
    )
    admin.post("leads", f"/v1/spends/{spend['id']}/reversal", {"reason": "billed twice"})


def own_field(admin: Caller) -> None:
    """The firm wants to know something that nobody else asks."""
    field = {"record": "lead", "key": "pumps", "label": "Pumps in use", "type": "number"}
    defined = admin.post("leads", "/v1/custom-fields", field)
    admin.patch("leads", f"/v1/custom-fields/{defined['id']}", {"label": "Pumps in use today"})


def web_form(admin: Caller) -> None:
    """A page gets a form, and the form another place to be shown."""
    fields = [{"input": "ten", "to": "name", "required": True}, {"input": "thu", "to": "email"}]
    boxes = [{"input": "tin", "channel": "mail", "purpose": "marketing", "text": "Gửi tin cho tôi"}]
    form = {"name": "Trang liên hệ", "fields": fields, "consents": boxes, "source": "web-form"}
    defined = admin.post("leads", "/v1/forms", form)
    admin.patch("leads", f"/v1/forms/{defined['id']}", {"origins": ["https://www.saomai.example"]})


def assignment(admin: Caller, ana: str) -> None:
    """Leads of fairs go to Ana; one that fits nobody waits in the pool."""
    fairs = {"name": "Hội chợ", "when": {"sources": ["fair"]}, "distribution": "person", "members": [{"person": ana}]}
    limits = {"claim_limit": {"leads": 10, "per": "week"}, "recycle_after_days": 5}
    admin.put("leads", "/v1/assignment-policy", {"rules": [fairs], "pool": limits, "alert_to": [ana]})
    for source in ("fair", "radio"):
        admin.post("leads", "/v1/leads", {"title": "Máy nén khí", "source": source})


def activities(admin: Caller, ana: str, account: str) -> None:
    """A call is made, a task given up, one visit held and another missed."""
    lead = admin.post("leads", "/v1/leads", {"title": "3 máy bơm", "source": "zalo", "owner": ana})["id"]
    talked = {"kind": "call", "lead": lead, "performer": ana, "two_way": True, "outcome": "interested"}
    admin.post("leads", "/v1/activities", talked)
    admin.patch("leads", f"/v1/accounts/{account}", {"customer_class": "a"})
    for path in (f"/v1/leads/{lead}", f"/v1/accounts/{account}"):
        admin.post("leads", f"{path}/next-step", {"next_step": {"what": "send-offer", "due_on": "2030-01-15"}})
        admin.post("leads", f"{path}/pause", {"until": "2030-01-10", "reason": "budget-next-year"})
    ago = datetime.now(UTC) - timedelta(minutes=5)
    task = {"kind": "task", "account": account, "performer": ana, "status": "planned", "planned_at": ago.isoformat()}
    path = f"/v1/activities/{admin.post('leads', '/v1/activities', task)['id']}"
    admin.patch("leads", path, {"note": "Kho ở Hải Phòng"})
    admin.post("leads", f"{path}/cancellation", {"reason": "done-by-others"})
    for ending, how in (("completion", {"outcome": "offer-wanted"}), ("no-show", {})):
        visit = admin.post("leads", "/v1/activities", {**task, "kind": "visit", "status": "asked"})
        path = f"/v1/activities/{visit['id']}"
        admin.post("leads", f"{path}/agreement", {})
        admin.post("leads", f"{path}/move", {"planned_at": (ago + timedelta(minutes=1)).isoformat()})
        if ending == "completion":
            _was_there(admin, ana, account, path)
        admin.post("leads", f"{path}/{ending}", how)


def _was_there(admin: Caller, ana: str, account: str, visit: str) -> None:
    """Whoever makes the visit checks in and out, a little away from where the account is."""
    steps = [{"code": "stock", "text": "Đếm hàng tồn"}]
    admin.post("leads", "/v1/visit-plans", {"customer_class": "a", "every_days": 30, "steps": steps})
    admin.put("leads", f"/v1/accounts/{account}/site", {"latitude": 21.0278, "longitude": 105.8342})
    phone = {"name": "Điện thoại của Ana", "roles": ["rep"], "person": ana}
    device = Caller(admin.addresses, admin.post("identity", "/v1/api-keys", phone)["key"])
    here = {"latitude": 21.0281, "longitude": 105.8342, "accuracy_metres": 8}
    device.post("leads", f"{visit}/check-in", here)
    device.post("leads", f"{visit}/check-out", {**here, "steps": ["stock"]})


def leads(admin: Caller, ana: str, binh: str) -> str:
    """A lead goes every way there is and ends as a deal, whose id is returned."""
    prospect = {"name": "Trần Văn Tú", "email": f"tu-{time.time_ns()}@saomai.example"}
    qualifying(admin)
    lead = admin.post(
        "leads", "/v1/leads", {"title": "12 máy bơm", "source": "zalo", "prospect": prospect, "custom": {"pumps": 3}}
    )
    path = f"/v1/leads/{lead['id']}"
    admin.patch("leads", path, {"title": "14 máy bơm"})
    admin.post("leads", "/v1/leads", {"source": "web-form", "prospect": prospect, "duplicates": "link"})
    admin.post("leads", f"{path}/assignment", {"owner": ana})
    admin.post("leads", f"{path}/disqualification", {"reason": "no-budget"})
    admin.post("leads", f"{path}/reopening", {})
    admin.post("leads", f"{path}/answers", {"answers": {"budget": True}})
    admin.post("leads", f"{path}/qualification", {})
    first = admin.post("leads", f"{path}/handoff", {"offered_to": binh})
    admin.post("leads", f"/v1/handoffs/{first['id']}/return", {"reason": "budget not confirmed"})
    if admin.get("leads", path)["status"] == "open":
        admin.post("leads", f"{path}/qualification", {})
    second = admin.post("leads", f"{path}/handoff", {"offered_to": binh})
    accepted: str = admin.post("leads", f"/v1/handoffs/{second['id']}/acceptance", {})["deal"]
    return accepted


def a_deal_that_is_refused(admin: Caller, binh: str) -> None:
    """A lead becomes a deal and is given back, because the pipeline wanted is no longer in use."""
    stage = {"key": "talk", "title": "Talk", "probability_percent": 20}
    pipeline = admin.post("deals", "/v1/pipelines", {"name": "Partners", "stages": [stage]})["id"]
    admin.patch("deals", f"/v1/pipelines/{pipeline}", {"active": False})
    path = f"/v1/leads/{admin.post('leads', '/v1/leads', {'title': '2 máy bơm', 'owner': binh})['id']}"
    admin.post("leads", f"{path}/qualification", {})
    offer = {"offered_to": binh, "opportunity": {"pipeline": pipeline}}
    handoff = admin.post("leads", f"{path}/handoff", offer)["id"]
    admin.post("leads", f"/v1/handoffs/{handoff}/acceptance", {})


def an_offer_that_expires(admin: Caller, binh: str) -> None:
    """Offered three weeks ago, with an hour to answer."""
    limit = {"kind": "handoff-answer", "source": "late", "working_minutes": 90}
    path = f"/v1/time-limits/{admin.post('leads', '/v1/time-limits', limit)['id']}"
    admin.patch("leads", path, {"working_minutes": 60})
    at = {"occurred_at": (datetime.now(UTC) - timedelta(days=21)).isoformat()}
    lead = admin.post("leads", "/v1/leads", {"title": "3 máy bơm", "source": "late", "owner": binh, **at})["id"]
    admin.post("leads", f"/v1/leads/{lead}/qualification", at)
    admin.post("leads", f"/v1/leads/{lead}/handoff", {"offered_to": binh, **at})


def first_responses(admin: Caller, binh: str) -> None:
    """One prospect is called at once, another waits for three weeks by now."""
    admin.post("leads", "/v1/time-limits", {"kind": "first-response", "source": "chat", "working_minutes": 60})
    at = {"occurred_at": (datetime.now(UTC) - timedelta(days=21)).isoformat()}
    for when in ({}, at):
        lead = admin.post("leads", "/v1/leads", {"title": "5 máy bơm", "source": "chat", "owner": binh, **when})["id"]
        if not when:
            admin.post("leads", "/v1/activities", {"kind": "call", "lead": lead, "performer": binh, "two_way": True})


def qualifying(admin: Caller) -> None:
    """What must be known of a lead, and what one is let go for."""
    item = {"code": "budget", "text": "Ngân sách năm nay?"}
    checklist = admin.post("leads", "/v1/checklists", {"name": "Zalo", "source": "zalo", "items": [item]})
    more = {"code": "competitor", "text": "Đang dùng máy của ai?", "required": False}
    admin.patch("leads", f"/v1/checklists/{checklist['id']}", {"items": [item, more]})
    reason = admin.post("leads", "/v1/disqualify-reasons", {"code": "no-budget", "text": "Chưa có ngân sách"})
    admin.patch("leads", f"/v1/disqualify-reasons/{reason['id']}", {"recall_after_days": 180})


def own_deal(admin: Caller, ana: str, binh: str, account: str) -> None:
    stages = [
        {"key": "talk", "title": "Talk", "probability_percent": 20},
        {"key": "offer", "title": "Offer", "probability_percent": 60, "stalled_after_days": 14},
    ]
    pipeline = admin.post("deals", "/v1/pipelines", {"name": "Direct", "stages": stages})
    admin.patch("deals", f"/v1/pipelines/{pipeline['id']}", {"name": "Direct sales"})
    price = {"amount": "730.00", "currency": "USD"}
    product = admin.post("deals", "/v1/products", {"name": "Pump S", "family": "pumps", "list_prices": [price]})
    admin.patch("deals", f"/v1/products/{product['id']}", {"family": "water pumps"})
    opened = {"name": "Sao Mai: 3 pumps", "pipeline": pipeline["id"], "owner": ana, "account": account}
    path = f"/v1/deals/{admin.post('deals', '/v1/deals', opened)['id']}"
    admin.patch("deals", path, {"source": "trade-show"})
    admin.post("deals", f"{path}/lines", {"lines": [{"product": product["id"], "quantity": 3}], "currency": "USD"})
    admin.post("deals", f"{path}/expected-close", {"expected_close_on": "2030-06-30"})
    admin.post("deals", f"{path}/next-step", {"next_step": {"what": "Call the buyer", "due_on": "2030-01-15"}})
    admin.post("deals", f"{path}/stage", {"stage": "offer"})
    admin.post("deals", f"{path}/owner", {"owner": binh})
    admin.post("deals", f"{path}/closure", {"outcome": "lost", "reason": "price", "competitor": "Ebara"})
    admin.post("deals", f"{path}/reopening", {"reason": "they came back"})
    admin.post("deals", f"{path}/closure", {"outcome": "won"})


def read_a_notice(admin: Caller, person: Any) -> None:
    """Somebody signs in and reads what was told."""
    who = {"tenant": admin.get("identity", "/v1/me")["tenant_slug"], "email": person["email"], "password": PASSWORD}
    token = admin.post("identity", "/v1/sessions", who)["access_token"]
    reader = Caller(admin.addresses, token)
    deadline = time.monotonic() + 60
    while not (found := reader.get("notifications", "/v1/inbox")["items"]):
        assert time.monotonic() < deadline, "no notice has come"
        time.sleep(0.2)
    reader.post("notifications", f"/v1/inbox/{found[0]['id']}/read")


def messages(tenant: Tenant) -> list[dict[str, Any]]:
    """Every event of the tenant on every topic; null records, which say that something is gone, are none."""
    whose = tenant.get("identity", "/v1/me")["tenant"]
    done = tenant.platform.command("events", "tail", "--from-beginning", "--until-now", "--json", "--tenant", whose)
    assert done.returncode == 0, done.stderr
    return [record for line in done.stdout.splitlines() if (record := json.loads(line))["data"] is not None]


def record(platform: RunningPlatform, *, amend: bool) -> None:
    """One example of each type, the last of its kind."""
    EXAMPLES.mkdir(exist_ok=True)
    for message in messages(platform.default):
        file = EXAMPLES / f"{message['type']}.json"
        if amend or not file.exists():
            example = {
                "topic": message["topic"],
                "key": f"{message['tenant']}:{message['subject']}",
                "headers": message["headers"],
                "value": message["data"],
            }
            file.write_text(json.dumps(example, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--amend", action="store_true", help="replace examples; right only while nothing is released")
    chosen = parser.parse_args()
    home = Home(chosen.home)
    platform = RunningPlatform(home, home.running().port_base)
    live_it(platform.default)
    time.sleep(3)  # the last events are on their way
    record(platform, amend=chosen.amend)


if __name__ == "__main__":
    main()
