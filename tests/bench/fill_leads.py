"""Fills the leads of a tenant as captures of two years would have left them: contacts, leads, their search columns.

    python tests/bench/fill_leads.py --database URL --tenant UUID --leads 200000 --busy UUID

A quarter of the leads belong to one busy rep, the others to reps of four teams; one source in a thousand is rare. A
second call goes on where the first one ended.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

sys.path.insert(0, str(Path(__file__).parent))

import asyncpg
from made_up_prospects import MadeUp, prospects

from events.catalogue.contacts import ContactState
from events.catalogue.leads import LeadState, LeadStatus, Owner
from events.ids import uuid7
from leads.customers.contact import CONTACT
from leads.lead import LEAD

FIRST = datetime(2024, 11, 4, 2, tzinfo=UTC)
EVERY = timedelta(minutes=2)
STATUSES = {LeadStatus.OPEN: 55, LeadStatus.QUALIFIED: 10, LeadStatus.CONVERTED: 15, LeadStatus.DISQUALIFIED: 20}
SOURCES = {"web": 400, "fair": 250, "referral": 200, "cold call": 149, "embassy": 1}
BUSY_SHARE = 0.25
OTHERS, TEAMS = 60, 4
PAGE = 10_000
SEED = 1


class Firm:
    """Whose leads they are."""

    def __init__(self, tenant: UUID, busy: UUID) -> None:
        self.tenant = tenant
        teams = [uuid5(tenant, f"team {number}") for number in range(TEAMS)]
        self._busy = Owner(person=busy, team=teams[0])
        self._others = [
            Owner(person=uuid5(tenant, f"rep {number}"), team=teams[number % TEAMS]) for number in range(OTHERS)
        ]
        self._chance = random.Random(SEED)  # noqa: S311 - a bench needs no secrets

    def lead(self, number: int, contact: UUID) -> LeadState:
        chance = self._chance
        at = FIRST + number * EVERY
        return LeadState(
            id=uuid7(),
            contact_id=contact,
            source=chance.choices(list(SOURCES), list(SOURCES.values()))[0],
            status=chance.choices(list(STATUSES), list(STATUSES.values()))[0],
            owner=self._busy if chance.random() < BUSY_SHARE else chance.choice(self._others),
            created_at=at,
            created_on=at.date(),
            changed_at=at,
        )


def contact_of(each: MadeUp) -> ContactState:
    return ContactState(
        id=uuid7(),
        name=each.name,
        email=each.mail,
        phone=each.phone,
        phone_e164=each.phone,
        company=each.company,
        tax_code=each.tax_code,
    )


async def fill(connection: Any, firm: Firm, made_up: Iterator[MadeUp], begin: int, end: int) -> None:
    """Leads from one number up to another."""
    for first in range(begin, end, PAGE):
        contacts, leads = [], []
        for number, each in enumerate(islice(made_up, min(PAGE, end - first)), first):
            contact = contact_of(each)
            lead = firm.lead(number, contact.id)
            contacts.append((CONTACT.columns(contact), contact))
            leads.append((LEAD.columns(lead), lead))
        for table, rows in (("contact", contacts), ("lead", leads)):
            columns = ["tenant_id", "id", "version", "state", *rows[0][0]]
            records = [(firm.tenant, state.id, 1, state.model_dump_json(), *values.values()) for values, state in rows]
            await connection.copy_records_to_table(table, records=records, columns=columns)
    await connection.execute("VACUUM ANALYZE contact, lead")


async def filled(database: str, tenant: UUID, busy: UUID, leads: int) -> int:
    """Answers how many leads of the busy rep there are."""
    connection = await asyncpg.connect(database)
    try:
        there = await connection.fetchval("SELECT count(*) FROM lead WHERE tenant_id = $1", tenant)
        made_up = islice(prospects(SEED), there, None)
        await fill(connection, Firm(tenant, busy), made_up, there, leads)
        held = "SELECT count(*) FROM lead WHERE tenant_id = $1 AND owner_id = $2"
        return int(await connection.fetchval(held, tenant, busy))
    finally:
        await connection.close()


def questions(leads: int, count: int) -> Iterator[dict[str, str]]:
    """Prospects to look for: in turns one who is there, as another person would enter it, and one who is not."""
    chance = random.Random(SEED)  # noqa: S311 - a bench needs no secrets
    places = set(chance.sample(range(leads), -(-count // 2)))
    new = prospects(SEED + 1)
    for place, known in enumerate(islice(prospects(SEED), leads)):
        if place in places:
            yield written_otherwise(known, chance)
            yield _question(next(new))


def _question(each: MadeUp) -> dict[str, str]:
    return {"name": each.name, "company": each.company, "email": each.mail, "phone": each.phone}


def written_otherwise(known: MadeUp, chance: random.Random) -> dict[str, str]:
    what = chance.choice(("email", "phone", "company", "all"))
    asked = {"name": known.name.upper(), "company": known.company.replace("Công ty", "Cty").upper()}
    if what in {"email", "all"}:
        asked["email"] = known.mail.upper()
    if what in {"phone", "all"}:
        asked["phone"] = known.phone.replace("+84", "0")
    return asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--tenant", type=UUID, required=True)
    parser.add_argument("--busy", type=UUID, required=True)
    parser.add_argument("--leads", type=int, required=True)
    parser.add_argument("--questions", type=int, default=0, help="So many prospects to look for are printed.")
    chosen = parser.parse_args()
    busy = asyncio.run(filled(chosen.database, chosen.tenant, chosen.busy, chosen.leads))
    asked = list(questions(chosen.leads, chosen.questions))
    sys.stdout.write(json.dumps({"leads_of_the_busy_rep": busy, "questions": asked}) + "\n")


if __name__ == "__main__":
    main()
