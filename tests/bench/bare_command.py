"""What a command costs without what makes it safe: FastAPI and asyncpg, and the same two rows.

    python tests/bench/bare_command.py --database URL --port 8000

It validates the body, writes the state of a lead and its outbox row in one transaction and answers the lead. Nobody is
authenticated, no key is remembered, no tenant is kept apart, nothing is traced. The database has the tables of leads.
"""

import argparse
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from events.ids import uuid7

TENANT = UUID(int=1)
INSERT_LEAD = """
INSERT INTO lead (tenant_id, id, version, state, source, campaign, status, created_at)
VALUES ($1, $2, 1, $3, $4, $5, 'open', $6)
"""
INSERT_EVENT = """
INSERT INTO outbox_event
       (id, tenantid, aggregatetype, aggregateid, aggregateversion, type, schemaversion, bucket, payload, headers)
VALUES ($1, $2, 'leads.lead', $3, 1, 'dealstream.lead.captured.v1', 1, 7, $4, $5)
"""
HEADERS = json.dumps(
    {
        "ce_correlationid": "0190b5a0-0000-7000-8000-000000000001",
        "ce_actor": "key:0190b5a0-0000-7000-8000-000000000002",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
)


class LeadInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    source: str | None = None
    campaign: str | None = None
    medium: str | None = None


class Lead(BaseModel):
    """As large as the service's own state."""

    id: UUID
    external_id: str | None = None
    title: str
    source: str | None
    campaign: str | None
    medium: str | None
    status: str = "open"
    owner: None = None
    first_owner: None = None
    contact_id: UUID | None = None
    account_id: UUID | None = None
    created_at: datetime
    created_on: date
    qualified_at: datetime | None = None
    qualified_on: date | None = None
    disqualified_on: date | None = None
    disqualified_reason: str | None = None
    converted_on: date | None = None
    deal_id: UUID | None = None
    open_handoff: UUID | None = None
    offered_to: None = None
    imported: bool = False
    changed_at: datetime | None = None


def application(database: str) -> FastAPI:
    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database, min_size=1, max_size=12) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=opened)

    @app.get("/readyz")
    async def ready() -> dict[str, Any]:
        return {}

    @app.post("/v1/leads", status_code=201)
    async def capture(body: LeadInput) -> Lead:
        now = datetime.now(UTC)
        lead = Lead(id=uuid7(), created_at=now, created_on=now.date(), changed_at=now, **body.model_dump())
        state = lead.model_dump_json()
        event = f'{{"occurred_at":"{now.isoformat()}","lead":{state}}}'
        async with app.state.pool.acquire() as connection, connection.transaction():
            await connection.execute(INSERT_LEAD, TENANT, lead.id, state, lead.source, lead.campaign, now)
            await connection.execute(INSERT_EVENT, uuid7(), TENANT, lead.id, event, HEADERS)
        return lead

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    app = application(arguments.database)
    uvicorn.run(app, port=arguments.port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
