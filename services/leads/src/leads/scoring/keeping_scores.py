"""Leads are scored anew in the background whenever they, the rules or the scorecard changed.

A change puts the lead on a queue with the change itself; whoever takes it from there writes the score in the same
transaction. What the scorecard says first of an open lead is frozen, and settled when the lead is closed.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from pydantic_core import to_jsonable_python

from chassis.aggregates import Command, Loaded
from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import UnitOfWork, unit_of_work
from events.catalogue.leads import CustomerState, LeadState, LeadStatus
from events.catalogue.scoring import Forecast
from events.moment import Moment
from leads.scoring import store
from leads.scoring.features import askable, closed_on, learnable, outcome
from leads.scoring.forecast import SCORE, Freeze, Settle
from leads.scoring.grading import Graded, Grader

AT_ONCE = 200
TICK_SECONDS = 1.0
WAITING = frozenset({LeadStatus.OPEN, LeadStatus.QUALIFIED})

_log = structlog.get_logger(__name__)


async def keep_scores(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop; several processes may run this, each takes other leads."""
    turn = Turn()
    while not stop.is_set():
        try:
            scored = await score_some(resources, turn)
        except (*FAILURES, Refusal) as failure:
            _log.warning("leads not scored, will be tried again", reason=str(failure))
            scored = 0
        if not scored:
            await pause(stop, TICK_SECONDS)


NOBODY = UUID(int=0)
"""Before every tenant."""


@dataclass(slots=True)
class Turn:
    """Whose leads were scored last."""

    tenant: UUID = NOBODY


async def score_some(resources: Resources, turn: Turn | None = None) -> int:
    """Score some hundred leads of the tenant whose turn it is; answers how many there were."""
    turn = turn or Turn()
    async with acquired(resources.pool) as connection:
        tenant = await store.tenant_to_score(connection, turn.tenant)
    if tenant is None:
        return 0
    turn.tenant = tenant
    async with unit_of_work(resources, tenant=tenant) as work:
        taken = await store.taken_to_score(work.connection, tenant, AT_ONCE)
        await _score(work, taken)
        return len(taken)


async def grader_of(connection: Any, tenant: UUID) -> tuple[Grader, int]:
    """What leads are graded by, and the version of the rules."""
    rules = await store.rules_in_force(connection, tenant)
    return Grader(rules.state, await store.model_in_use(connection, tenant)), rules.version


async def _score(work: UnitOfWork, ids: Sequence[UUID]) -> None:
    grader, rules_version = await grader_of(work.connection, work.tenant)
    zone = (await work.directory.tenant(work.tenant)).zone
    moment = await work.moment()
    found = await store.leads_as_they_are(work.connection, work.tenant, ids)
    graded = [(lead, grade(grader, lead.state, account, zone)) for lead, account in found]
    rows = [_row(work.tenant, lead, grader, each) | {"rules_version": rules_version} for lead, each in graded]
    kept = await store.keep_scores(work.connection, rows)
    known = await store.states(work.connection, work.tenant, "score", ids)
    commands: list[tuple[UUID, Command]] = []
    for lead, each in graded:
        if lead.state.id in kept:  # else another worker has scored a newer version of the lead
            commands += _said(lead.state, each, grader, moment, known=lead.state.id in known)
    for answer in await work.execute_many(SCORE, commands):
        if isinstance(answer, Refusal):
            raise answer


def grade(grader: Grader, lead: LeadState, account: CustomerState | None, zone: str) -> Graded:
    """What the rules and the scorecard in use say of a lead."""
    return grader.grade(askable(lead, zone, account), learnable(lead, zone))


def _said(
    lead: LeadState, graded: Graded, grader: Grader, moment: Moment, *, known: bool
) -> Iterator[tuple[UUID, Command]]:
    """Freeze what is said of an open lead for the first time; settle what was said of a closed one.

    A merged lead counts no more, whatever became of it: its survivor's outcome is the prospect's.
    """
    if lead.merged_into is not None:
        if known:
            yield lead.id, Settle(moment=moment, converted=None, closed_on=None)
        return
    if outcome(lead) is None and graded.basis_points is not None:
        forecast = Forecast(probability=graded.basis_points, at=moment.at, model=grader.model)
        yield lead.id, Freeze(moment=moment, lead=lead, forecast=forecast)
        known = True
    if known:
        yield lead.id, Settle(moment=moment, converted=outcome(lead), closed_on=closed_on(lead))


def _row(tenant: UUID, lead: Loaded[LeadState], grader: Grader, graded: Graded) -> dict[str, Any]:
    owner = lead.state.owner
    return {
        "tenant_id": tenant,
        "lead_id": lead.state.id,
        "lead_version": lead.version,
        "model_id": grader.model,
        "owner_id": owner and owner.person,
        "owner_team_id": owner and owner.team,
        "waiting": lead.state.merged_into is None and lead.state.status in WAITING,
        "rank": graded.rank,
        "class": graded.class_,
        "points": graded.points,
        "probability": graded.basis_points,
        "reasons": to_jsonable_python(graded.reasons),
    }
