"""Whether a contact may be reached, over HTTP: consent given and withdrawn, do-not-contact, and the links to opt out.

Who sends something to contacts by other systems asks ``may-contact`` first. The platform's own mails go to colleagues
only.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Command
from chassis.examples import example
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.contacts import Channel, Purpose
from leads.customers import opt_outs
from leads.customers.consent import BarContact, NotBarred, RecordConsent, Statement, UnbarContact, why_not
from leads.customers.contact import CONTACT
from leads.customers.inputs import BarInput, ConsentStatement, OptOutLinkInput
from leads.customers.personal_data import PersonalReads
from leads.customers.views import MayContactView, OptOutLinkView, ReachView
from leads.erasing.erasure import ContactIsErased
from leads.erasing.seeing import refuse_unseen
from leads.inputs import When
from leads.lookups import ASSIGNERS
from leads.sequence import OutOfSequence

router = APIRouter(route_class=CommandRoute, tags=["consent"])


@router.post(
    "/v1/contacts/{contact_id}/consents",
    responses=problems(NotFound, ContactIsErased),
    openapi_extra=example(
        {
            "channel": "mail",
            "purpose": "marketing",
            "given": True,
            "source": "fair",
            "text": "Send me the newsletter",
        }
    ),
)
async def record_consent(contact_id: UUID, body: ConsentStatement, work: Work) -> ReachView:
    """The contact gave or withdrew consent. What was decided since stands, whenever it is loaded."""
    said = Statement(body.channel, body.purpose, given=body.given, source=body.source, text=body.text)
    moment = await work.moment(body.occurred_at)
    return await _done(work, contact_id, RecordConsent(moment=moment, statements=(said,)))


@router.post(
    "/v1/contacts/{contact_id}/do-not-contact",
    responses=problems(NotFound, ContactIsErased),
    openapi_extra=example({"source": "call", "reason": "asked never to be called again"}),
)
async def bar_contact(contact_id: UUID, body: BarInput, work: Work) -> ReachView:
    """The contact is not to be reached any more, in no way and for nothing."""
    moment = await work.moment(body.occurred_at)
    return await _done(work, contact_id, BarContact(moment=moment, source=body.source, reason=body.reason))


@router.post(
    "/v1/contacts/{contact_id}/do-not-contact-lifting",
    responses=problems(NotFound, ContactIsErased, Forbidden, NotBarred, OutOfSequence),
    openapi_extra=example({"occurred_at": "2026-03-01T09:30:00Z"}),
)
async def unbar_contact(contact_id: UUID, body: When, work: Work) -> ReachView:
    """The contact may be reached again, as far as consent goes. For those who look after others."""
    work.principal.require(*ASSIGNERS)
    return await _done(work, contact_id, UnbarContact(moment=await work.moment(body.occurred_at)))


@router.get("/v1/contacts/{contact_id}/consents", responses=problems(NotFound, ContactIsErased))
async def get_consents(contact_id: UUID, reads: PersonalReads, reader: Reader) -> ReachView:
    """What the contact decided about being reached; the decisions before are in its history."""
    await refuse_unseen(reader, contact_id)
    loaded = await reader.load(CONTACT, contact_id)
    reads.note(reader.principal, [contact_id])
    return ReachView.of(loaded)


@router.get("/v1/contacts/{contact_id}/may-contact", responses=problems(NotFound, ContactIsErased))
async def get_may_contact(
    contact_id: UUID,
    reader: Reader,
    *,
    channel: Annotated[Channel, Query()],
    purpose: Annotated[Purpose, Query()],
) -> MayContactView:
    """Whether the contact may be reached in this way for this purpose."""
    await refuse_unseen(reader, contact_id)
    found = await reader.load(CONTACT, contact_id)
    why = why_not(found.state, channel, purpose)
    return MayContactView(allowed=why is None, reason=why)


@router.post(
    "/v1/contacts/{contact_id}/opt-out-links",
    status_code=201,
    responses=problems(NotFound, ContactIsErased),
    openapi_extra=example({"channel": "mail", "purpose": "marketing"}),
)
async def make_opt_out_link(contact_id: UUID, body: OptOutLinkInput, work: Work, response: Response) -> OptOutLinkView:
    """A link by which the contact withdraws consent without signing in: to put into what is sent."""
    await refuse_unseen(work, contact_id)
    token = await opt_outs.made(work, contact_id, body.channel, body.purpose)
    path = f"/v1/public/opt-outs/{token}"
    response.headers["Location"] = path
    return OptOutLinkView(path=path, channel=body.channel, purpose=body.purpose)


async def _done(work: UnitOfWork, contact_id: UUID, command: Command) -> ReachView:
    await refuse_unseen(work, contact_id)
    return ReachView.of(await work.execute(CONTACT, contact_id, command))
