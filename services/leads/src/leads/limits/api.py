"""Time limits over HTTP: everybody sees them, sales operations sets them."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.limits import LimitKind, TimeLimitState
from leads import store
from leads.limits.inputs import TimeLimitChange, TimeLimitInput
from leads.limits.time_limit import TIME_LIMIT, ChangeTimeLimit, NothingRestarts, SetTimeLimit
from leads.limits.views import TimeLimitView
from leads.qualification.api_checklists import RULERS

router = APIRouter(route_class=CommandRoute, tags=["time limits"])


@router.post(
    "/v1/time-limits",
    status_code=201,
    responses=problems(AlreadyExists, Forbidden, NothingRestarts),
    openapi_extra=example({"kind": "handoff-answer", "source": "fair", "working_minutes": 480}),
)
async def set_time_limit(body: TimeLimitInput, work: Work, response: Response) -> TimeLimitView:
    """Say how soon something is to be done, in working time. It holds for what begins from now on.

    `handoff-answer`: an offer that is not answered in time expires. `first-response`: somebody must turn to the
    prospect of a new lead in time; with `restarts_with_owner` the time begins anew for another owner.
    """
    work.principal.require(*RULERS)
    state = TimeLimitState(
        id=work.new_id(),
        kind=body.kind,
        source=body.source,
        working_minutes=body.working_minutes,
        active=body.active,
        restarts_with_owner=body.restarts_with_owner,
    )
    command = SetTimeLimit(moment=await work.moment(body.occurred_at), limit=state)
    loaded = await work.execute(TIME_LIMIT, state.id, command)
    response.headers["Location"] = f"/v1/time-limits/{state.id}"
    return TimeLimitView.of(loaded)


@router.get("/v1/time-limits")
async def list_time_limits(
    reader: Reader,
    *,
    kind: LimitKind | None = None,
    active: bool | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[TimeLimitView]:
    """Time limits in order of entry."""
    cursors = reader.cursors("time limits")
    query = store.Query(reader.tenant)
    query.equal({"kind": kind.value if kind else None, "active": active})
    rows = await store.by_id(reader.connection, query, "time_limit", after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: TimeLimitView.of(_loaded(row)), lambda row: [row["id"]])


@router.get("/v1/time-limits/{limit_id}", responses=problems(NotFound))
async def get_time_limit(limit_id: UUID, reader: Reader) -> TimeLimitView:
    """One time limit."""
    return TimeLimitView.of(await reader.load(TIME_LIMIT, limit_id))


@router.patch(
    "/v1/time-limits/{limit_id}",
    responses=problems(NotFound, AlreadyExists, Forbidden, NothingRestarts),
    openapi_extra=example({"working_minutes": 240}),
)
async def change_time_limit(limit_id: UUID, body: TimeLimitChange, work: Work) -> TimeLimitView:
    """Change how much time there is, or whether the limit is in use; what runs already keeps its time."""
    work.principal.require(*RULERS)
    command = ChangeTimeLimit(moment=await work.moment(), changes=body.model_dump(exclude_unset=True))
    return TimeLimitView.of(await work.execute(TIME_LIMIT, limit_id, command))


def _loaded(row: Any) -> Loaded[TimeLimitState]:
    return Loaded(TimeLimitState.model_validate_json(row["state"]), row["version"])
