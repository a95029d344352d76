"""What keeps the figures trustworthy, over HTTP: audits, seals, rebuilds. For those who look after the whole."""

import json
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query

from analytics.folding import own_fold
from analytics.ledger import audit_store, rebuild_store, sealing
from analytics.ledger.audit import Audit, audit
from analytics.ledger.projection import active_schema, as_worker
from analytics.ledger.seal import (
    SEAL,
    PeriodAlreadySealed,
    PeriodBackwards,
    PeriodNotOver,
    SealPeriod,
    refuse_bad_period,
    refuse_overlap,
)
from analytics.views_operations import (
    AuditView,
    PeriodInput,
    RebuildList,
    RebuildView,
    SealList,
    SealView,
    VerificationView,
)
from chassis.database import acquired
from chassis.examples import example
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, Kind, NotFound, Refusal
from chassis.routes import CommandRoute, Work
from events.catalogue.analytics import SealState
from events.catalogue.identity import Role

LOOKS_AFTER: Final = (Role.ADMIN, Role.SALES_OPS)
MAY_SEE: Final = (Role.ADMIN, Role.SALES_OPS, Role.DIRECTOR)

router = APIRouter(prefix="/v1", route_class=CommandRoute)

Limit = Annotated[int, Query(ge=1, le=200)]


class RebuildUnderWay(Refusal):
    """A rebuild is under way; wait for it or cancel it."""

    slug = "rebuild-under-way"
    kind = Kind.CONFLICT


class RebuildFinished(Refusal):
    """The rebuild has ended already."""

    slug = "rebuild-finished"
    kind = Kind.CONFLICT


@router.post("/audits", status_code=201, tags=["audits"], responses=problems(Forbidden))
async def run_audit(work: Work) -> AuditView:
    """Compare cells, ledger, facts and states of the tenant in one snapshot, and keep the result."""
    work.principal.require(*LOOKS_AFTER)
    schema, result = await _audited(work)
    id_, started = work.new_id(), work.now
    view = AuditView.of(id_, schema, started, started, result)
    content = json.dumps(view.model_dump(mode="json", include={"facts", "balances", "cells", "differences", "shown"}))
    finished = await work.connection.fetchval(
        audit_store.KEEP, work.tenant, id_, schema, started, result.agrees, content
    )
    return view.model_copy(update={"finished_at": finished})


@router.get("/audits/last", tags=["audits"], responses=problems(Forbidden, NotFound))
async def get_last_audit(reader: Reader) -> AuditView:
    """The newest audit."""
    reader.principal.require(*MAY_SEE)
    row = await reader.fetchrow(audit_store.LAST, reader.tenant)
    if row is None:
        raise NotFound("No audit has been run yet.")
    return AuditView(
        id=row["id"], ledger=row["schema_name"], started_at=row["started_at"], finished_at=row["finished_at"],
        agrees=row["agrees"], **json.loads(row["result"]),
    )  # fmt: skip


@router.post(
    "/seals",
    status_code=201,
    tags=["seals"],
    responses=problems(Forbidden, PeriodNotOver, PeriodBackwards, PeriodAlreadySealed),
    openapi_extra=example({"from_on": "2026-01-01", "to_on": "2026-02-01"}),
)
async def seal_period(body: PeriodInput, work: Work) -> SealView:
    """Fix the balances of a period that is over; what is booked on its days later shows as an adjustment."""
    work.principal.require(*LOOKS_AFTER)
    moment = await work.moment()
    refuse_bad_period(body.from_on, body.to_on, moment.on)
    async with as_worker(work.connection):
        cover, offsets = await sealing.hold(work.connection)
        refuse_overlap(body.from_on, body.to_on, await sealing.sealed_periods(work.connection, work.tenant))
        sha256 = await sealing.balances_hash(work.connection, work.tenant, body.from_on, body.to_on, cover)
    id_ = work.new_id()
    command = SealPeriod(
        moment=moment, id=id_, from_on=body.from_on, to_on=body.to_on, sealed_by=work.principal.person,
        ledger_seq=cover.ledger_seq, sha256=sha256, offsets=offsets,
    )  # fmt: skip
    sealed = await work.execute(SEAL, id_, command)
    await sealing.keep_cover(work.connection, work.tenant, id_, cover)
    return SealView.of(sealed.state)


