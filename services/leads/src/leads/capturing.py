"""Commands on leads as requests ask for them: who may, what they refer to, and the contact that holds personal data."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.unit_of_work import UnitOfWork
from events.catalogue.contacts import Consent, ContactState
from events.catalogue.custom_fields import RecordKind
from events.catalogue.leads import Owner
from leads.custom.values import CustomValues
from leads.customers.consent import RecordConsent, Statement, consent_key
from leads.customers.contact import AddContact, keys_of
from leads.duplicates.match_keys import phone_key
from leads.inputs import LeadInput, OwnerInput, Prospect, When
from leads.lead import AssignLead, CaptureLead, ReopenLead, TouchLead
from leads.lookups import ASSIGNERS, Lookups


@dataclass(frozen=True, slots=True)
class Capture:
    """A lead to capture, and the contact to add with it."""

    lead: CaptureLead
    contact: AddContact | None


async def capture(work: UnitOfWork, lookups: Lookups, body: LeadInput) -> Capture:
    """The lead with the owner of the day, and its prospect as a contact of its own."""
    moment, imported = await lookups.moment(body.occurred_at), lookups.imported(body)
    owner = await lookups.first_owner(body, moment.on)
    account = lookups.account(body)
    contact = None
    if body.prospect is not None:
        prospect, id_, country = body.prospect, work.new_id(), await lookups.country()
        fields = await lookups.custom(
            RecordKind.CONTACT, prospect.custom, complete=not imported, pointer="/prospect/custom"
        )
        contact = AddContact(
            moment=moment,
            contact=lookups.entered(
                contact_of(prospect, id_, account, owner, country=country, custom=fields, at=moment.at)
            ),
        )
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
        region=await lookups.region(body),
        owner=owner,
        imported=imported,
        custom=await lookups.custom(RecordKind.LEAD, body.custom, complete=not imported),
        captured_by=work.principal.subject,
    )
    return Capture(lead, contact)


def contact_of(
    prospect: Prospect,
    id_: UUID,
    account: UUID | None,
    owner: Owner | None,
    *,
    country: str | None,
    custom: CustomValues,
    at: datetime,
) -> ContactState:
    """The personal data; the firm's country says how a national phone number is dialled."""
    return ContactState(
        id=id_,
        account_id=account,
        name=prospect.name,
        email=prospect.email,
        phone=prospect.phone,
        phone_e164=phone_key(prospect.phone, prospect.country or country),
        country=prospect.country,
        job_title=prospect.job_title,
        company=prospect.company,
        tax_code=prospect.tax_code,
        owner=owner,
        custom=custom.values,
        custom_revisions=custom.revisions,
        consents={
            consent_key(each.channel, each.purpose): Consent(
                given=each.given, at=at, source=each.source, text=each.text
            )
            for each in prospect.consents
        },
    )


def touch(capture: CaptureLead) -> TouchLead:
    """The same capture, where the prospect is a lead already."""
    return TouchLead(
        moment=capture.moment,
        external_id=capture.external_id,
        source=capture.source,
        campaign=capture.campaign,
        medium=capture.medium,
    )


def consent(capture: Capture, prospect: Prospect | None, *, by_stranger: bool = False) -> RecordConsent | None:
    """What the prospect said about being reached, where the contact was there before; a stranger may be anybody."""
    if prospect is None or not prospect.consents or capture.contact is None:
        return None
    said = tuple(
        Statement(each.channel, each.purpose, given=each.given, source=each.source, text=each.text)
        for each in prospect.consents
    )
    said_by = keys_of(capture.contact.contact)
    return RecordConsent(moment=capture.lead.moment, statements=said, said_by=said_by, lifts=not by_stranger)


async def assignment(work: UnitOfWork, lookups: Lookups, body: OwnerInput) -> AssignLead:
    """Who looks after others gives leads to anybody."""
    work.principal.require(*ASSIGNERS)
    moment = await lookups.moment(body.occurred_at)
    owner = await lookups.owner(body, "owner", moment.on)
    if owner is None:
        raise TypeError("the body names an owner")
    working = await work.directory.working_time(work.tenant, owner.person)
    return AssignLead(moment=moment, to=owner, working=working)


async def reopening(lookups: Lookups, body: When) -> ReopenLead:
    return ReopenLead(moment=await lookups.moment(body.occurred_at))
