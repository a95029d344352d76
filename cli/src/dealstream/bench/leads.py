"""Leads in numbers: lists and how deep they are paged, the duplicate check, and capture in bulk beside COPY."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from dealstream.bench.figures import Figure, Outcome
from dealstream.bench.load import Connection, Connections, Request, WrongAnswer, milliseconds, open_load, require
from dealstream.bench.stage import Stage
from dealstream.bench.statistics import median, percentile
from dealstream.client import Client
from dealstream.platform import Plan

RATE: Final = 10
WARM_UP: Final = 20
PAGE: Final = 50
LONG_PAGE: Final = 200
PASSWORD: Final = "a sentence for the busy rep"  # noqa: S105 - of a bench's own platform
MAIL: Final = "busy@acme.example"


class Sizes(NamedTuple):
    listed: int
    checked: int
    """Leads among which duplicates are looked for."""
    captured: int
    asked: int
    """Requests of each kind."""


FULL = Sizes(listed=200_000, checked=500_000, captured=20_000, asked=100)
QUICK = Sizes(listed=20_000, checked=50_000, captured=4_000, asked=40)


class Caller(NamedTuple):
    """Who asks, with the token."""

    name: str
    token: str


async def leads(stage: Stage, sizes: Sizes) -> Outcome:
    """Lists and checks on a founded platform; capture on a database of its own."""
    async with stage.platform() as plan:
        firm = await _Firm.found(stage, plan)
        held = (await firm.filled(sizes.listed))["leads_of_the_busy_rep"]
        lists = await _lists(firm, sizes.asked)
        depth = await _depth(firm, sizes)
        checks = await _checks(firm, sizes)
    async with stage.database() as url:
        capture = json.loads(await stage.script("bulk_capture.py", "--database", url, "--leads", str(sizes.captured)))
    p95s = {name: round(percentile(took, 95), 1) for name, took in lists.items()}
    return Outcome(
        (
            Figure("bulk_capture_to_copy", capture["ratio_median"], 0.5, "times"),
            Figure("leads_list_depth", depth, 1.5, "times", less_is_better=True),
            Figure("leads_list_p95", max(p95s.values()), 100, "ms", less_is_better=True),
            Figure("duplicate_check_p95", percentile(checks, 95), 50, "ms", less_is_better=True),
        ),
        {
            f"{sizes.listed:,} leads, {held:,} of one rep: p95 in ms": p95s,
            f"duplicate check at {sizes.checked:,} leads in ms": {
                f"p{percent}": round(percentile(checks, percent), 1) for percent in (50, 95, 99)
            },
            "bulk_captures_per_second": capture["bulk_per_second"],
            "copied_leads_per_second": capture["copy_per_second"],
        },
    )


class _Firm:
    """The firm of the founded platform, with somebody who has very many leads."""

    def __init__(self, stage: Stage, plan: Plan, tenant: UUID, busy: UUID, callers: Sequence[Caller]) -> None:
        self._stage, self.plan, self.tenant, self.busy = stage, plan, tenant, busy
        self.everything, self.rep = callers

    @classmethod
    async def found(cls, stage: Stage, plan: Plan) -> "_Firm":
        key = plan.home.api_key()
        async with Client(plan.addresses, key) as client:
            tenant = await client.get("identity", "/v1/tenant")
            person = {"name": "Busy Rep", "email": MAIL, "roles": ["rep"]}
            busy = await client.post("identity", "/v1/people", person)
        everything = Caller("everything", key)
        identity = Connection(plan.addresses["identity"])
        whose = {"tenant": tenant["slug"], "email": MAIL, "password": PASSWORD}
        path = f"/v1/people/{busy['id']}/password"
        require(await identity.ask(_request(everything, path, {"password": PASSWORD})), 204)
        session = require(await identity.ask(_request(everything, "/v1/sessions", whose)), 201)
        await identity.close()
        rep = Caller("the busy rep", json.loads(session.body)["access_token"])
        return cls(stage, plan, UUID(tenant["id"]), UUID(busy["id"]), (everything, rep))

    async def filled(self, leads: int, *, questions: int = 0) -> Any:
        """What ``fill_leads.py`` says when there are so many."""
        where = ("--database", self.plan.database("leads"), "--tenant", str(self.tenant), "--busy", str(self.busy))
        sizes = ("--leads", str(leads), "--questions", str(questions))
        return json.loads(await self._stage.script("fill_leads.py", *where, *sizes))

    async def asked(self, caller: Caller, requests: Sequence[tuple[str, Any]]) -> list[float]:
        """Milliseconds of each request from when it was due, after some for warmth."""
        service = Connections(self.plan.addresses["leads"])
        took: list[float] = []

        async def ask(number: int, due: float) -> None:
            took.append(milliseconds(await service.ask(_request(caller, *requests[number])), due, 200))

        await open_load(ask, rate=RATE, count=min(WARM_UP, len(requests)))
        took.clear()
        await open_load(ask, rate=RATE, count=len(requests))
        await service.close()
        return took

    async def listed(self, caller: Caller, path: str) -> Any:
        """One page."""
        service = Connection(self.plan.addresses["leads"])
        answer = require(await service.ask(_request(caller, path, None)), 200)
        await service.close()
        return json.loads(answer.body)


def _request(caller: Caller, path: str, body: Any) -> Request:
    return Request(
        path, {"Authorization": f"Bearer {caller.token}"}, b"" if body is None else json.dumps(body).encode()
    )


def _path(**query: Any) -> str:
    return f"/v1/leads?{urlencode({'limit': PAGE, **query})}"


async def _lists(firm: _Firm, asked: int) -> dict[str, list[float]]:
    """Each list as those ask for it who see everything, and as somebody with very many leads does."""
    lists = {
        "first": _path(),
        "newest": _path(sort="-created_at"),
        "of a status": _path(status="qualified", sort="-created_at"),
        "of a source": _path(source="fair", sort="-created_at"),
        "of a rare source": _path(source="embassy"),
        "of an owner": _path(owner=firm.busy, status="open"),
        "of a span": _path(created_from="2024-11-11T00:00:00Z", created_to="2024-11-18T00:00:00Z"),
    }
    took = {}
    lists |= {"of follow-ups": f"/v1/follow-ups?limit={PAGE}", "of contacts": f"/v1/contacts?limit={PAGE}"}
    for caller in (firm.everything, firm.rep):
        for name, path in lists.items():
            if not (await firm.listed(caller, path))["items"]:
                raise WrongAnswer(f"{caller.name}: nothing {name}")
            took[f"{name}, {caller.name}"] = await firm.asked(caller, [(path, None)] * asked)
    return took


async def _depth(firm: _Firm, sizes: Sizes) -> float:
    """The median of a page behind most of a rep's leads, over that of the first."""
    page = await firm.listed(firm.rep, _path(limit=LONG_PAGE))
    for _ in range(sizes.listed // 5 // LONG_PAGE - 1):
        page = await firm.listed(firm.rep, _path(limit=LONG_PAGE, cursor=page["next_cursor"]))
    first = await firm.asked(firm.rep, [(_path(), None)] * sizes.asked)
    deep = await firm.asked(firm.rep, [(_path(cursor=page["next_cursor"]), None)] * sizes.asked)
    return median(deep) / median(first)


async def _checks(firm: _Firm, sizes: Sizes) -> list[float]:
    """Half of the prospects asked for are there, written otherwise; half are new."""
    filled = await firm.filled(sizes.checked, questions=2 * sizes.asked)
    return await firm.asked(firm.everything, [("/v1/leads:check-duplicates", each) for each in filled["questions"]])
