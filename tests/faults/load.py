"""Load through the HTTP APIs: leads become deals and deals are won or lost, by a few workers at once.

Every command carries an idempotency key and is sent again, to whichever replica answers, until it is confirmed: so each
command is done once, and what was confirmed is remembered. An answer that no fault excuses is remembered too.
"""

import asyncio
import itertools
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx2

from faults.history import Confirmed

PATIENCE_SECONDS = 150.0
ATTEMPT_SECONDS = 8.0
PAUSE_SECONDS = 0.1
PASSING = frozenset({429, 502, 503, 504})
REPS = ("ann", "binh", "chen")


class Refused(Exception):
    """A command got an answer that ends its story."""


class Load:
    """``async with Load(..)``: traffic while the block runs; at its end every command begun is confirmed."""

    def __init__(self, addresses: Callable[[str], list[str]], key: str, workers: int = 6) -> None:
        """``addresses`` answers where the replicas of a service are, now."""
        self.confirmed: list[Confirmed] = []
        self.unexpected: list[str] = []
        self.attempts_failed = 0
        self._addresses = addresses
        self._key = key
        self._workers = workers
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._turn = itertools.count()
        self._deals: asyncio.Queue[str] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._http = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {self._key}"}, timeout=ATTEMPT_SECONDS, trust_env=False
        )
        self._stop.clear()
        stories = itertools.islice(itertools.cycle((self._handed_over, self._straight)), self._workers)
        self._tasks = [asyncio.create_task(self._work(story)) for story in stories]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if error is not None:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=error is not None)
        await self._http.aclose()

    async def until(self, more: int) -> None:
        """Returns once so many more commands have been confirmed."""
        goal = len(self.confirmed) + more
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.confirmed) < goal:
                await asyncio.sleep(0.05)

    async def _work(self, story: Callable[[], Awaitable[None]]) -> None:
        while not self._stop.is_set():
            try:
                await story()
            except Refused as refused:
                self.unexpected.append(str(refused))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _handed_over(self) -> None:
        """A lead is captured, qualified, offered and accepted; an earlier one's deal is won or lost."""
        mark = f"lead {secrets.token_hex(8)}"
        about = {"title": mark, "campaign": mark, "source": "web", "owner_external_id": secrets.choice(REPS)}
        lead = (await self._do("leads", "/v1/leads", about, "dealstream.lead.captured.v1", mark))["id"]
        await self._do("leads", f"/v1/leads/{lead}/qualification", {}, "dealstream.lead.qualified.v1")
        opportunity = {"name": mark, "amount": {"amount": f"{secrets.randbelow(9_000)}.50", "currency": "USD"}}
        offer = {"offered_to_external_id": secrets.choice(REPS), "opportunity": opportunity}
        path = f"/v1/leads/{lead}/handoff"
        handoff = (await self._do("leads", path, offer, "dealstream.handoff.offered.v1", f"handoff {mark}"))["id"]
        path = f"/v1/handoffs/{handoff}/acceptance"
        accepted = await self._do("leads", path, {"account_name": mark}, "dealstream.handoff.accepted.v1")
        self._deals.put_nowait(accepted["deal"])
        await self._close_an_earlier_one()

    async def _close_an_earlier_one(self) -> None:
        """Deals come by events: the first in the queue may not be there yet."""
        deal = self._deals.get_nowait()
        if await self._is_there(deal):
            await self._move_and_close(deal)
        else:
            self._deals.put_nowait(deal)

    async def _straight(self) -> None:
        """A deal is opened, worth more, and won or lost."""
        mark = f"deal {secrets.token_hex(8)}"
        amount = {"amount": f"{secrets.randbelow(9_000)}.25", "currency": "USD"}
        about = {"name": mark, "owner_external_id": secrets.choice(REPS), "amount": amount, "source": "fair"}
        deal = (await self._do("deals", "/v1/deals", about, "dealstream.deal.opened.v1", mark))["id"]
        more = {"amount": {"amount": f"{9_000 + secrets.randbelow(9_000)}.75", "currency": "USD"}}
        await self._do("deals", f"/v1/deals/{deal}/amount", more, "dealstream.deal.amount_changed.v1")
        await self._move_and_close(deal)

    async def _move_and_close(self, deal: str) -> None:
        for stage in ("needs", "proposal"):
            await self._do("deals", f"/v1/deals/{deal}/stage", {"stage": stage}, "dealstream.deal.stage_changed.v1")
        if secrets.randbelow(3):
            await self._do("deals", f"/v1/deals/{deal}/closure", {"outcome": "won"}, "dealstream.deal.won.v1")
        else:
            lost = {"outcome": "lost", "reason": "price"}
            await self._do("deals", f"/v1/deals/{deal}/closure", lost, "dealstream.deal.lost.v1")

    async def _is_there(self, deal: str) -> bool:
        try:
            answer = await self._http.get(f"{self._replica('deals')}/v1/deals/{deal}")
        except httpx2.TransportError:
            return False
        return answer.status_code == httpx2.codes.OK

    async def _do(
        self, service: str, path: str, body: Mapping[str, Any], type_: str, creates: str | None = None
    ) -> Any:
        """One command, sent until it is confirmed."""
        answer = await self.post(service, path, body)
        self.confirmed.append(Confirmed(answer["id"], type_, creates))
        await asyncio.sleep(PAUSE_SECONDS)
        return answer

    async def post(self, service: str, path: str, body: Mapping[str, Any]) -> Any:
        """Sent again with the same key until the answer is no passing one."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await self._http.post(f"{self._replica(service)}{path}", json=body, headers=key)
                except httpx2.TransportError:
                    self.attempts_failed += 1
                else:
                    if answer.is_success:
                        return answer.json() if answer.content else None
                    if not passes(answer):
                        raise Refused(f"{service}{path}: {answer.status_code} {answer.text}")
                    self.attempts_failed += 1
                await asyncio.sleep(PAUSE_SECONDS)

    def _replica(self, service: str) -> str:
        found = self._addresses(service)
        return found[next(self._turn) % len(found)]


def passes(answer: httpx2.Response) -> bool:
    """Worth asking again: the server said so, or is still at our own request."""
    if answer.status_code == httpx2.codes.CONFLICT:
        return "idempotency" in answer.text
    return answer.status_code in PASSING
