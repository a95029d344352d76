"""Commands on leads as requests ask for them: who may, what they refer to, and the contact that holds personal data."""

from dataclasses import dataclass
from uuid import UUID

from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import ContactState, Owner
from leads.contact import AddContact
from leads.inputs import LeadInput, OwnerInput, Prospect, Reason, When
from leads.lead import AssignLead, CaptureLead, DisqualifyLead, QualifyLead, ReopenLead
from leads.lookups import ASSIGNERS, Lookups


@dataclass(frozen=True, slots=True)
class Capture:
    """A lead to capture, and the contact to add with it."""

    lead: CaptureLead
    contact: AddContact | None


async def capture(work: UnitOfWork, lookups: Lookups, body: LeadInput) -> Capture:
    """The lead with the owner of the day, and its prospect as a contact of its own."""
    moment = await lookups.moment(body.occurred_at)
    owner = await lookups.first_owner(body, moment.on)
    account = lookups.account(body)
    contact = None
    if body.prospect is not None:
        contact = AddContact(moment=moment, contact=_contact(work.new_id(), body.prospect, account, owner))
    lead = CaptureLead(
        moment=moment,
        id=work.new_id(),
        external_id=body.external_id,
        title=body.title,
        source=body.source,
        campaign=body.campaign,
        medium=body.medium,
        contact_id=contact.contact.id if contact else lookups.contact(body),
        account_id=account,
        owner=owner,
        imported=body.imported,
    )
    return Capture(lead, contact)


def _contact(id_: UUID, prospect: Prospect, account: UUID | None, owner: Owner | None) -> ContactState:
    return ContactState(
        id=id_,
        account_id=account,
        name=prospect.name,
        email=prospect.email,
        phone=prospect.phone,
        job_title=prospect.job_title,
        owner=owner,
    )


async def assignment(work: UnitOfWork, lookups: Lookups, body: OwnerInput) -> AssignLead:
    """Who looks after others gives leads to anybody."""
    work.principal.require(*ASSIGNERS)
    moment = await lookups.moment(body.occurred_at)
    owner = await lookups.owner(body, "owner", moment.on)
    if owner is None:
        raise TypeError("the body names an owner")
    return AssignLead(moment=moment, to=owner)


async def qualification(lookups: Lookups, body: When) -> QualifyLead:
    return QualifyLead(moment=await lookups.moment(body.occurred_at))


async def disqualification(lookups: Lookups, body: Reason) -> DisqualifyLead:
    return DisqualifyLead(moment=await lookups.moment(body.occurred_at), reason=body.reason)


async def reopening(lookups: Lookups, body: When) -> ReopenLead:
    return ReopenLead(moment=await lookups.moment(body.occurred_at))
