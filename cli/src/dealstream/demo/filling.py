"""Fills a platform with the demo's year through its HTTP APIs, as an integration would.

The end of the year is noted in the home before the first call, and that all is loaded after the last one: a second run
keeps what is there, and one that was interrupted tells the same year again, of which only the rest is new.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from dealstream.client import Client
from dealstream.demo import firm, records
from dealstream.demo.records import Item
from dealstream.demo.year import DealStory, LeadStory, Year
from dealstream.imports.loading import Loading, Progress
from dealstream.imports.tables import Report
from dealstream.patience import Patience


@dataclass(frozen=True)
class Note:
    """What the home remembers of its demo."""

    end: datetime
    loaded: bool

    @classmethod
    def of(cls, file: Path) -> Self:
        """The note that is there."""
        found = json.loads(file.read_text("utf-8"))
        return cls(datetime.fromisoformat(found["end"]), loaded=found["loaded"])

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """The note of an earlier run, if there was one."""
        return cls.of(file) if file.exists() else None

    def write(self, file: Path) -> None:
        """Keep it for the next run."""
        file.write_text(json.dumps({"end": self.end.isoformat(), "loaded": self.loaded}), "utf-8")


async def fill(client: Client, file: Path, progress: Progress) -> Report | None:
    """Load the year; nothing is done when it is there already."""
    note = Note.read(file)
    if note is not None and note.loaded:
        return None
    if note is None:
        note = Note(datetime.now(UTC).replace(microsecond=0), loaded=False)
        note.write(file)
    filling = Filling(Loading(client, Report(), progress), Year(note.end))
    await filling.run()
    report = filling.loading.report
    Note(note.end, loaded=not report.rejected).write(file)
    return report


class Filling:
    """One run through the year: who and what first, then every lead and deal, step by step."""

    def __init__(self, loading: Loading, year: Year) -> None:
        self.loading = loading
        self._year = year
        self._leads = list(year.leads())
        self._own_deals = list(year.own_deals())

    async def run(self) -> None:
        """All of it, in the order in which one thing needs another."""
        await self._firm()
        accounts = asyncio.create_task(self._accounts())
        await self._load_leads()
        await self._load_own_deals(await accounts)
        await self._load_courses()

    async def _firm(self) -> None:
        load = self.loading.load
        await load("identity", "regions", _named(firm.REGIONS))
        await load("identity", "teams", _named(firm.TEAMS))
        await load("identity", "people", [records.person(each) for each in firm.MANAGERS])
        await load("identity", "people", [records.person(each) for each in firm.STAFF if each not in firm.MANAGERS])
        await load("deals", "products", [records.product(each) for each in firm.PRODUCTS])
        await self.loading.client.put("identity", "/v1/tenant/rates", records.rates(self._year.end))

    async def _accounts(self) -> dict[str, str]:
        names = sorted({deal.customer for deal in self._own_deals})
        return await self.loading.ids("leads", "accounts", [{"external_id": name, "name": name} for name in names])

    async def _load_leads(self) -> None:
        load, chance = self.loading.load, random.Random(self._year.end.toordinal())  # noqa: S311 - a story
        await load("leads", "leads", [records.capture(lead) for lead in self._leads])
        await load("leads", "judgements", _there(map(records.judgement, self._leads)), "/v1/leads:batch")
        offers = [records.offer(lead, _receiver(lead, chance)) for lead in self._leads]
        await load("leads", "handoffs", _there(offers))
        await load("leads", "answers", _there(map(records.answer, self._leads)), "/v1/handoffs:batch")

    async def _load_own_deals(self, accounts: dict[str, str]) -> None:
        items = [records.opening(deal, accounts[deal.customer]) for deal in self._own_deals]
        await self.loading.load("deals", "deals", items)

    async def _load_courses(self) -> None:
        ids = await self._deals_of_leads()
        courses = [(deal, {"id": ids[deal.key]}) for lead in self._leads if (deal := lead.deal) is not None]
        await self._load_course("courses", courses, "id")
        own: list[tuple[DealStory, Item]] = [(deal, {"external_id": deal.key}) for deal in self._own_deals]
        await self._load_course("own courses", own, "external_id")

    async def _load_course(self, noun: str, deals: Sequence[tuple[DealStory, Item]], together: str) -> None:
        items = [item for deal, named in deals for item in records.course(deal, named)]
        await self.loading.load("deals", noun, items, "/v1/deals:batch", together)

    async def _deals_of_leads(self) -> dict[str, str]:
        """The deals that accepted handoffs open, once the last of them has come over from leads."""
        found = self.loading.client.pages("leads", "/v1/handoffs", status="accepted")
        ids = {handoff["external_id"]: handoff["deal"] async for handoff in found}
        missing, patience = set(ids.values()), Patience("deals of accepted handoffs have not arrived")
        while missing:
            opened = self.loading.client.pages("deals", "/v1/deals")
            missing -= {deal["id"] async for deal in opened}
            self.loading.progress("deals", len(ids) - len(missing), len(ids))
            if missing:
                await patience.pause(len(missing))
        return ids


def _named(names: dict[str, str]) -> list[Item]:
    return [{"external_id": key, "name": name} for key, name in names.items()]


def _there(items: Any) -> list[Item]:
    return [item for item in items if item is not None]


def _receiver(lead: LeadStory, chance: random.Random) -> firm.Person:
    if lead.deal is not None:
        return lead.deal.rep
    return chance.choice([each for each in firm.REPS if each.team == lead.sdr.team])
