"""What callers send and get about audits, seals and rebuilds."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from analytics.ledger.audit import Audit, Difference
from analytics.ledger.posting import DIMENSIONS
from analytics.ledger.rebuild_store import Rebuild, State
from analytics.measures import MEASURES
from chassis.inputs import Day, Input
from events.catalogue.analytics import CoveredOffset, SealState

KEYS = {measure.number: measure.key for measure in MEASURES}


class PeriodInput(Input):
    """A period; ``to_on`` is the first day after it."""

    from_on: Day = Field(examples=["2026-01-01"])
    to_on: Day = Field(examples=["2026-02-01"])


class DifferenceView(BaseModel):
    """A number that two ways of knowing it do not agree on."""

    between: str
    measure: str | None
    grouping: list[str] | None
    period: str | None
    day: date | None
    slice: int | None
    fact: UUID | None
    found: str
    expected: str

    @classmethod
    def of(cls, difference: Difference) -> Self:
        mask = difference.grouping
        return cls(
            between=difference.between,
            measure=None if difference.measure is None else KEYS.get(difference.measure, str(difference.measure)),
            grouping=None if mask is None else [name for place, name in enumerate(DIMENSIONS) if mask >> place & 1],
            period=difference.period,
            day=difference.day,
            slice=difference.slice,
            fact=difference.fact,
            found=difference.found,
            expected=difference.expected,
        )


class AuditView(BaseModel):
    """What an audit compared and found."""

    id: UUID
    ledger: str
    started_at: datetime
    finished_at: datetime
    agrees: bool
    facts: int
    balances: int
    cells: int
    differences: int
    shown: list[DifferenceView]

    @classmethod
    def of(cls, id_: UUID, ledger: str, started_at: datetime, finished_at: datetime, found: Audit) -> Self:
        return cls(
            id=id_, ledger=ledger, started_at=started_at, finished_at=finished_at, agrees=found.agrees,
            facts=found.facts, balances=found.balances, cells=found.cells, differences=found.differences,
            shown=[DifferenceView.of(difference) for difference in found.shown],
        )  # fmt: skip


class SealView(BaseModel):
    """A sealed period and the hash of its balances."""

    id: UUID
    from_on: date
    to_on: date
    sealed_at: datetime
    sealed_by: UUID | None
    ledger_seq: int
    sha256: str
    offsets: list[CoveredOffset]

    @classmethod
    def of(cls, seal: SealState) -> Self:
        return cls(**{**dict(seal), "offsets": list(seal.offsets)})


class SealList(BaseModel):
    items: list[SealView]


class AdjustmentView(BaseModel):
    """An entry that was booked on a sealed day after sealing."""

    recorded_at: datetime
    event_id: UUID
    event_type: str
    kind: str
    fact_id: UUID
    measure: str
    day: date
    count: int
    amount: int

    @classmethod
    def of(cls, row: Any) -> Self:
        values = dict(row)
        del values["seq"]
        return cls(**{**values, "measure": KEYS.get(values["measure"], str(values["measure"]))})


class VerificationView(BaseModel):
    """Whether the sealed balances are still what they were, and what has come on top."""

    holds: bool
    sha256: str
    found_sha256: str
    adjustments: list[AdjustmentView]
    has_more: bool

    @classmethod
    def of(cls, seal: SealState, found: str, rows: Sequence[Any], *, has_more: bool) -> Self:
        return cls(
            holds=seal.sha256 == found,
            sha256=seal.sha256,
            found_sha256=found,
            adjustments=[AdjustmentView.of(row) for row in rows],
            has_more=has_more,
        )


class RebuildView(BaseModel):
    """How far a rebuild is."""

    id: UUID
    ledger: str
    state: State
    requested_at: datetime
    requested_by: str | None
    """Null where another tenant asked: a rebuild is of the whole ledger."""
    finished_at: datetime | None
    detail: str | None
    records: int
    """How many there were to read at the start."""
    records_read: int

    @classmethod
    def of(cls, rebuild: Rebuild, seen_by: UUID, records: int, read: int) -> Self:
        tenant, _, subject = rebuild.requested_by.rpartition(" ")
        return cls(
            id=rebuild.id, ledger=rebuild.schema, state=rebuild.state, requested_at=rebuild.requested_at,
            requested_by=subject if tenant in {"", str(seen_by)} else None,
            finished_at=rebuild.finished_at, detail=rebuild.detail,
            records=records, records_read=records if rebuild.state is State.DONE else read,
        )  # fmt: skip


class RebuildList(BaseModel):
    items: list[RebuildView]
