"""Talks to the services of a platform over HTTP: addresses from its home, the API key, errors one can read.

    async with Client.of(home) as client:
        kpis = await client.get("analytics", "/v1/kpis")
        results = await client.batch("deals", "/v1/deals:batch", items, progress=bar.update)

A request that met no answer is repeated, writes under the same Idempotency-Key, so that repeating changes nothing.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2

from dealstream.errors import ApiRefused, Unreachable
from dealstream.home import Home

BATCH_SIZE = 200
BATCHES_AT_ONCE = 4
ATTEMPTS = 6
FIRST_WAIT_SECONDS = 0.25
TRANSIENT = frozenset({409, 429, 502, 503, 504})
TIMEOUT = httpx2.Timeout(60, connect=5)
JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item of a batch; ``problem`` is the problem document when it was refused."""

    item_id: str
    status: int
    id: str | None
    version: int | None
    existing: bool
    problem: JsonObject | None

    @property
    def refused(self) -> bool:
        return self.problem is not None

    @property
    def reason(self) -> str:
        return describe(self.problem) if self.problem else ""


class Client:
    def __init__(self, addresses: Mapping[str, str], api_key: str) -> None:
        self._addresses = addresses
        limits = httpx2.Limits(max_connections=32, max_keepalive_connections=32)
        headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self._http = httpx2.AsyncClient(headers=headers, timeout=TIMEOUT, limits=limits, trust_env=False)

    @classmethod
    def of(cls, home: Home) -> Self:
        """For the platform that runs in this home; raises ``NotRunning``."""
        return cls(home.running().addresses, home.api_key())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, service: str, path: str, **query: Any) -> Any:
        return (await self._request("GET", service, path, params=given(query))).json()

    async def post(self, service: str, path: str, body: Any = None, *, idempotency_key: str | None = None) -> Any:
        headers = {"Idempotency-Key": idempotency_key or secrets.token_urlsafe(18)}
        reply = await self._request("POST", service, path, json={} if body is None else body, headers=headers)
        return reply.json() if reply.content else None

    async def change(self, method: str, service: str, path: str, version: int, body: Any = None) -> Any:
        """PATCH or DELETE of the record's version one has seen."""
        reply = await self._request(method, service, path, json=body, headers={"If-Match": f'"{version}"'})
        return reply.json() if reply.content else None

    async def pages(self, service: str, path: str, **query: Any) -> AsyncIterator[JsonObject]:
        """All items of a paged list."""
        cursor: str | None = None
        while True:
            page = await self.get(service, path, **query, cursor=cursor)
            for item in page["items"]:
                yield item
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    async def batch(
        self,
        service: str,
        path: str,
        items: Sequence[JsonObject],
        *,
        progress: Callable[[int], None] | None = None,
        at_once: int = BATCHES_AT_ONCE,
        size: int = BATCH_SIZE,
    ) -> list[ItemResult]:
        """Results in the order of the items.

        Batches run side by side, so items that must follow each other (two commands on one record) either share a
        batch or are sent with ``at_once=1``. ``progress`` hears how many items each answered batch held.
        """
        gate = asyncio.Semaphore(at_once)

        async def send(chunk: Sequence[JsonObject]) -> list[ItemResult]:
            async with gate:
                reply = await self.post(service, path, {"items": list(chunk)})
            if progress:
                progress(len(chunk))
            return [item_result(result) for result in reply["results"]]

        chunks = [items[start : start + size] for start in range(0, len(items), size)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(send(chunk)) for chunk in chunks]
        return [result for task in tasks for result in task.result()]

    async def status(self, service: str, path: str) -> tuple[int, Any]:
        """One look without repeating: status code and JSON body; 0 when nobody answers."""
        try:
            reply = await self._http.get(self._addresses[service] + path, timeout=3)
        except httpx2.TransportError:
            return 0, None
        is_json = "json" in reply.headers.get("content-type", "")
        return reply.status_code, reply.json() if is_json else reply.text

    async def _request(self, method: str, service: str, path: str, **arguments: Any) -> httpx2.Response:
        url = self._addresses[service] + path
        failure: Exception | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
            try:
                reply = await self._http.request(method, url, **arguments)
            except httpx2.TransportError as error:
                failure = error
                continue
            if reply.is_success:
                return reply
            failure = refusal(reply)
            if not repeatable(reply):
                break
        if isinstance(failure, ApiRefused):
            raise failure
        raise Unreachable(f"{service} does not answer at {url}: {failure!r}", "See `./dealstream status`.") from failure


def repeatable(reply: httpx2.Response) -> bool:
    """Of the conflicts, only a request of the same key that is still being answered."""
    if reply.status_code == httpx2.codes.CONFLICT:
        return "idempotency" in str(problem_of(reply).get("code", ""))
    return reply.status_code in TRANSIENT


def refusal(reply: httpx2.Response) -> ApiRefused:
    problem = problem_of(reply)
    hint = f"Request id {problem['request_id']}." if problem.get("request_id") else ""
    return ApiRefused(f"{describe(problem)} ({reply.status_code} {reply.request.method} {reply.request.url})", hint)


def problem_of(reply: httpx2.Response) -> JsonObject:
    try:
        body = reply.json()
    except ValueError:
        return {"title": reply.reason_phrase or "No problem document", "detail": reply.text[:300]}
    return body if isinstance(body, dict) else {"title": str(body)}


def describe(problem: JsonObject) -> str:
    """A problem document as one sentence, the faulty fields last."""
    text = str(problem.get("detail") or problem.get("title") or problem)
    faults = [f"{fault.get('pointer', '')}: {fault.get('detail', '')}" for fault in problem.get("errors") or []]
    return "; ".join([text, *faults])


def item_result(result: JsonObject) -> ItemResult:
    return ItemResult(
        item_id=result["item_id"],
        status=result["status"],
        id=result.get("id"),
        version=result.get("version"),
        existing=bool(result.get("existing")),
        problem=result.get("problem"),
    )


def given(query: Mapping[str, Any]) -> JsonObject:
    return {name: value for name, value in query.items() if value is not None}
