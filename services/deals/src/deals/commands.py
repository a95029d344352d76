"""What can be asked of a deal. All that a decision needs comes with the command: time, ids, pipelines, rates. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Command
from deals.worth import Worth
from events.catalogue.deals import DealDetails, NextStep, PipelineState
from events.catalogue.leads import Owner

Pipelines = Mapping[UUID, PipelineState]


@dataclass(frozen=True, kw_only=True)
class DealCommand(Command):
    """Base of the commands. ``dated`` tells that the caller named the time.

    Else it happens now; and as two callers may wait for each other, now is never before the deal's last change.
    """

    dated: bool = True


@dataclass(frozen=True, kw_only=True)
class OpenDeal(DealCommand):
    """Open a deal, in the first stage of the pipeline if none is named."""

    creates: ClassVar[bool] = True
    id: UUID
    details: DealDetails
    pipeline: PipelineState
    owner: Owner
    worth: Worth
    stage: str | None = None
    external_id: str | None = None
    lead_id: UUID | None = None
    handoff_id: UUID | None = None
    lead_created_on: date | None = None
    lead_owner: Owner | None = None
    expected_close_on: date | None = None
    next_step: NextStep | None = None
    start_known: bool = True
    imported: bool = False


@dataclass(frozen=True, kw_only=True)
class MoveStage(DealCommand):
    """Move the deal to another stage, onward or back, skipping as many as need be."""

    to: str
    pipelines: Pipelines = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ChangeAmount(DealCommand):
    """The deal is worth another amount."""

    worth: Worth


@dataclass(frozen=True, kw_only=True)
class ChangeLines(DealCommand):
    """The deal is about these products now; its amount is their sum."""

    worth: Worth


@dataclass(frozen=True, kw_only=True)
class ChangeOwner(DealCommand):
    """Another person holds the deal."""

    to: Owner


@dataclass(frozen=True, kw_only=True)
class ChangeExpectedClose(DealCommand):
    """The deal is expected to close on another day, or on none."""

    to_on: date | None


@dataclass(frozen=True, kw_only=True)
class PlanNextStep(DealCommand):
    """The next step is planned, changed, or done (none)."""

    next_step: NextStep | None


@dataclass(frozen=True, kw_only=True)
class ChangeDetails(DealCommand):
    """Correct name, source, campaign or account; ``changes`` names fields of the details."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class CorrectOrigin(DealCommand):
    """The lead that became this deal came in at another time or from elsewhere than was known when it was opened.

    The source follows where the deal has the one that the lead had, ``from_source``.
    """

    lead_created_on: date
    lead_owner: Owner | None
    from_source: str | None
    to_source: str | None


@dataclass(frozen=True, kw_only=True)
class WinDeal(DealCommand):
    """The customer bought; ``worth`` is what it came to, where that differs from the deal."""

    pipelines: Pipelines = field(repr=False)
    worth: Worth | None = None


@dataclass(frozen=True, kw_only=True)
class LoseDeal(DealCommand):
    """The customer did not buy."""

    reason: str
    competitor: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReopenDeal(DealCommand):
    """Work on a closed deal again, in the stage it was closed from if none is named."""

    reason: str
    pipelines: Pipelines = field(repr=False)
    stage: str | None = None
