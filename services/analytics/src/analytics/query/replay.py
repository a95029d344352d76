"""Figures as of a past day, for those that later events change: reckoned anew from the states as of that day.

Exact by construction, as it books the same postings for what was the case then. It reads every fact of the kinds
concerned, so it takes seconds where there are hundreds of thousands; figures that only grow day by day never need it.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Any, Final
from uuid import UUID

from analytics.ledger.facts import unpack_state
from analytics.ledger.posting import Measure, Posting
from analytics.measures import MEASURES_OF, POSTINGS
from analytics.measures.histories import AS_OF
from analytics.query.balances import PostingsInMemory

FACTS: Final = "SELECT id, state FROM {schema}.fact WHERE tenant_id = $1 AND kind = $2 AND state IS NOT NULL"
"""Without those of which nothing is known but a version that was passed over."""


async def replayed(
    connection: Any, schema: str, tenant: UUID, measures: Iterable[Measure], day: date
) -> PostingsInMemory:
    """The postings of these measures as they stood at the end of a day."""
    wanted = set(measures)
    found: list[tuple[UUID, Posting]] = []
    for kind, booked in MEASURES_OF.items():
        if not wanted.isdisjoint(booked):
            async for fact, posting in _of_kind(connection, schema, tenant, kind, day):
                if posting.measure in wanted:
                    found.append((fact, posting))
    return PostingsInMemory(found)


async def _of_kind(
    connection: Any, schema: str, tenant: UUID, kind: str, day: date
) -> AsyncIterator[tuple[UUID, Posting]]:
    state_type, as_of = AS_OF[kind]
    postings_of = POSTINGS[kind]
    async for fact, packed in connection.cursor(FACTS.format(schema=schema), tenant, kind, prefetch=500):
        state = as_of(state_type.model_validate_json(unpack_state(packed)), day)
        if state is not None:
            for posting in postings_of(state):
                yield fact, posting
