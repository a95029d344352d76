"""A small typed client of the services: one address and one key for each call, problems told in words, bulk in pieces.

A connection that fails is tried again: every write carries an Idempotency-Key and is done once. A problem document
becomes ``ApiRefused``, whose message is for people.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import TracebackType
from typing import Any, Self

import httpx2

from dealstream.errors import ApiRefused, PlatformError, Unreachable
from dealstream.home import Home

PIECE = 200
"""Items of one bulk call, the most that services take."""

ATTEMPTS = 5
OWN_ANSWER_SECONDS = 90.0
"""How long to wait for the answer to a request of ours that the service is still working on."""

FAULT_OF_A_SERVICE = 500
_PASSING = frozenset({429, 502, 503, 504})

Progress = Callable[[int], None]


@dataclass(frozen=True)
class BulkResult:
    """What became of one item, beside the item itself."""

    item: Mapping[str, Any]
    status: int
    id: str | None
    version: int | None
    existing: bool
    problem: Mapping[str, Any] | None

    @property
    def done(self) -> bool:
        """Whether it was done now or had been before."""
        return self.problem is None


@dataclass
class Client:
    """Calls the services of one platform as one caller."""

    addresses: Mapping[str, str]
    """Base address of each service by its name."""
    token: str
    at_once: int = 4
    """Bulk calls on their way at the same time."""
    _http: httpx2.AsyncClient = field(init=False)

    @classmethod
    def of(cls, home: Home) -> Self:
        """For the platform that runs in this home; raises ``NotRunning``."""
        return cls(home.running().addresses, home.api_key())

    async def __aenter__(self) -> Self:
        self._http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {self.token}"}, timeout=60, trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, service: str, path: str, **query: Any) -> Any:
        """The JSON of a GET; query values that are None are left out, sequences are repeated."""
        return await self._call("GET", service, path, params={k: v for k, v in query.items() if v is not None})

    async def post(self, service: str, path: str, body: Any = None) -> Any:
        """The JSON of a POST, done once however often the connection breaks."""
        return await self._call("POST", service, path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())})

    async def delete(self, service: str, path: str, version: int | None = None) -> Any:
        """The JSON of a DELETE; of the version one has seen, where the service asks for it."""
        return await self._call("DELETE", service, path, headers={"If-Match": f'"{version}"'} if version else {})

    async def look(self, service: str, path: str) -> tuple[int, Any]:
        """One short look without a second attempt: status code and JSON; 0 when nobody answers."""
        try:
            answer = await self._http.get(f"{self.addresses[service]}{path}", timeout=3)
        except httpx2.TransportError:
            return 0, None
        return answer.status_code, answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    async def put(self, service: str, path: str, body: Any) -> Any:
        """The JSON of a PUT on whatever version is there."""
        headers = {"Idempotency-Key": str(uuid.uuid4()), "If-Match": "*"}
        return await self._call("PUT", service, path, json=body, headers=headers)

    async def pages(self, service: str, path: str, **query: Any) -> AsyncIterator[Any]:
        """Each item of a list, page after page."""
        cursor: str | None = None
        while True:
            page = await self.get(service, path, limit=PIECE, cursor=cursor, **query)
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def bulk(
        self,
        service: str,
        path: str,
        items: Sequence[Mapping[str, Any]],
        progress: Progress = lambda _done: None,
        *,
        together: str | None = None,
    ) -> list[BulkResult]:
        """Post items in pieces, several at once; results in the order of the items.

        Items need no ``item_id``; it is added. Pieces may overtake each other, so neighbours that need their order have
        the same value in the field ``together``: they stay in one piece, where items are done one after the other.
        """
        turns = asyncio.Semaphore(self.at_once)

        async def one(piece: Sequence[tuple[int, Mapping[str, Any]]]) -> list[BulkResult]:
            async with turns:
                numbered = [{"item_id": str(number), **item} for number, item in piece]
                answer = await self.post(service, path, {"items": numbered})
            progress(len(piece))
            return [_result(item, result) for (_, item), result in zip(piece, answer["results"], strict=True)]

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(piece)) for piece in _pieces(items, together)]
        except* PlatformError as several:
            raise several.exceptions[0] from None
        return [result for task in tasks for result in task.result()]

    async def _call(self, method: str, service: str, path: str, **options: Any) -> Any:
        url = f"{self.addresses[service]}{path}"
        give_up = asyncio.get_running_loop().time() + OWN_ANSWER_SECONDS
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._http.request(method, url, **options)
            except httpx2.TransportError as error:
                if attempt >= ATTEMPTS:
                    raise Unreachable(
                        f"{service} does not answer at {self.addresses[service]}: {error!r}",
                        "See what runs with `./dealstream status`.",
                    ) from error
            else:
                patient = _is_worked_on(answer) and asyncio.get_running_loop().time() < give_up
                if not patient and (attempt >= ATTEMPTS or answer.status_code not in _PASSING):
                    return _read(answer)
            await asyncio.sleep(0.2 * 2 ** min(attempt, 4))


def _is_worked_on(answer: httpx2.Response) -> bool:
    """Whether the first attempt of this request is still being answered."""
    return answer.status_code == httpx2.codes.CONFLICT and "idempotency" in answer.text


def _pieces(
    items: Sequence[Mapping[str, Any]], together: str | None
) -> Iterator[Sequence[tuple[int, Mapping[str, Any]]]]:
    """Numbered items in pieces; neighbours that belong together are not parted."""
    piece: list[tuple[int, Mapping[str, Any]]] = []
    numbered = enumerate(items)
    for _, group in groupby(numbered, key=lambda pair: pair[0] if together is None else pair[1][together]):
        members = list(group)
        if len(piece) + len(members) > PIECE:
            yield piece
            piece = []
        piece += members
    if piece:
        yield piece


def _read(answer: httpx2.Response) -> Any:
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
    except ValueError:
        problem = {"title": answer.reason_phrase, "detail": answer.text[:500]}
    raise ApiRefused(*said(problem))


def said(problem: Mapping[str, Any]) -> tuple[str, str]:
    """A problem document in words: what is wrong, and where to look."""
    what = problem.get("detail") or problem.get("title")
    errors = problem.get("errors") or ()
    where = "; ".join(
        error["pointer"] if error["detail"] == what else f"{error['pointer']}: {error['detail']}" for error in errors
    )
    request = problem.get("request_id") if problem.get("status", 500) >= FAULT_OF_A_SERVICE else None
    text = f"{what}{f' ({where})' if where else ''}"
    return text, f"The services' logs have more under request id {request}." if request else ""


def _result(item: Mapping[str, Any], result: Mapping[str, Any]) -> BulkResult:
    return BulkResult(
        item=item,
        status=result["status"],
        id=result.get("id"),
        version=result.get("version"),
        existing=bool(result.get("existing")),
        problem=result.get("problem"),
    )
