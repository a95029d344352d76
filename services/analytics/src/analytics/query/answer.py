"""A question's answer: rows, and those of the period that it is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from analytics.kpi import Freshness
from analytics.ledger.projection import active_schema
from analytics.periods import Comparison, Days, compared
from analytics.query.balances import Balances, RowKey
from analytics.query.cells import CellBalances
from analytics.query.evaluate import Row, evaluate
from analytics.query.question import Question
from analytics.query.replay import replayed
from chassis.refusals import Invalid


@dataclass(frozen=True)
class Answer:
    """The rows of a question, and of the days compared with, by the same keys."""

    question: Question
    rows: list[Row]
    compared_days: Days | None = None
    compared_rows: Mapping[RowKey, Row] | None = None


async def answer(connection: Any, tenant: UUID, question: Question, comparison: Comparison | None = None) -> Answer:
    """Answer from one state of the ledger: ``connection`` is in a repeatable-read transaction."""
    if isinstance(question.kpi.figure, Freshness):
        return Answer(question, [])
    balances = await balances_for(connection, tenant, question)
    rows = await evaluate(question, balances)
    if comparison is None:
        return Answer(question, rows)
    days = compared(question.days, comparison)
    before = await evaluate(question.during(days), balances)
    return Answer(question, rows, days, {row.key: row for row in before})


async def balances_for(connection: Any, tenant: UUID, question: Question) -> Balances:
    """The ledger, or the states as of the day asked for, where later events have changed what it showed."""
    schema = await active_schema(connection)
    if not question.needs_replay:
        return CellBalances(connection, schema, tenant, question.known_at)
    if question.known_at is not None:
        raise Invalid(
            f"{question.kpi.slug} as of a past day cannot be had as known at another time: give as_of or known_at.",
            pointer="/known_at",
        )
    assert question.as_of is not None  # noqa: S101 - needs_replay says so
    return await replayed(connection, schema, tenant, question.kpi.measures, question.as_of)
