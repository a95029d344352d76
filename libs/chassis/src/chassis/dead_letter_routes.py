"""Operating dead letters: look, correct, redrive, discard; and stopped partitions. Every service has these endpoints.

For admin and sales-ops, who see the letters of their tenant. Where an installation serves one tenant only, also those
whose tenant cannot be read. Each act is audited with who and why.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr
from pydantic.types import StrictFloat

from chassis.auth import Caller
from chassis.database import acquired
from chassis.database_errors import as_refusals
from chassis.examples import example
from chassis.http_context import context_of
from chassis.inputs import BIGGEST, Input, LongText, Text
from chassis.paging import Cursors, CursorText, Limit, Page
from chassis.principal import Principal
from chassis.problems import problems
from chassis.refusals import Forbidden, Invalid, NotFound, Refusal
from chassis.resources import Resources
from chassis.routes import CommandRoute
from events import corrections, letters, stopped
from events.audit import By, Conflict
from events.catalogue.identity import Role
from events.letters import Filter, LetterDetail, LetterGroup, LetterLine, LetterNotFound
from events.partition import Partition
from events.redrive import Outcome, Redriver, Terms, UnknownConsumer

LetterId = Annotated[int, Path(ge=1, le=BIGGEST)]
Words = Annotated[str, Text(200)]


class BeingWorkedOn(Refusal):
    """Somebody else works on these letters, or earlier ones of the sequence wait."""

    slug = "being-worked-on"


class Why(Input):
    """Said for the audit."""

    why: Annotated[str, Text(500)]


class RedriveTerms(Why):
    """How to go about it."""

    dry_run: StrictBool = False
    per_second: Annotated[StrictFloat | StrictInt, Field(gt=0, le=10_000)] | None = None
    maximum: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None
    force: StrictBool = False
    """Also what failed three redrives."""
    overrule: StrictBool = False
    """Accept a forked history, or a missing version that never comes."""

    def terms(self) -> Terms:
        return Terms(**self.model_dump(include={"dry_run", "per_second", "maximum", "force", "overrule"}))


class Redrive(RedriveTerms):
    """Which letters: all whose head matches."""

    consumer: Words
    topic: Words | None = None
    reason: Words | None = None
    error_class: Words | None = None
    stack_hash: Words | None = None
    sequence_key: Words | None = None

    def filter(self, tenant: UUID | None) -> Filter:
        return Filter(
            self.consumer, self.topic, self.reason, self.error_class, self.stack_hash, self.sequence_key, tenant
        )


class Correction(Why):
    """New content of a letter; its key stays."""

    value: Annotated[LongText, Field(max_length=900_000)] | None = None
    headers: dict[StrictStr, StrictStr] | None = None


class Corrected(BaseModel):
    """Whether the letter decodes now."""

    problem: str | None


class RedriveReport(BaseModel):
    """What a redrive did, or would do."""

    dry_run: bool
    done: int
    failed: int
    outcomes: list[Outcome]


class Resume(Why):
    """A stopped partition that may go on."""

    consumer: Words
    topic: Words
    partition: Annotated[StrictInt, Field(ge=0, le=100_000)]
    next_offset: Annotated[StrictInt, Field(ge=0, le=BIGGEST)] | None = None


class Groups(BaseModel):
    """What goes wrong, most sequences first."""

    items: list[LetterGroup]


class StoppedPartitions(BaseModel):
    """Partitions that wait for an operator."""

    items: list[dict[str, Any]]


router = APIRouter(route_class=CommandRoute, prefix="/v1", tags=["dead letters"])


@router.get("/dead-letter-groups")
async def list_dead_letter_groups(request: Request, caller: Caller, consumer: str | None = None) -> Groups:
    """What goes wrong, by consumer and cause."""
    resources, tenant = await _seen(request, caller)
    async with acquired(resources.pool) as connection:
        return Groups(items=await letters.list_groups(connection, Filter(consumer, tenant=tenant)))


@router.get("/dead-letters")
async def list_dead_letters(
    request: Request,
    caller: Caller,
    *,
    limit: Limit = 50,
    cursor: CursorText = None,
    consumer: str | None = None,
    reason: str | None = None,
    stack_hash: str | None = None,
) -> Page[LetterLine]:
    """Dead letters, oldest first."""
    resources, tenant = await _seen(request, caller)
    cursors = Cursors(resources.cursor_secret, caller.tenant, "dead-letters")
    after = int((cursors.read(cursor) or ["0"])[0] or 0)
    wanted = Filter(consumer, reason=reason, stack_hash=stack_hash, tenant=tenant)
    async with acquired(resources.pool) as connection:
        lines = await letters.list_letters(connection, wanted, after=after, limit=limit + 1)
    return cursors.page(lines, limit, lambda line: line, lambda line: [line.id])


@router.get("/dead-letters/{letter_id}", responses=problems(NotFound))
async def show_dead_letter(request: Request, caller: Caller, letter_id: LetterId) -> LetterDetail:
    """One dead letter with its content, and why it could not be handled."""
    resources, tenant = await _seen(request, caller)
    with _as_refusals():
        async with acquired(resources.pool) as connection:
            return await letters.show(connection, letter_id, tenant=tenant)


@router.post(
    "/dead-letters:redrive",
    responses=problems(BeingWorkedOn),
    openapi_extra=example(
        {"consumer": "deals.reactions", "reason": "invalid", "why": "the handler is mended", "dry_run": True}
    ),
)
async def redrive_dead_letters(request: Request, caller: Caller, body: Redrive) -> RedriveReport:
    """Hand all letters that match to their consumer again, each sequence in its order."""
    resources, tenant = await _seen(request, caller)
    with _as_refusals():
        report = await _redriver(resources).redrive(body.filter(tenant), _by(caller, body), body.terms())
    return _reported(report)


@router.post(
    "/dead-letters/{letter_id}/redrive",
    responses=problems(BeingWorkedOn),
    openapi_extra=example({"why": "the handler is mended"}),
)
async def redrive_dead_letter(
    request: Request, caller: Caller, letter_id: LetterId, body: RedriveTerms
) -> RedriveReport:
    """Hand one letter, the first of its sequence, to its consumer again."""
    resources, tenant = await _seen(request, caller)
    with _as_refusals():
        by = _by(caller, body)
        report = await _redriver(resources).redrive_letter(letter_id, by, body.terms(), tenant=tenant)
    return _reported(report)


@router.post(
    "/dead-letters/{letter_id}/discard",
    responses=problems(BeingWorkedOn),
    openapi_extra=example({"why": "a test that nobody needs"}),
)
async def discard_dead_letter(request: Request, caller: Caller, letter_id: LetterId, body: Why) -> Outcome:
    """Give a letter up; those behind it may follow."""
    resources, tenant = await _seen(request, caller)
    with _as_refusals():
        return await _redriver(resources).discard(letter_id, _by(caller, body), tenant=tenant)


@router.post(
    "/dead-letters/{letter_id}/correction",
    responses=problems(BeingWorkedOn),
    openapi_extra=example({"why": "a field was missing", "value": "{}"}),
)
async def correct_dead_letter(request: Request, caller: Caller, letter_id: LetterId, body: Correction) -> Corrected:
    """Replace the content of a letter before it is redriven."""
    resources, tenant = await _seen(request, caller)
    value = None if body.value is None else body.value.encode()
    headers = None if body.headers is None else [(name, text.encode()) for name, text in body.headers.items()]
    with _as_refusals():
        async with acquired(resources.pool) as connection:
            problem = await corrections.edit(
                connection, letter_id, _by(caller, body), value=value, headers=headers, tenant=tenant
            )
    return Corrected(problem=problem)


@router.get("/stopped-partitions")
async def list_stopped_partitions(request: Request, caller: Caller, consumer: str | None = None) -> StoppedPartitions:
    """Partitions that wait for an operator."""
    resources, _ = await _seen(request, caller)
    async with acquired(resources.pool) as connection:
        return StoppedPartitions(items=await stopped.stopped(connection, consumer))


@router.post(
    "/stopped-partitions:resume",
    status_code=204,
    responses=problems(BeingWorkedOn),
    openapi_extra=example(
        {"consumer": "deals.reactions", "topic": "leads.handoff", "partition": 3, "why": "the log was recreated"}
    ),
)
async def resume_stopped_partition(request: Request, caller: Caller, body: Resume) -> None:
    """Let a stopped partition go on. Moving its position is only for who serves one tenant: it is everybody's."""
    resources, tenant = await _seen(request, caller)
    if tenant is not None and body.next_offset is not None:
        raise Forbidden("Other tenants' events are in this partition: its position is not yours to move.")
    partition = Partition(body.topic, body.partition)
    with _as_refusals():
        async with acquired(resources.pool) as connection:
            by = _by(caller, body)
            await stopped.resume(connection, body.consumer, partition, by, next_offset=body.next_offset)


async def _seen(request: Request, caller: Principal) -> tuple[Resources, UUID | None]:
    """The resources, and the tenant to narrow to; None means everything."""
    caller.require(Role.ADMIN, Role.SALES_OPS)
    resources = context_of(request.scope).resources
    everything = await resources.directory.is_only_tenant(caller.tenant)
    return resources, None if everything else caller.tenant


def _redriver(resources: Resources) -> Redriver:
    return Redriver(resources.pool, resources.subscriptions)


def _by(caller: Principal, body: Why) -> By:
    return By(caller.subject, body.why)


def _reported(report: Any) -> RedriveReport:
    return RedriveReport(**asdict(report) | {"outcomes": report.outcomes, "done": report.done, "failed": report.failed})


@contextmanager
def _as_refusals() -> Iterator[None]:
    try:
        with as_refusals():
            yield
    except LetterNotFound as error:
        raise NotFound from error
    except Conflict as error:
        raise BeingWorkedOn(str(error) or None) from error
    except UnknownConsumer as error:
        raise Invalid(str(error), pointer="/consumer") from error
