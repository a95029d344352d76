"""Leads over HTTP: capture, assign, qualify, disqualify, reopen, change, list."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Command, Loaded
from chassis.bulk import Batch, reply
from chassis.examples import example
from chassis.inputs import ExternalId, Name, OccurredAt
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.custom_fields import RecordKind
from events.catalogue.leads import LeadState, LeadStatus
from leads import batch_leads, capturing, store
from leads.batch_leads import LeadItem
from leads.custom.values import VALUE_REFUSALS
from leads.duplicates import finding as duplicates
from leads.duplicates.finding import DuplicateLead, keys_asked, named
from leads.duplicates.match_keys import country_of
from leads.entering import enter
from leads.inputs import DuplicateQuestion, LeadChange, LeadInput, OwnerInput, When
from leads.lead import LEAD, ChangeLeadDetails
from leads.lookups import Lookups, sees_lead
from leads.qualification.answering import Rules
from leads.qualification.inputs import Answering, Disqualification, Qualification
from leads.qualification.judging import ChecklistIncomplete, NoChecklist, RecallNotAhead, UnknownItem, UnknownReason
from leads.refusals import HandoffIsOpen, LeadIsClosed, LeadIsNotDisqualified
from leads.sequence import OutOfSequence
from leads.views import BatchReplyOfLeads, CaptureView, DuplicatesView, LeadView

router = APIRouter(route_class=CommandRoute, tags=["leads"])

Order = Literal["created_at", "-created_at"]
LINKED: dict[int | str, dict[str, Any]] = {
    200: {"model": CaptureView, "description": "The capture became a touch of the lead that was there."}
}


@router.post(
    "/v1/leads",
    status_code=201,
    responses=problems(AlreadyExists, DuplicateLead, Forbidden, Invalid, *VALUE_REFUSALS) | LINKED,
    openapi_extra=example(
        {
            "title": "200 laptops",
            "external_id": "l-9",
            "source": "fair",
            "prospect": {"name": "Phạm Minh", "email": "minh@donga.example", "company": "Công ty TNHH Đông Á"},
            "duplicates": "link",
        }
    ),
)
async def capture_lead(body: LeadInput, work: Work, response: Response) -> CaptureView:
    """Capture a lead. Personal data of the prospect becomes a contact; the lead only names it.

    ``duplicates`` says what to do when the prospect is a lead already. A capture that is linked answers 200 with the
    lead that was there.
    """
    entered = await enter(work, body)
    if entered.linked:
        response.status_code = 200
    else:
        response.headers["Location"] = f"/v1/leads/{entered.lead.state.id}"
    return CaptureView.captured(entered.lead, entered.duplicates, linked=entered.linked)


@router.post(
    "/v1/leads:check-duplicates",
    openapi_extra=example({"email": "minh@donga.example", "phone": "024 1234 5678", "company": "CTCP Đông Á"}),
)
async def check_duplicates(body: DuplicateQuestion, reader: Reader) -> DuplicatesView:
    """Leads that may be the same prospect's. Writes nothing."""
    tenant = await reader.directory.tenant(reader.tenant)
    asked = keys_asked(body, country_of(tenant.zone, tenant.base_currency))
    [matches] = await duplicates.find(reader.connection, reader.tenant, reader.scope, [asked])
    return DuplicatesView(duplicates=named(matches))


@router.post(
    "/v1/leads:batch",
    openapi_extra=example(
        {
            "items": [
                {
                    "item_id": "row 1",
                    "command": "capture",
                    "title": "200 laptops",
                    "source": "fair",
                    "occurred_at": "2026-03-01T09:30:00Z",
                }
            ]
        }
    ),
)
async def batch_of_leads(body: Batch[LeadItem], work: Work, response: Response) -> BatchReplyOfLeads:
    """Up to 200 commands in their order: capture, assign, answer, qualify, disqualify, reopen.

    Captures that say what to do about ``duplicates`` are checked together, also among each other by mail, phone and tax
    code.
    """
    results = await batch_leads.run(work, body.items, atomic=body.atomic)
    reply(results, response)
    return BatchReplyOfLeads(results=results)


