"""A platform under attack: its processes, its traffic so far, and an eye on it.

One stage serves all tests of faults: what an earlier test did stays in the history that a later one checks.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from dealstream.home import SERVICES
from events.kafka.producer import Outgoing
from faults.checker import anomalies
from faults.history import Confirmed
from faults.load import Load
from faults.observer import Observer
from faults.processes import Processes
from faults.records import id_of

LETTER_SECONDS = 90.0


@dataclass
class Stage:
    """What the tests share."""

    processes: Processes
    observer: Observer
    key: str
    tenant: str
    confirmed: list[Confirmed] = field(default_factory=list)
    planted: set[str] = field(default_factory=set)
    excused: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def load(self, workers: int = 6) -> AsyncIterator[Load]:
        """Traffic while the block runs, remembered for good."""
        load = Load(self.processes.addresses, self.key, workers)
        async with load:
            yield load
        self.confirmed += load.confirmed
        self._unexpected = load.unexpected

    async def check(self) -> None:
        """Everything comes to rest by itself, and no promise was broken, since the platform was started."""
        await self.observer.quiet()
        history = await self.observer.history(
            confirmed=self.confirmed,
            planted=frozenset(self.planted),
            excused=frozenset(self.excused),
        )
        history.unexpected, self._unexpected = self._unexpected, []
        assert anomalies(history) == []
        assert len(history.committed) > len(self.confirmed) > 0

    def plant(self, *records: Outgoing) -> None:
        """What the test puts into Kafka itself; no outbox has it, and it may be put aside."""
        ids = {id_of(record) for record in records}
        self.planted |= ids
        self.excused |= ids

    async def letters(self) -> list[dict[str, Any]]:
        """What waits, in all services."""
        found = []
        for service in SERVICES:
            answer = await self.operate(service, "/v1/dead-letters")
            found += [{"service": service, **letter} for letter in answer["items"]]
        return found

    async def until_letters(self, count: int) -> list[dict[str, Any]]:
        """Returns once so many wait."""
        letters = await self.letters()
        give_up = time.monotonic() + LETTER_SECONDS
        while len(letters) != count:
            assert time.monotonic() < give_up, f"{len(letters)} instead of {count}: {letters}"
            await asyncio.sleep(0.2)
            letters = await self.letters()
        return letters

    async def start_rebuild(self) -> Any:
        """Asks for one."""
        return await self.operate("analytics", "/v1/rebuilds", post=True)

    async def audited_ledger(self) -> str:
        """The version of the ledger that serves; the audit must find no difference in it."""
        audit = await self.operate("analytics", "/v1/audits", post=True)
        assert audit["agrees"], audit
        return str(audit["ledger"])

    async def operate(self, service: str, path: str, *, post: bool = False, **body: Any) -> Any:
        """What an operator does: a POST with a body, a GET without."""
        async with self.api(service) as api:
            answer = await (api.post(path, json=body or None) if body or post else api.get(path))
        assert answer.is_success, f"{service}{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def api(self, service: str) -> httpx2.AsyncClient:
        """The API of a service, for what an operator does."""
        return httpx2.AsyncClient(
            base_url=self.processes.platform.addresses[service],
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=60,
            trust_env=False,
        )

    _unexpected: list[str] = field(default_factory=list)
