"""The timeline of an account over HTTP: paged, filtered, searched without accents, within what the caller sees."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.inputs import Name, OccurredAt
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import NotFound, Refusal
from leads.customers import store as store_customers
from leads.customers.api_buying import seen_account
from leads.customers.personal_data import PersonalReads, Reads
from leads.duplicates.match_keys import folded
from leads.timeline.store import Timeline
from leads.timeline.views import TimelineEntryView

router = APIRouter(tags=["accounts"])

Kind = Annotated[str, Query(max_length=100, pattern=r"^[a-z_]+\.[a-z_]+$", examples=["deal.won"])]

PEOPLE = ("from_owner", "to_owner", "performer")
"""The facts that are people."""


@router.get("/v1/accounts/{account_id}/timeline", responses=problems(NotFound))
async def get_timeline(
    account_id: UUID,
    reads: PersonalReads,
    reader: Reader,
    *,
    about: Literal["account", "lead", "deal"] | None = None,
    kind: Annotated[list[Kind] | None, Query(max_length=20)] = None,
    at_from: Annotated[OccurredAt | None, Query()] = None,
    at_to: Annotated[OccurredAt | None, Query()] = None,
    title: Annotated[Name | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[TimelineEntryView]:
    """What happened to the account, its leads and its deals, activities included, the latest first.

    From ``at_from`` on, before ``at_to``; ``title`` are words that the title of the account, lead or deal holds, with
    or without accents. It follows the events by a moment.
    """
    await seen_account(reader, account_id)
    timeline = Timeline(reader.tenant, reader.scope, account_id)
    timeline.of(about, kind or [])
    timeline.between(at_from, at_to)
    if title is not None:
        timeline.titled(folded(title).split())
    cursors = reader.cursors("timeline")
    rows = await timeline.page(reader.connection, cursors.read(cursor), limit)
    facts = {row["event_id"]: json.loads(row["facts"]) for row in rows}
    names = await _names(reads, reader, rows[:limit], facts)
    return cursors.page(
        rows,
        limit,
        lambda row: _entry(row, facts[row["event_id"]], names),
        lambda row: [row["at"], row["event_id"]],
    )


def _entry(row: Any, facts: dict[str, Any], names: Mapping[str, str]) -> TimelineEntryView:
    here = {*_people(row["actor"], facts), *_contacts(facts)}
    return TimelineEntryView.of(row, facts, {id_: names[id_] for id_ in sorted(here) if id_ in names})


async def _names(
    reads: Reads, reader: ReadTransaction, rows: Sequence[Any], facts: Mapping[UUID, dict[str, Any]]
) -> dict[str, str]:
    """Colleagues are known to all of the firm; contacts to who sees them."""
    people = {id_ for row in rows for id_ in _people(row["actor"], facts[row["event_id"]])}
    contacts = {UUID(id_) for row in rows for id_ in _contacts(facts[row["event_id"]])}
    seen = await store_customers.contacts_seen(reader.connection, reader.tenant, reader.scope, contacts)
    reads.note(reader.principal, seen)
    found = {str(id_): str(row["name"]) for id_, row in seen.items()}
    for id_ in people:
        if (name := await _colleague(reader, UUID(id_))) is not None:
            found[id_] = name
    return found


async def _colleague(reader: ReadTransaction, person: UUID) -> str | None:
    try:
        return (await reader.directory.person(reader.tenant, person)).name
    except Refusal:
        return None


def _people(actor: str | None, facts: Mapping[str, Any]) -> Iterator[str]:
    if actor is not None and actor.startswith("person:"):
        yield actor.removeprefix("person:")
    for name in PEOPLE:
        if name in facts:
            yield facts[name]


def _contacts(facts: Mapping[str, Any]) -> Iterator[str]:
    if "contact_id" in facts:
        yield facts["contact_id"]
