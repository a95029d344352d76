"""Slow traffic after the year is loaded: leads come in, are handed over, deals move and close. One act every while.

``python -m dealstream.demo.live --home DIR``, run by the supervisor beside the services.
"""

import argparse
import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dealstream.client import Client
from dealstream.demo import firm, records
from dealstream.demo.filling import Note
from dealstream.demo.year import STAGES, Year
from dealstream.errors import PlatformError
from dealstream.home import Home

SECONDS_BETWEEN_ACTS = 3.0

Act = Callable[[], Awaitable[None]]


class Traffic:
    """Does what people of the firm do, one act at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._random = random.Random()  # noqa: S311 - a story, not a secret
        self._acts: dict[Act, float] = {
            self.capture: 4,
            self.qualify: 3,
            self.offer: 2,
            self.accept: 2,
            self.move: 4,
            self.close: 2,
        }

    async def act(self) -> None:
        """One act; where there is nothing to do, nothing is done."""
        (chosen,) = self._random.choices(list(self._acts), list(self._acts.values()))
        await chosen()

    async def capture(self) -> None:
        """A lead comes in, now."""
        now = datetime.now(UTC)
        story = next(Year(now, seed=self._random.randrange(10**9), leads=1).leads())
        item = {**records.capture(story), "external_id": None, "item_id": "1"}
        del item["occurred_at"]
        await self._client.post("leads", "/v1/leads:batch", {"items": [item]})

    async def qualify(self) -> None:
        """An SDR judges the newest open lead."""
        if lead := await self._one("leads", "/v1/leads", status="open"):
            if self._random.random() < 0.55:  # noqa: PLR2004
                await self._client.post("leads", f"/v1/leads/{lead['id']}/qualification", {})
            else:
                reason = {"reason": self._random.choice(firm.DISQUALIFIED)}
                await self._client.post("leads", f"/v1/leads/{lead['id']}/disqualification", reason)

    async def offer(self) -> None:
        """A qualified lead is offered to an account executive."""
        if lead := await self._one("leads", "/v1/leads", status="qualified"):
            to = {"offered_to_external_id": self._random.choice(firm.REPS).key, "opportunity": {"name": lead["title"]}}
            await self._client.post("leads", f"/v1/leads/{lead['id']}/handoff", to)

    async def accept(self) -> None:
        """An account executive takes a lead over."""
        if handoff := await self._one("leads", "/v1/handoffs", status="offered"):
            await self._client.post("leads", f"/v1/handoffs/{handoff['id']}/acceptance", {})

    async def move(self) -> None:
        """A deal goes to the next stage, with a next step."""
        deal = await self._one("deals", "/v1/deals", status="open")
        if deal and deal["stage"] in STAGES[:-1]:
            await self._prepare(deal)
            stage = STAGES[STAGES.index(deal["stage"]) + 1]
            await self._client.post("deals", f"/v1/deals/{deal['id']}/stage", {"stage": stage})

    async def close(self) -> None:
        """A deal ends."""
        if deal := await self._one("deals", "/v1/deals", status="open"):
            if self._random.random() < 0.4:  # noqa: PLR2004
                await self._prepare(deal)
                await self._client.post("deals", f"/v1/deals/{deal['id']}/closure", {"outcome": "won"})
            else:
                lost = {"outcome": "lost", "reason": self._random.choice(firm.LOST)[0]}
                await self._client.post("deals", f"/v1/deals/{deal['id']}/closure", lost)

    async def _prepare(self, deal: Any) -> None:
        """What a deal needs before it may go on."""
        if not deal["lines"]:
            line = {"product_external_id": self._random.choice(firm.PRODUCTS).key, "quantity": 1}
            await self._client.post("deals", f"/v1/deals/{deal['id']}/lines", {"lines": [line], "currency": "VND"})
        if deal["expected_close_on"] is None:
            day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
            await self._client.post("deals", f"/v1/deals/{deal['id']}/expected-close", {"expected_close_on": day})

    async def _one(self, service: str, path: str, **query: Any) -> Any:
        found = (await self._client.get(service, path, limit=20, **query))["items"]
        return self._random.choice(found) if found else None


async def run(home: Home) -> None:
    """Acts once the year is loaded, until ended; a service that is away for a moment only costs an act."""
    while not ((note := Note.read(home.demo_note)) and note.loaded):  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(SECONDS_BETWEEN_ACTS)
    async with Client(home.running().addresses, home.api_key()) as client:
        traffic = Traffic(client)
        while True:
            try:
                await traffic.act()
            except PlatformError as error:
                print(f"not done: {error}", flush=True)
            await asyncio.sleep(SECONDS_BETWEEN_ACTS)


def main() -> None:
    """Read the command line and act."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    asyncio.run(run(Home(parser.parse_args().home)))


if __name__ == "__main__":
    main()