@router.get("/seals", tags=["seals"], responses=problems(Forbidden))
async def list_seals(reader: Reader) -> SealList:
    """The sealed periods, oldest first."""
    reader.principal.require(*MAY_SEE)
    rows = await reader.fetch(sealing.STATES, reader.tenant)
    return SealList(items=[SealView.of(SealState.model_validate_json(row["state"])) for row in rows])


@router.get("/seals/{seal_id}", tags=["seals"], responses=problems(Forbidden, NotFound))
async def get_seal(seal_id: UUID, reader: Reader) -> SealView:
    """One sealed period."""
    reader.principal.require(*MAY_SEE)
    return SealView.of((await reader.load(SEAL, seal_id)).state)


@router.get("/seals/{seal_id}/verification", tags=["seals"], responses=problems(Forbidden, NotFound))
async def verify_seal(seal_id: UUID, reader: Reader, limit: Limit = 50) -> VerificationView:
    """Reckon the sealed balances anew, and list what was booked on the sealed days since."""
    reader.principal.require(*MAY_SEE)
    seal = (await reader.load(SEAL, seal_id)).state
    connection, tenant = reader.connection, reader.tenant
    cover = await sealing.cover_of(connection, tenant, seal_id, await active_schema(connection))
    found = await sealing.balances_hash(connection, tenant, seal.from_on, seal.to_on, cover)
    rows = await sealing.adjustments(connection, tenant, seal.from_on, seal.to_on, cover, at_most=limit + 1)
    return VerificationView.of(seal, found, rows[:limit], has_more=len(rows) > limit)


@router.post("/rebuilds", status_code=202, tags=["rebuilds"], responses=problems(Forbidden, RebuildUnderWay))
async def start_rebuild(work: Work) -> RebuildView:
    """Read all events again into a new ledger beside the one in use, and change over when it has caught up."""
    work.principal.require(*LOOKS_AFTER)
    async with as_worker(work.connection):
        try:
            async with work.attempt():
                requested = await rebuild_store.request(work.connection, work.new_id(), _asker(work))
        except asyncpg.UniqueViolationError as error:
            raise RebuildUnderWay from error
    return RebuildView.of(requested, work.tenant, 0, 0)


@router.get("/rebuilds", tags=["rebuilds"], responses=problems(Forbidden))
async def list_rebuilds(reader: Reader, limit: Limit = 50) -> RebuildList:
    """The rebuilds, newest first."""
    reader.principal.require(*MAY_SEE)
    async with as_worker(reader.connection):
        found = await rebuild_store.recent(reader.connection, limit)
        return RebuildList(items=[await _view(reader, one) for one in found])


@router.get("/rebuilds/{rebuild_id}", tags=["rebuilds"], responses=problems(Forbidden, NotFound))
async def get_rebuild(rebuild_id: UUID, reader: Reader) -> RebuildView:
    """How far a rebuild is."""
    reader.principal.require(*MAY_SEE)
    async with as_worker(reader.connection):
        return await _found(reader, rebuild_id)


@router.post(
    "/rebuilds/{rebuild_id}/cancellation",
    status_code=202,
    tags=["rebuilds"],
    responses=problems(Forbidden, NotFound, RebuildFinished),
)
async def cancel_rebuild(rebuild_id: UUID, work: Work) -> RebuildView:
    """Give a rebuild up: only the new ledger is dropped."""
    work.principal.require(*LOOKS_AFTER)
    async with as_worker(work.connection):
        if (await _found(work, rebuild_id)).requested_by is None:
            raise Forbidden("Another tenant asked for this rebuild, which serves all; it is not yours to give up.")
        if not await rebuild_store.cancel(work.connection, rebuild_id):
            raise RebuildFinished
        return await _found(work, rebuild_id)


async def _audited(work: Work) -> tuple[str, Audit]:
    """On a connection of its own, because it needs one snapshot for all it reads."""
    async with (
        own_fold(work.resources) as fold,
        acquired(work.resources.pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        schema = await active_schema(connection)
        return schema, await audit(connection, schema, work.tenant, fold)


def _asker(work: Work) -> str:
    """Who asks, with the tenant: a rebuild is of the whole ledger, and others see it too."""
    return f"{work.tenant} {work.principal.subject}"


async def _found(at: Any, rebuild_id: UUID) -> RebuildView:
    found = await rebuild_store.find(at.connection, rebuild_id)
    if found is None:
        raise NotFound
    return await _view(at, found)


async def _view(at: Any, rebuild: rebuild_store.Rebuild) -> RebuildView:
    return RebuildView.of(rebuild, at.tenant, *await rebuild_store.progress(at.connection, rebuild))
