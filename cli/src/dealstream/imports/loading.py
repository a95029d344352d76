"""From a data set that was read to records of the platform, through the bulk APIs. Sending it again changes nothing.

Each record carries the file's own key as external id; one that exists already is counted as existing and left as it is.
Progress of a deal is told only to a deal that has none yet, so an import that was interrupted goes on where it stopped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dealstream.client import BulkResult, Client, said
from dealstream.errors import PlatformError
from dealstream.imports.tables import Rejection, Report
from dealstream.patience import Patience

Item = Mapping[str, Any]
Progress = Callable[[str, int, int], None]
"""Name of the step, done so far, out of how many."""


@dataclass
class Loading:
    """Sends records of one import and keeps its report."""

    client: Client
    report: Report
    progress: Progress

    async def zone(self) -> ZoneInfo:
        """The tenant's zone, in which the days of the files are days."""
        return ZoneInfo((await self.client.get("identity", "/v1/tenant"))["zone"])

    async def load(
        self, service: str, noun: str, items: Sequence[Item], path: str | None = None, together: str | None = None
    ) -> list[BulkResult]:
        """Send items of one kind; refused ones go into the report under the noun."""
        sent = 0

        def count(done: int) -> None:
            nonlocal sent
            sent += done
            self.progress(noun, sent, len(items))

        self.progress(noun, 0, len(items))
        path = path or f"/v1/{noun}:batch"
        results = await self.client.bulk(service, path, items, count, together=together)
        await self._once_more(service, path, results, together)
        for number, result in enumerate(results, start=1):
            self.report_result(noun, number, result)
        return results

    async def _once_more(self, service: str, path: str, results: list[BulkResult], together: str | None) -> None:
        """What was refused because an account had not come over by its event yet, for as long as more of them come."""
        patience = Patience("records name accounts that have not arrived")
        while early := [place for place, result in enumerate(results) if _names_an_unknown_account(result)]:
            try:
                await patience.pause(len(early))
            except PlatformError:
                return
            again = await self.client.bulk(service, path, [results[place].item for place in early], together=together)
            for place, result in zip(early, again, strict=True):
                results[place] = result

    async def ids(self, service: str, noun: str, items: Sequence[Item]) -> dict[str, str]:
        """Send items that carry an external id; the platform's id of each, whether new or not."""
        results = await self.load(service, noun, items)
        return {str(result.item["external_id"]): result.id for result in results if result.id is not None}

    def report_result(self, noun: str, number: int, result: BulkResult) -> None:
        """Count what became of one record."""
        if result.problem is not None:
            errors = result.problem.get("errors") or [{}]
            key = str(result.item.get("external_id") or number)
            field = f"{key} {errors[0].get('pointer', '')}".strip()
            self.report.rejected.append(Rejection(noun, number, field, said(result.problem)[0]))
        elif result.existing:
            self.report.existing[noun] += 1
        else:
            self.report.loaded[noun] += 1


def _names_an_unknown_account(result: BulkResult) -> bool:
    errors = (result.problem or {}).get("errors") or ()
    return any(str(error.get("pointer", "")).startswith("/account") for error in errors)


def start_of(day: date, zone: ZoneInfo) -> str:
    """The beginning of a day in a zone, as the API takes it."""
    return instant(datetime.combine(day, time(), tzinfo=zone))


def instant(at: datetime) -> str:
    """An instant as the API takes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
