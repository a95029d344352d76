"""The deal: what each command does to it, and what forbids it. Pure.

Every event carries the deal as it is after it. Promises: time never runs backwards on a deal; a closed deal changes
only its owner and details until it is reopened; the spans keep the promise of ``spans``.
"""

from collections.abc import Callable, Iterator
from typing import Any

from chassis.aggregates import Aggregate
from chassis.refusals import Invalid
from deals.commands import (
    ChangeAmount,
    ChangeDetails,
    ChangeExpectedClose,
    ChangeLines,
    ChangeOwner,
    CorrectOrigin,
    DealCommand,
    LoseDeal,
    MoveStage,
    OpenDeal,
    PlanNextStep,
    ReopenDeal,
    WinDeal,
)
from deals.pipeline import place_of
from deals.refusals import (
    AmountFollowsLines,
    DealIsClosed,
    DealIsOpen,
    ExitCriteriaMissing,
    NotOffered,
    OutOfSequence,
    ReopenedTooOften,
)
from deals.spans import ended, resumed, seconds_in_stage, seconds_open, turned
from deals.worth import Worth
from events.catalogue.deals import (
    Closing,
    DealAmountChanged,
    DealDetails,
    DealDetailsChanged,
    DealEvent,
    DealExpectedCloseChanged,
    DealLost,
    DealNextStepPlanned,
    DealOpened,
    DealOriginCorrected,
    DealOwnerChanged,
    DealReopened,
    DealStageChanged,
    DealState,
    DealStatus,
    DealWon,
    ExitCriterion,
    PipelineState,
    Span,
)
from events.moment import Moment

CLOSINGS_MAX = 25

Events = Iterator[DealEvent]

HAS: dict[ExitCriterion, Callable[[DealState], bool]] = {
    ExitCriterion.AMOUNT: lambda deal: deal.amount.minor > 0,
    ExitCriterion.EXPECTED_CLOSE: lambda deal: deal.expected_close_on is not None,
    ExitCriterion.PRODUCTS: lambda deal: bool(deal.lines),
    ExitCriterion.CUSTOMER: lambda deal: deal.account_id is not None,
    ExitCriterion.NEXT_STEP: lambda deal: deal.next_step is not None,
}
"""What each exit criterion asks of a deal."""


def decide(command: DealCommand, deal: DealState | None) -> Events:
    """What happens to the deal."""
    if isinstance(command, OpenDeal):
        return _open(command, deal)
    if deal is None:
        raise TypeError(command)
    return _DECISIONS[type(command)](command, deal, _moment(command, deal))


def apply(_deal: DealState | None, event: DealEvent) -> DealState:
    """An event carries the deal as it is after it."""
    state: DealState = event.deal
    return state


def missing_to_leave(deal: DealState, stage: str, pipeline: PipelineState) -> tuple[ExitCriterion, ...]:
    """What the deal lacks to go on from the stage; nothing where the pipeline no longer has the stage."""
    criteria = next((each.exit_criteria for each in pipeline.stages if each.key == stage), ())
    return tuple(criterion for criterion in criteria if not HAS[criterion](deal))


def _open(command: OpenDeal, deal: DealState | None) -> Events:
    if deal is not None:
        return  # An id is opened once: a repeated handoff finds its deal there.
    pipeline = command.pipeline
    if not pipeline.active:
        raise NotOffered(f"The pipeline {pipeline.name} is no longer in use.")
    index = 0 if command.stage is None else place_of(pipeline, command.stage)
    stage, at = pipeline.stages[index], command.moment
    first = Span(
        stage=stage.key,
        stage_index=index,
        probability=stage.probability,
        owner=command.owner,
        base_minor=command.worth.base_minor,
        product=command.worth.product,
        expected_close_on=command.expected_close_on,
        from_at=at.at,
        from_on=at.on,
    )
    opened = DealState(
        id=command.id,
        external_id=command.external_id,
        pipeline=pipeline.id,
        stage=stage.key,
        stalled_after_days=stage.stalled_after_days,
        owner=command.owner,
        lead_id=command.lead_id,
        handoff_id=command.handoff_id,
        lead_created_on=command.lead_created_on,
        lead_owner=command.lead_owner,
        expected_close_on=command.expected_close_on,
        next_step=command.next_step,
        opened_at=at.at,
        opened_on=at.on,
        start_known=command.start_known,
        changed_at=at.at,
        changed_on=at.on,
        spans=(first,),
        imported=command.imported,
        **dict(command.details),
        **_worth(command.worth),
    )
    yield DealOpened(occurred_at=at.at, deal=opened)


