"""How long the duplicate check takes when there are many leads: keys, query and scores, as an endpoint runs them.

    python tests/bench/duplicate_check.py --leads 500000 --checks 400

Starts a PostgreSQL of its own, fills leads and contacts as captures would leave them, and asks for prospects half of
whom are there, written in another way. Prints wall time and the server's own CPU time, which a busy machine stretches
less.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import asyncpg
from made_up_prospects import MadeUp, prospects

from chassis.database import begin_as_tenant
from chassis.migrate import migrate
from chassis.principal import Scope
from events.catalogue.contacts import ContactState
from events.catalogue.leads import LeadState
from events.ids import uuid7
from leads.app import SERVICE
from leads.customers.contact import CONTACT
from leads.duplicates import finding as duplicates
from leads.inputs import DuplicateQuestion
from leads.lead import LEAD
from servers import embedded_postgres

TENANT = UUID(int=0xF1)
AT = datetime(2026, 1, 5, tzinfo=UTC)
PAGE = 10_000


async def fill(connection: Any, made_up: Iterator[MadeUp], count: int) -> None:
    for begin in range(0, count, PAGE):
        contacts, leads = [], []
        for each in islice(made_up, min(PAGE, count - begin)):
            contact = ContactState(
                id=uuid7(),
                name=each.name,
                email=each.mail,
                phone=each.phone,
                phone_e164=each.phone,
                company=each.company,
                tax_code=each.tax_code,
            )
            lead = LeadState(id=uuid7(), contact_id=contact.id, created_at=AT, created_on=AT.date())
            contacts.append((CONTACT.columns(contact), contact))
            leads.append((LEAD.columns(lead), lead))
        for table, rows in (("contact", contacts), ("lead", leads)):
            columns = ["tenant_id", "id", "version", "state", *rows[0][0]]
            records = [(TENANT, state.id, 1, state.model_dump_json(), *values.values()) for values, state in rows]
            await connection.copy_records_to_table(table, records=records, columns=columns)
        sys.stderr.write(f"\r{begin + PAGE} leads")
    sys.stderr.write("\n")
    await connection.execute("VACUUM ANALYZE contact, lead")


def written_otherwise(known: MadeUp, chance: random.Random) -> DuplicateQuestion:
    """The same prospect as another person would enter it."""
    what = chance.choice(("email", "phone", "company", "all"))
    asked: dict[str, str] = {"name": known.name.upper(), "company": known.company.replace("Công ty", "Cty").upper()}
    if what in {"email", "all"}:
        asked["email"] = known.mail.upper()
    if what in {"phone", "all"}:
        asked["phone"] = known.phone.replace("+84", "0")
    return DuplicateQuestion(**asked)


async def ask(connection: Any, questions: list[DuplicateQuestion], scope: Scope) -> dict[str, float]:
    server = await connection.fetchval("SELECT pg_backend_pid()")
    seconds, found = [], 0
    for warm in (True, False):
        before = cpu_seconds(server)
        for question in questions[:20] if warm else questions:
            began = time.perf_counter()
            await connection.execute(begin_as_tenant(TENANT, read_only=True))
            keys = duplicates.keys_asked(question, "VN")
            [matches] = await duplicates.find(connection, TENANT, scope, [keys])
            await connection.execute("ROLLBACK")
            if not warm:
                seconds.append(time.perf_counter() - began)
                found += bool(matches)
    used = cpu_seconds(server) - before
    ordered = sorted(seconds)
    return {
        "checks": len(ordered),
        "answered_with_matches": found,
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
        "max_ms": round(ordered[-1] * 1000, 1),
        "server_cpu_mean_ms": round(used / len(ordered) * 1000, 1),
        "load_average": os.getloadavg()[0],
    }


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(url: str, leads: int, checks: int) -> dict[str, Any]:
    await migrate(url, SERVICE.sources)
    connection = await asyncpg.connect(url, server_settings={"jit": "off"})
    try:
        chance = random.Random(7)  # noqa: S311 - a bench needs no secrets
        known: list[MadeUp] = []

        def remembering() -> Iterator[MadeUp]:
            for each in prospects(1):
                if chance.random() < checks / leads:
                    known.append(each)
                yield each

        await fill(connection, remembering(), leads)
        there = [written_otherwise(each, chance) for each in known[: checks // 2]]
        new = [DuplicateQuestion(name=each.name, company=each.company, email=each.mail, phone=each.phone)
               for each in islice(prospects(2), checks // 2)]  # fmt: skip
        questions = [*there, *new]
        chance.shuffle(questions)
        rep = Scope(person=UUID(int=0xA1))
        return {
            "leads": leads,
            "everything seen": await ask(connection, questions, Scope(everything=True)),
            "as a rep": await ask(connection, questions, rep),
        }
    finally:
        await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=500_000)
    parser.add_argument("--checks", type=int, default=400)
    chosen = parser.parse_args()
    with embedded_postgres() as url:
        figures = asyncio.run(measure(url, chosen.leads, chosen.checks))
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
