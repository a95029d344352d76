"""What happens around scores: rules set, a scorecard refused and one learnt, chances given, settled and open again."""

import time
from collections.abc import Callable
from typing import Any

RULE = {"name": "fair", "points": 30, "when": [{"field": "source", "test": "one_of", "values": ["fair"]}]}
LOST, WON = 140, 60
FOR_GOOD = "no-need"


def scoring(admin: Any, ana: str, binh: str) -> None:
    """The first scorecard has nothing to learn from; the second one has sources that differ.

    What is let go for good stays closed: leads let go until a day that is past would be recalled while these
    are learnt.
    """
    admin.post("leads", "/v1/disqualify-reasons", {"code": FOR_GOOD, "text": "Không có nhu cầu"})
    admin.post("leads", "/v1/score-rules", {"rules": [RULE]})
    closed(admin, "list", range(LOST), [])
    closed(admin, "list", [], range(LOST, LOST + WON), ana=ana, binh=binh)
    train(admin)
    closed(admin, "cold call", range(LOST), [])
    closed(admin, "fair", [], range(WON), ana=ana, binh=binh)
    train(admin)
    path = f"/v1/leads/{admin.post('leads', '/v1/leads', {'source': 'fair', 'owner': ana})['id']}"
    eventually(lambda: path.rpartition("/")[2] in waiting(admin, ana))
    admin.put("leads", f"{path}/probability", {"percent": 40})
    admin.post("leads", f"{path}/disqualification", {"reason": FOR_GOOD})
    eventually(lambda: judged(admin))
    admin.post("leads", f"{path}/reopening", {})
    eventually(lambda: not judged(admin))


def judged(admin: Any) -> bool:
    """Whether what somebody expected of a lead was held against what became of it: a while after it was closed."""
    return any(row["count"] for row in admin.get("analytics", "/v1/kpis/lead-estimates-brier")["rows"])


def closed(admin: Any, source: str, lost: Any, won: Any, *, ana: str = "", binh: str = "") -> None:
    """Leads of a source that came and were closed at the same time as all others: only the source tells them apart."""
    then = "2026-01-05T03:00:00Z"
    capture = {"command": "capture", "source": source, "occurred_at": then, **({"owner": ana} if ana else {})}
    names = [f"{source} {number}" for number in (*lost, *won)]
    batch(admin, "leads", [{**capture, "external_id": name} for name in names])
    for name_of, command in ((lost, {"command": "disqualify", "reason": FOR_GOOD}), (won, {"command": "qualify"})):
        batch(admin, "leads", [{**command, "external_id": f"{source} {n}", "occurred_at": then} for n in name_of])
    offer = {"command": "offer", "offered_to": binh, "occurred_at": then}
    batch(admin, "handoffs", [{**offer, "lead_external_id": n, "external_id": n} for n in names[len(lost) :]])
    accept = {"command": "accept", "account_name": "Sao Mai", "occurred_at": then}
    batch(admin, "handoffs", [{**accept, "external_id": name} for name in names[len(lost) :]])


def batch(admin: Any, what: str, items: list[dict[str, Any]]) -> None:
    if items:
        numbered = [{"item_id": str(number), **item} for number, item in enumerate(items)]
        results = admin.post("leads", f"/v1/{what}:batch", {"items": numbered})["results"]
        assert [result["problem"] for result in results if result["problem"]] == []


def train(admin: Any) -> None:
    model = admin.post("leads", "/v1/score-models:train")["id"]
    eventually(lambda: admin.get("leads", f"/v1/score-models/{model}")["status"] != "requested")


def waiting(admin: Any, owner: str) -> set[str]:
    return {each["lead"] for each in admin.get("leads", "/v1/work-list", owner=owner, limit=200)["items"]}


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)