def _move(command: MoveStage, deal: DealState, at: Moment) -> Events:
    _must_be_open(deal)
    if command.to == deal.stage:
        return
    pipeline = command.pipelines[deal.pipeline]
    index = place_of(pipeline, command.to)
    if deal.stage in {stage.key for stage in pipeline.stages[:index]}:
        _must_meet_criteria(deal, pipeline)
    stage = pipeline.stages[index]
    skipped = tuple(each.key for each in pipeline.stages[deal.spans[-1].stage_index + 1 : index])
    after = _turned(
        deal,
        at,
        {"stage": stage.key},
        {"stage_index": index, "skipped": skipped, "probability": stage.probability},
        stalled_after_days=stage.stalled_after_days,
    )
    yield DealStageChanged(
        from_stage=deal.stage,
        to_stage=stage.key,
        seconds_in_stage=seconds_in_stage(deal.spans, at.at),
        occurred_at=at.at,
        deal=after,
    )


def _change_amount(command: ChangeAmount, deal: DealState, at: Moment) -> Events:
    _must_be_open(deal)
    if deal.lines:
        raise AmountFollowsLines
    yield from _revalued(command.worth, deal, at)


def _change_lines(command: ChangeLines, deal: DealState, at: Moment) -> Events:
    _must_be_open(deal)
    yield from _revalued(command.worth, deal, at)


def _change_owner(command: ChangeOwner, deal: DealState, at: Moment) -> Events:
    if command.to == deal.owner:
        return
    yield DealOwnerChanged(
        from_owner=deal.owner,
        to_owner=command.to,
        occurred_at=at.at,
        deal=_turned(deal, at, {"owner": command.to}),
    )


def _change_expected_close(command: ChangeExpectedClose, deal: DealState, at: Moment) -> Events:
    _must_be_open(deal)
    if command.to_on == deal.expected_close_on:
        return
    yield DealExpectedCloseChanged(
        from_on=deal.expected_close_on,
        to_on=command.to_on,
        occurred_at=at.at,
        deal=_turned(deal, at, {"expected_close_on": command.to_on}),
    )


def _plan_next_step(command: PlanNextStep, deal: DealState, at: Moment) -> Events:
    _must_be_open(deal)
    if command.next_step == deal.next_step:
        return
    after = _changed(deal, at, next_step=command.next_step)
    yield DealNextStepPlanned(next_step=command.next_step, occurred_at=at.at, deal=after)


def _change_details(command: ChangeDetails, deal: DealState, at: Moment) -> Events:
    changed = _changed(deal, at, **command.changes)
    before, after = _details(deal), _details(changed)
    if after != before:
        yield DealDetailsChanged(from_details=before, to_details=after, occurred_at=at.at, deal=changed)


def _correct_origin(command: CorrectOrigin, deal: DealState, at: Moment) -> Events:
    source = command.to_source if deal.source == command.from_source else deal.source
    origin = {"lead_created_on": command.lead_created_on, "lead_owner": command.lead_owner, "source": source}
    if any(getattr(deal, name) != value for name, value in origin.items()):
        yield DealOriginCorrected(from_source=deal.source, occurred_at=at.at, deal=_changed(deal, at, **origin))


def _win(command: WinDeal, deal: DealState, at: Moment) -> Events:
    _must_be_open(deal)
    if command.worth is not None:
        if deal.lines and not command.worth.lines:
            raise AmountFollowsLines
        for revalued in _revalued(command.worth, deal, at):
            deal = revalued.deal
            yield revalued
    _must_meet_criteria(deal, command.pipelines[deal.pipeline])
    yield DealWon(
        seconds_open=seconds_open(deal.spans, at.at),
        occurred_at=at.at,
        deal=_closed(deal, at, DealStatus.WON),
    )


def _lose(command: LoseDeal, deal: DealState, at: Moment) -> Events:
    _must_be_open(deal)
    if not command.reason.strip():
        raise Invalid("A lost deal has a reason.", pointer="/reason")
    yield DealLost(
        reason=command.reason,
        competitor=command.competitor,
        occurred_at=at.at,
        deal=_closed(deal, at, DealStatus.LOST, reason=command.reason, competitor=command.competitor),
    )


