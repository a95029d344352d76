"""Scripts over HTTP: everybody reads them, sales operations writes them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from leads.inputs import Code
from leads.qualification.api_checklists import RULERS
from leads.scripts import store
from leads.scripts.inputs import ScriptInput
from leads.scripts.script import Script
from leads.scripts.views import ScriptView
from leads.store import Query as Conditions

router = APIRouter(route_class=CommandRoute, tags=["question scripts"])

PUMPS = {
    "script": "first-talk",
    "title": "First talk",
    "questions": [{"code": "trouble", "text": "What troubles you with your pumps today?", "need": "reliability"}],
}

Name = Annotated[Code, Path()]


@router.post("/v1/question-scripts", status_code=201, responses=problems(Forbidden), openapi_extra=example(PUMPS))
async def set_question_script(body: ScriptInput, work: Work) -> ScriptView:
    """Say what is asked. Other questions than before are another edition; answers keep the one they were given to."""
    work.principal.require(*RULERS)
    await store.alone(work.connection, work.tenant, body.script)
    known = await store.script(work.connection, work.tenant, body.script)
    new = Script(body.script, 1, body.title, body.asked, body.active)
    kept = new if known is None else known.changed(body.title, body.asked, active=body.active)
    await store.keep_script(work.connection, work.tenant, kept, work.now, work.principal.subject)
    return ScriptView.of(kept)


@router.get("/v1/question-scripts")
async def list_question_scripts(reader: Reader, *, limit: Limit = 50, cursor: CursorText = None) -> Page[ScriptView]:
    """The newest edition of each script, by name."""
    cursors = reader.cursors("question scripts")
    query = Conditions(reader.tenant)
    rows = await store.scripts(reader.connection, query, after=cursors.read(cursor), limit=limit)
    return cursors.page(rows, limit, lambda row: ScriptView.of(store.script_of(row)), lambda row: [row["script"]])


@router.get("/v1/question-scripts/{script}", responses=problems(NotFound))
async def get_question_script(
    script: Name, reader: Reader, *, edition: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
) -> ScriptView:
    """One edition; the newest where none is named."""
    found = await store.script(reader.connection, reader.tenant, script, edition)
    if found is None:
        raise NotFound
    return ScriptView.of(found)
