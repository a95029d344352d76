"""Commands that need the firm's rules: answering a checklist, qualifying, letting go.

The rules are read once a request, and the decision picks from them what applies to the lead.
"""

from uuid import UUID

from chassis.unit_of_work import UnitOfWork
from events.catalogue.qualification import ChecklistState, DisqualifyReasonState
from leads.lead import DisqualifyLead, QualifyLead
from leads.lookups import Lookups
from leads.qualification import store
from leads.qualification.deciding import AnswerLead
from leads.qualification.inputs import Answering, Disqualification, Qualification


class Rules:
    """The firm's checklists and reasons that are in use."""

    def __init__(self, work: UnitOfWork, lookups: Lookups) -> None:
        self._work = work
        self._lookups = lookups
        self._checklists: tuple[ChecklistState, ...] | None = None
        self._reasons: tuple[DisqualifyReasonState, ...] | None = None

    async def answering(self, body: Answering) -> AnswerLead:
        moment = await self._lookups.moment(body.occurred_at)
        return AnswerLead(moment=moment, answers=body.answers, checklists=await self._checklists_in_use())

    async def qualification(self, body: Qualification) -> QualifyLead:
        moment = await self._lookups.moment(body.occurred_at)
        return QualifyLead(moment=moment, answers=body.answers, checklists=await self._checklists_in_use())

    async def disqualification(self, body: Disqualification) -> DisqualifyLead:
        moment = await self._lookups.moment(body.occurred_at)
        reasons = await self._reasons_in_use()
        return DisqualifyLead(moment=moment, reason=body.reason, recall_on=body.recall_on, reasons=reasons)

    async def _checklists_in_use(self) -> tuple[ChecklistState, ...]:
        if self._checklists is None:
            states = await store.active(self._work.connection, "checklist", self._tenant)
            self._checklists = tuple(map(ChecklistState.model_validate_json, states))
        return self._checklists

    async def _reasons_in_use(self) -> tuple[DisqualifyReasonState, ...]:
        if self._reasons is None:
            states = await store.active(self._work.connection, "disqualify_reason", self._tenant)
            self._reasons = tuple(map(DisqualifyReasonState.model_validate_json, states))
        return self._reasons

    @property
    def _tenant(self) -> UUID:
        return self._work.tenant