@router.get("/v1/leads")
async def list_leads(
    reader: Reader,
    *,
    status: LeadStatus | None = None,
    owner: UUID | None = None,
    source: Annotated[Name | None, Query()] = None,
    campaign: Annotated[Name | None, Query()] = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    created_from: Annotated[OccurredAt | None, Query()] = None,
    created_to: Annotated[OccurredAt | None, Query()] = None,
    merged_into: UUID | None = None,
    sort: Order = "created_at",
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[LeadView]:
    """Leads that the caller may see, by time of creation: from ``created_from`` on, before ``created_to``.

    Leads that were merged into others are left out, unless ``merged_into`` asks for those of one.
    """
    cursors = reader.cursors(f"leads {sort}")
    query = store.Query(reader.tenant)
    query.equal(
        {
            "status": status.value if status else None,
            "owner_id": owner,
            "source": source,
            "campaign": campaign,
            "external_id": external_id,
        }
    )
    store.not_merged(query, merged_into)
    query.within(reader.scope, *store.LEAD_OWNERS)
    rows = await store.leads(
        reader.connection,
        query,
        after=cursors.read(cursor),
        created=(created_from, created_to),
        descending=sort.startswith("-"),
        limit=limit,
    )
    leads = [_loaded(row) for row in rows]
    return cursors.page(leads, limit, LeadView.of, lambda lead: [lead.state.created_at, lead.state.id])


@router.get("/v1/leads/{lead_id}", responses=problems(NotFound))
async def get_lead(lead_id: UUID, reader: Reader) -> LeadView:
    """One lead."""
    return LeadView.of(await reader.load(LEAD, lead_id, visible=lambda lead: sees_lead(reader.scope, lead)))


@router.patch(
    "/v1/leads/{lead_id}",
    responses=problems(NotFound, Invalid, OutOfSequence, *VALUE_REFUSALS),
    openapi_extra=example({"title": "250 laptops", "campaign": "spring"}),
)
async def change_lead(lead_id: UUID, body: LeadChange, work: Work) -> LeadView:
    """Change title, campaign, medium, contact, account or the firm's own fields."""
    lookups = Lookups(work)
    await lookups.gather([body])
    changes = body.model_dump(exclude_unset=True, exclude={"contact", "account", "custom"})
    if "contact" in body.model_fields_set:
        changes["contact_id"] = lookups.contact(body)
    if "account" in body.model_fields_set:
        changes["account_id"] = lookups.account(body)
    fields = await lookups.custom(RecordKind.LEAD, body.custom, complete=False)
    return await _done(work, lead_id, ChangeLeadDetails(moment=await work.moment(), changes=changes, custom=fields))


@router.post(
    "/v1/leads/{lead_id}/assignment",
    responses=problems(NotFound, Forbidden, Invalid, LeadIsClosed, OutOfSequence),
    openapi_extra=example({"owner_external_id": "rep"}),
)
async def assign_lead(lead_id: UUID, body: OwnerInput, work: Work) -> LeadView:
    """Give the lead to another owner. Whoever held it first keeps the credit for it."""
    return await _done(work, lead_id, await capturing.assignment(work, Lookups(work), body))


@router.post(
    "/v1/leads/{lead_id}/answers",
    responses=problems(NotFound, LeadIsClosed, OutOfSequence, NoChecklist, UnknownItem),
    openapi_extra=example({"answers": {"budget": True, "decider": False}}),
)
async def answer_checklist(lead_id: UUID, body: Answering, work: Work) -> LeadView:
    """Say what is known of the prospect by now. Answers that were given before stay, unless they are given anew."""
    return await _done(work, lead_id, await Rules(work, Lookups(work)).answering(body))


@router.post(
    "/v1/leads/{lead_id}/qualification",
    responses=problems(NotFound, LeadIsClosed, ChecklistIncomplete, OutOfSequence, NoChecklist, UnknownItem),
    openapi_extra=example({"occurred_at": "2026-03-01T09:30:00Z"}),
)
async def qualify_lead(lead_id: UUID, body: Qualification, work: Work) -> LeadView:
    """The lead is worth an account executive's time.

    Where a checklist applies, all that it requires must be answered with yes, before or with this request.
    """
    return await _done(work, lead_id, await Rules(work, Lookups(work)).qualification(body))


@router.post(
    "/v1/leads/{lead_id}/disqualification",
    responses=problems(NotFound, LeadIsClosed, HandoffIsOpen, OutOfSequence, UnknownReason, RecallNotAhead),
    openapi_extra=example({"reason": "no budget"}),
)
async def disqualify_lead(lead_id: UUID, body: Disqualification, work: Work) -> LeadView:
    """The lead is not worth pursuing, for a reason: the code of one of the firm's, where it has any.

    With ``recall_on`` it is open again on that day.
    """
    return await _done(work, lead_id, await Rules(work, Lookups(work)).disqualification(body))


@router.post(
    "/v1/leads/{lead_id}/reopening",
    responses=problems(NotFound, LeadIsNotDisqualified, OutOfSequence),
    openapi_extra=example({"occurred_at": "2026-03-01T09:30:00Z"}),
)
async def reopen_lead(lead_id: UUID, body: When, work: Work) -> LeadView:
    """A disqualified lead is worth pursuing after all."""
    return await _done(work, lead_id, await capturing.reopening(Lookups(work), body))


async def _done(work: UnitOfWork, lead_id: UUID, command: Command) -> LeadView:
    scope = work.principal.scope
    return LeadView.of(await work.execute(LEAD, lead_id, command, visible=lambda lead: sees_lead(scope, lead)))


def _loaded(row: Any) -> Loaded[LeadState]:
    return Loaded(LeadState.model_validate_json(row["state"]), row["version"])
