"""Scorecards that were asked for are learnt in the background, each in a process of its own.

A training that a crash or a stop cuts off stays asked for, and whoever runs next begins it again: it has no state but
the leads. A scorecard that says no more than the average does is refused and says so.
"""

import asyncio
import json
import sys
from typing import Any
from uuid import UUID

import structlog

from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import unit_of_work
from events.catalogue.scoring import ModelStatus, Scorecard, Training
from leads.scoring import store
from leads.scoring.features import learnable, outcome
from leads.scoring.model import SAYS_NOTHING, SCORE_MODEL, TOO_FEW, FinishTraining

TICK_SECONDS = 2.0
MOST_LEADS = 20_000
"""The newest so many closed leads: older ones say less of those to come, and more take longer."""
SAYS_SOMETHING = 0.995
"""The Brier score of held-out leads must be below this share of the average's."""

_log = structlog.get_logger(__name__)


async def train_models(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop."""
    while not stop.is_set():
        try:
            trained = await train_next(resources, stop)
        except (*FAILURES, Refusal, TrainingFailed) as failure:
            _log.warning("scorecard not learnt, will be tried again", reason=str(failure))
            trained = False
        if not trained:
            await pause(stop, TICK_SECONDS)


class TrainingFailed(Exception):
    """The process that learns ended without an answer."""


async def train_next(resources: Resources, stop: asyncio.Event) -> bool:
    """Learn the scorecard that was asked for first; whether there was one."""
    async with acquired(resources.pool) as connection:
        requested = await store.models_requested(connection)
    if not requested:
        return False
    tenant, model = requested[0]["tenant_id"], requested[0]["id"]
    learnt = await _learnt(await _material(resources, tenant), stop)
    if learnt is None:
        return False
    await _finish(resources, tenant, model, learnt)
    return True


async def _material(resources: Resources, tenant: UUID) -> bytes:
    async with unit_of_work(resources, tenant=tenant) as work:
        closed = await store.closed_leads(work.connection, tenant, MOST_LEADS)
        zone = (await work.directory.tenant(tenant)).zone
    rows = [learnable(lead, zone) for lead in closed]
    return json.dumps({"rows": rows, "outcomes": [int(bool(outcome(lead))) for lead in closed]}, default=str).encode()


async def _learnt(material: bytes, stop: asyncio.Event) -> dict[str, Any] | None:
    """What the process answers; None when the service stops meanwhile, and the process with it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "leads.scoring.learning",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answering = asyncio.ensure_future(process.communicate(material))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({answering, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            return None
        answer, _ = answering.result()
    finally:
        stopping.cancel()
        if process.returncode is None:
            process.kill()
            await asyncio.gather(answering, return_exceptions=True)
    if process.returncode != 0:
        raise TrainingFailed(f"exit code {process.returncode}")
    found: dict[str, Any] = json.loads(answer)
    return found


async def _finish(resources: Resources, tenant: UUID, model: UUID, learnt: dict[str, Any]) -> None:
    async with unit_of_work(resources, tenant=tenant) as work:
        command = _finishing(learnt, await work.moment())
        loaded = await work.execute(SCORE_MODEL, model, command)
        if loaded.state.status is ModelStatus.TRAINED:
            await store.score_all_anew(work.connection, tenant)


def _finishing(learnt: dict[str, Any], moment: Any) -> FinishTraining:
    if "too_few" in learnt:
        return FinishTraining(moment=moment, reason=TOO_FEW)
    training = Training.model_validate(learnt["training"])
    if training.held_out_brier > SAYS_SOMETHING * training.average_brier:
        return FinishTraining(moment=moment, reason=SAYS_NOTHING, training=training)
    return FinishTraining(moment=moment, training=training, scorecard=Scorecard.model_validate(learnt["scorecard"]))
