"""Rules of scoring and scorecards over HTTP: for sales operations, without a deploy."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.identity import Role
from events.catalogue.scoring import ModelStatus, ScoreModelState, ScoreRulesState
from leads import store as store_leads
from leads.scoring import store
from leads.scoring.inputs import RulesInput
from leads.scoring.learning.training import LEAST_OF_EACH, LEAST_ROWS
from leads.scoring.model import SCORE_MODEL, OutcomesDoNotSuffice, RequestTraining, TrainingGoesOn
from leads.scoring.rules import SCORE_RULES, SetScoreRules
from leads.scoring.views import ModelView, RulesView

router = APIRouter(route_class=CommandRoute, tags=["scoring"])

SETTERS = (Role.SALES_OPS, Role.DIRECTOR, Role.ADMIN, Role.INTEGRATION)
"""Who decides how leads are scored."""

FAIRS = {
    "rules": [
        {"name": "met at a fair", "points": 30, "when": [{"field": "source", "test": "one_of", "values": ["fair"]}]},
        {"name": "came again", "points": 15, "when": [{"field": "touches", "test": "at_least", "number": 1}]},
    ],
    "classes": {"hot_points": 40, "warm_points": 15, "hot_percent": 50, "warm_percent": 20},
}


@router.post("/v1/score-rules", status_code=201, responses=problems(Forbidden), openapi_extra=example(FAIRS))
async def set_rules(body: RulesInput, work: Work, response: Response) -> RulesView:
    """Put these rules in force, as a new version. Leads that wait are scored anew; the same rules change nothing."""
    work.principal.require(*SETTERS)
    command = SetScoreRules(
        moment=await work.moment(), id=work.tenant, rules=body.as_rules(), classes=body.as_classes()
    )
    before = await store.rules_in_force(work.connection, work.tenant)
    loaded = await work.execute(SCORE_RULES, work.tenant, command)
    if loaded.version != before.version:
        await store.keep_version(work.connection, work.tenant, loaded)
        await store.score_all_anew(work.connection, work.tenant)
    response.headers["Location"] = f"/v1/score-rules/{loaded.version}"
    return RulesView.of(loaded)


@router.get("/v1/score-rules")
async def list_rules(reader: Reader, *, limit: Limit = 50, cursor: CursorText = None) -> Page[RulesView]:
    """Every version of the rules, the one in force first."""
    cursors = reader.cursors("score rules")
    after = cursors.read(cursor)
    before = None if after is None else int(str(after[0]))
    query = store_leads.Query(reader.tenant)
    rows = await store.versions(reader.connection, query, before=before, limit=limit)
    return cursors.page(rows, limit, lambda row: RulesView.of(_rules(row)), lambda row: [row["version"]])


@router.get("/v1/score-rules/{version}", responses=problems(NotFound))
async def get_rules(version: int, reader: Reader) -> RulesView:
    """One version of the rules."""
    query = store_leads.Query(reader.tenant)
    query.where("version = {}", min(max(version, -1), 2**62))
    rows = await store.versions(reader.connection, query, before=None, limit=1)
    if not rows:
        raise NotFound
    return RulesView.of(_rules(rows[0]))


@router.post(
    "/v1/score-models:train",
    status_code=202,
    responses=problems(Forbidden, OutcomesDoNotSuffice, TrainingGoesOn),
)
async def train_model(work: Work, response: Response) -> ModelView:
    """Learn a scorecard from the firm's own closed leads, in the background; the address answers how far it is."""
    work.principal.require(*SETTERS)
    closed, converted = await store.outcomes(work.connection, work.tenant)
    if closed < LEAST_ROWS or min(converted, closed - converted) < LEAST_OF_EACH:
        detail = (
            f"{closed} leads are closed, {converted} of them converted; {LEAST_ROWS} and {LEAST_OF_EACH} are needed."
        )
        raise OutcomesDoNotSuffice(detail, closed=closed, converted=converted)
    if await store.is_training(work.connection, work.tenant):
        raise TrainingGoesOn
    id_ = work.new_id()
    loaded = await work.execute(SCORE_MODEL, id_, RequestTraining(moment=await work.moment(), id=id_))
    response.headers["Location"] = f"/v1/score-models/{id_}"
    return ModelView.of(loaded)


@router.get("/v1/score-models")
async def list_models(
    reader: Reader, *, status: ModelStatus | None = None, limit: Limit = 50, cursor: CursorText = None
) -> Page[ModelView]:
    """Scorecards in the order in which they were asked for; the last one trained is in use."""
    cursors = reader.cursors("score models")
    query = store_leads.Query(reader.tenant)
    query.equal({"status": status.value if status else None})
    rows = await store_leads.by_id(reader.connection, query, "score_model", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: ModelView.of(_model(row)), lambda row: [row["id"]])


@router.get("/v1/score-models/{model_id}", responses=problems(NotFound))
async def get_model(model_id: UUID, reader: Reader) -> ModelView:
    """One scorecard: how far its training is, what it was learnt from, how it did on leads it had not seen."""
    return ModelView.of(await reader.load(SCORE_MODEL, model_id))


def _rules(row: Any) -> Loaded[ScoreRulesState]:
    return Loaded(ScoreRulesState.model_validate_json(row["state"]), row["version"])


def _model(row: Any) -> Loaded[ScoreModelState]:
    return Loaded(ScoreModelState.model_validate_json(row["state"]), row["version"])
