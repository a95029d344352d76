"""Win rate and revenue by rep over a year: through the API, and in the database against SQL over a table of deals.

Time in the database is what ``pg_stat_statements`` counted, planning included, for both sides alike.
"""

import json
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from dealstream.bench.figures import Figure, Outcome
from dealstream.bench.load import OVERLOADED, Connections, Request, WrongAnswer, milliseconds, open_load
from dealstream.bench.stage import Stage
from dealstream.bench.statistics import percentile
from dealstream.client import Client
from dealstream.platform import Plan

YEAR: Final = (date(2025, 1, 1), date(2026, 1, 1))
RATE: Final = 10
WARM_UP: Final = 30
ASKED: Final = 200
REPEATED_SQL: Final = 20

ASK = {
    "queries": [
        {"kpi": slug, "by": ["rep"], "from": YEAR[0].isoformat(), "to": YEAR[1].isoformat()}
        for slug in ("win-rate", "revenue-won")
    ]
}
SQL = """
SELECT rep, count(*) FILTER (WHERE status = 'won') AS won, count(*) AS closed,
  sum(amount) FILTER (WHERE status = 'won') AS revenue
FROM deal WHERE tenant_id = $1 AND closed_on >= $2 AND closed_on < $3 AND status IN ('won', 'lost') GROUP BY rep
"""
SPENT = """
SELECT coalesce(sum(total_exec_time + total_plan_time), 0)
FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1 AND s.query LIKE $2
"""


async def queries(stage: Stage, deals: int, many: int | None) -> Outcome:
    """At one size, and with ``many`` at another one that should take hardly longer."""
    async with stage.platform() as plan:
        tenant = await _tenant(plan)
    async with stage.database() as table:
        question = _Question(stage, table, tenant)
        few = await question.after_filling(deals)
        figures = [
            Figure("kpi_query_p95", few["api_p95_ms"], 20, "ms", less_is_better=True),
            Figure("kpi_query_to_sql", few["sql_ms"] / few["ledger_ms"], 5, "times"),
        ]
        details = {f"{deals:,} deals": few}
        if many:
            more = await question.after_filling(many - deals, "--cells-only", "--after", str(deals))
            growth = more["api_p50_ms"] / few["api_p50_ms"]
            figures.append(Figure("kpi_query_growth", growth, 1.5, "times", less_is_better=True))
            details[f"{many:,} deals"] = more
    return Outcome(tuple(figures), details)


class _Question:
    """One question, asked of two databases that hold the same deals."""

    def __init__(self, stage: Stage, table: str, tenant: UUID) -> None:
        self._stage, self._plan, self._table, self._tenant = stage, stage.plan, table, tenant
        self._headers = {"Authorization": f"Bearer {self._plan.home.api_key()}"}

    async def after_filling(self, deals: int, *options: str) -> dict[str, float]:
        where = ("--ledger", self._plan.database("analytics"), "--deals-table", self._table)
        filled = json.loads(
            await self._stage.script(
                "fill_ledger.py", *where, "--tenant", str(self._tenant), "--deals", str(deals), *options
            )
        )
        async with self._stage.api("analytics") as analytics:
            return {**await self._measured(analytics.address), **filled}

    async def _measured(self, address: str) -> dict[str, float]:
        connection = await asyncpg.connect(self._plan.maintenance_url)
        try:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            await self._asked(address, WARM_UP)
            await connection.execute("SELECT pg_stat_statements_reset()")
            took = await self._asked(address, ASKED)
            ledger = await connection.fetchval(SPENT, "dealstream_analytics", "%cell%") / ASKED
            await self._sql()
            sql = await connection.fetchval(SPENT, self._table.rpartition("/")[2], "%FROM deal%") / REPEATED_SQL
        finally:
            await connection.close()
        spread = {f"api_p{percent}_ms": round(percentile(took, percent), 2) for percent in (50, 95, 99)}
        return {**spread, "ledger_ms": round(ledger, 2), "sql_ms": round(sql, 2)}

    async def _asked(self, address: str, count: int) -> list[float]:
        """Milliseconds from when each request was due."""
        analytics = Connections(address)
        took: list[float] = []

        async def ask(_number: int, due: float) -> None:
            request = Request("/v1/kpis:batch", self._headers, json.dumps(ASK).encode())
            answer = await analytics.ask(request)
            took.append(milliseconds(answer, due, 200))
            if answer.status != OVERLOADED and not all(
                len(each["rows"]) > 1 for each in json.loads(answer.body)["answers"]
            ):
                raise WrongAnswer(answer.body[:500])

        await open_load(ask, rate=RATE, count=count)
        await analytics.close()
        return took

    async def _sql(self) -> None:
        connection = await asyncpg.connect(self._table)
        try:
            for _ in range(REPEATED_SQL):
                await connection.fetch(SQL, self._tenant, *YEAR)
        finally:
            await connection.close()


async def _tenant(plan: Plan) -> UUID:
    async with Client(plan.addresses, plan.home.api_key()) as client:
        return UUID((await client.get("identity", "/v1/tenant"))["id"])