def _reopen(command: ReopenDeal, deal: DealState, at: Moment) -> Events:
    if deal.status is DealStatus.OPEN:
        raise DealIsOpen
    if len(deal.closings) >= CLOSINGS_MAX:
        raise ReopenedTooOften
    if not command.reason.strip():
        raise Invalid("Reopening a deal has a reason.", pointer="/reason")
    pipeline = command.pipelines[deal.pipeline]
    index = place_of(pipeline, command.stage or deal.closings[-1].stage)
    stage = pipeline.stages[index]
    spans = resumed(
        deal.spans,
        at,
        stage=stage.key,
        stage_index=index,
        probability=stage.probability,
        owner=deal.owner,
        expected_close_on=deal.expected_close_on,
    )
    taken_back = deal.closings[-1].model_copy(update={"reopened_at": at.at, "reopened_on": at.on})
    after = _changed(
        deal,
        at,
        status=DealStatus.OPEN,
        stage=stage.key,
        stalled_after_days=stage.stalled_after_days,
        spans=spans,
        closings=(*deal.closings[:-1], taken_back),
    )
    yield DealReopened(reason=command.reason, from_status=deal.status, occurred_at=at.at, deal=after)


_DECISIONS: dict[type[DealCommand], Callable[[Any, DealState, Moment], Events]] = {
    MoveStage: _move,
    ChangeAmount: _change_amount,
    ChangeLines: _change_lines,
    ChangeOwner: _change_owner,
    ChangeExpectedClose: _change_expected_close,
    PlanNextStep: _plan_next_step,
    ChangeDetails: _change_details,
    CorrectOrigin: _correct_origin,
    WinDeal: _win,
    LoseDeal: _lose,
    ReopenDeal: _reopen,
}


def _moment(command: DealCommand, deal: DealState) -> Moment:
    changed_at, changed_on = deal.changed_at or deal.opened_at, deal.changed_on or deal.opened_on
    if command.moment.at >= changed_at:
        return command.moment
    if command.dated:
        raise OutOfSequence(f"The deal last changed at {changed_at:%Y-%m-%dT%H:%M:%SZ}.", pointer="/occurred_at")
    return Moment(at=changed_at, on=changed_on)


def _must_be_open(deal: DealState) -> None:
    if deal.status is not DealStatus.OPEN:
        raise DealIsClosed(f"The deal is {deal.status.value}; reopen it first.")


def _must_meet_criteria(deal: DealState, pipeline: PipelineState) -> None:
    if missing := missing_to_leave(deal, deal.stage, pipeline):
        names = ", ".join(criterion.value for criterion in missing)
        raise ExitCriteriaMissing(f"Before it leaves {deal.stage} the deal needs: {names}.", missing=list(missing))


def _revalued(worth: Worth, deal: DealState, at: Moment) -> Events:
    if worth.amount == deal.amount and worth.lines == deal.lines:
        return
    value = _worth(worth)
    facets = {"base_minor": value.pop("base_minor"), "product": value.pop("product")}
    yield DealAmountChanged(
        from_amount=deal.amount,
        to_amount=worth.amount,
        occurred_at=at.at,
        deal=_turned(deal, at, facets, **value),
    )


def _worth(worth: Worth) -> dict[str, Any]:
    return {
        "amount": worth.amount,
        "rate": worth.rate,
        "base_minor": worth.base_minor,
        "lines": worth.lines,
        "product": worth.product,
    }


def _details(deal: DealState) -> DealDetails:
    return DealDetails(name=deal.name, source=deal.source, campaign=deal.campaign, account_id=deal.account_id)


def _closed(deal: DealState, at: Moment, outcome: DealStatus, **why: str | None) -> DealState:
    closing = Closing(
        outcome=outcome,
        at=at.at,
        on=at.on,
        stage=deal.stage,
        owner=deal.owner,
        base_minor=deal.base_minor,
        product=deal.product,
        lines=deal.lines,
        **why,
    )
    return _changed(deal, at, status=outcome, spans=ended(deal.spans, at), closings=(*deal.closings, closing))


def _turned(
    deal: DealState, at: Moment, facets: dict[str, Any], of_span: dict[str, Any] | None = None, **rest: Any
) -> DealState:
    """The deal after a change; ``facets`` are fields that the spans of an open deal keep too."""
    spans = deal.spans
    if deal.status is DealStatus.OPEN:
        spans = turned(spans, at, **facets, **(of_span or {}))
    return _changed(deal, at, spans=spans, **facets, **rest)


def _changed(deal: DealState, at: Moment, **changes: Any) -> DealState:
    return deal.model_copy(update={**changes, "changed_at": at.at, "changed_on": at.on})


def _columns(deal: DealState) -> dict[str, object]:
    return {
        "external_id": deal.external_id,
        "status": deal.status.value,
        "pipeline_id": deal.pipeline,
        "stage": deal.stage,
        "owner_person": deal.owner.person,
        "owner_team": deal.owner.team,
        "account_id": deal.account_id,
        "source": deal.source,
        "opened_on": deal.opened_on,
        "expected_close_on": deal.expected_close_on,
    }


DEAL = Aggregate(noun="deal", table="deal", state=DealState, decide=decide, apply=apply, columns=_columns)
