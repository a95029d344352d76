"""Batches: ``POST /v1/<nouns>:batch`` takes 1 to 200 items and answers each by the caller's own item id.

200 when all were done, 207 when some were refused. With ``atomic`` all are done or none.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictStr
from pydantic import model_validator as _model_validator
from starlette.responses import Response

from chassis.aggregates import Loaded
from chassis.inputs import Input
from chassis.problems import Problem, problem_of
from chassis.refusals import NotApplied, Refusal

MOST_ITEMS = 200

ItemId = Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class BatchItem(Input):
    """Base of an item; ``item_id`` is the caller's own and comes back with the result."""

    item_id: ItemId


Item = TypeVar("Item", bound=BatchItem)
Done = TypeVar("Done")


class Batch(Input, Generic[Item]):
    """The body of a batch."""

    items: Annotated[list[Item], Field(min_length=1, max_length=MOST_ITEMS)]
    atomic: StrictBool = False

    @_model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({item.item_id for item in self.items}) < len(self.items):
            raise ValueError("item_id must be different for each item")
        return self


class BatchResult(BaseModel):
    """What became of one item."""

    item_id: str
    status: int = Field(examples=[200])
    id: UUID | None = None
    version: int | None = None
    existing: bool | None = None
    """True when a creating item met its external id and nothing was done."""
    problem: Problem | None = None


class BatchReply(BaseModel):
    """Results in the order of the items."""

    results: list[BatchResult]


class Existing(Generic[Done]):
    """A creating item met a record with its external id."""

    def __init__(self, id_: UUID, loaded: Loaded[Any]) -> None:
        self.id = id_
        self.loaded = loaded


Outcome = tuple[UUID | None, "Loaded[Any] | Existing[Any] | Refusal"]


def result_of(item_id: str, outcome: Outcome, *, created: bool = False) -> BatchResult:
    """The result of an item; ``created`` answers 201."""
    id_, what = outcome
    if isinstance(what, Refusal):
        document = problem_of(what)
        return BatchResult(item_id=item_id, status=document["status"], id=id_, problem=Problem(**document))
    if isinstance(what, Existing):
        return BatchResult(item_id=item_id, status=200, id=what.id, version=what.loaded.version, existing=True)
    status = 201 if created else 200
    return BatchResult(item_id=item_id, status=status, id=id_, version=what.version)


def reply(results: Sequence[BatchResult], response: Response) -> BatchReply:
    """The reply, with 207 set where the items fared differently or badly."""
    refused = any(result.problem is not None for result in results)
    response.status_code = 207 if refused else 200
    return BatchReply(results=list(results))


async def each(
    work: Any, items: Sequence[Item], run: Callable[[Item], Any], *, atomic: bool, created: bool = False
) -> list[BatchResult]:
    """Run items one after the other, each under a savepoint, where a set-based batch does not fit.

    ``run`` answers (id, Loaded or Existing) or raises its refusal.
    """
    outcomes: list[Outcome] = []
    try:
        async with work.attempt():
            outcomes += [await _one(work, item, run) for item in items]
            if atomic and any(isinstance(what, Refusal) for _, what in outcomes):
                raise NotApplied  # noqa: TRY301 - undoes the savepoint
    except NotApplied:
        outcomes = [(id_, what if isinstance(what, Refusal) else NotApplied()) for id_, what in outcomes]
    return [result_of(item.item_id, outcome, created=created) for item, outcome in zip(items, outcomes, strict=True)]


async def _one(work: Any, item: Item, run: Callable[[Item], Any]) -> Outcome:
    try:
        async with work.attempt():
            outcome: Outcome = await run(item)
            return outcome
    except Refusal as refusal:
        return None, refusal
