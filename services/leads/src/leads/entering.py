"""A capture from the request to its effects: checked for duplicates, then a lead of its own or a touch of one.

Whoever captures one lead, the API or a web form, does it here.
"""

from contextlib import suppress
from dataclasses import dataclass

from chassis.aggregates import Loaded
from chassis.refusals import NotFound
from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import LeadState
from leads import capturing, store_linked
from leads.assignment.at_capture import Assignments
from leads.customers.contact import CONTACT
from leads.duplicates.checked_captures import CheckedCaptures
from leads.inputs import LeadInput
from leads.known_names import name_taken
from leads.lead import LEAD
from leads.lookups import Lookups, sees_lead
from leads.responses.starting import Responses
from leads.views import DuplicateView


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a capture."""

    lead: Loaded[LeadState]
    duplicates: list[DuplicateView]
    linked: bool


async def enter(work: UnitOfWork, body: LeadInput, *, by_stranger: bool = False) -> Entered:
    """Capture the lead, or link it to the one that its prospect is already, as the body asks.

    ``by_stranger``: nobody knows who sent it.
    """
    if body.external_id is not None and (known := await work.find(LEAD, "external_id", body.external_id)):
        raise name_taken("A lead", known, seen=sees_lead(work.principal.scope, known.state))
    if (again := await _linked_before(work, body)) is not None:
        return Entered(again, [], linked=True)
    lookups = Lookups(work)
    await lookups.gather([body])
    capture = await capturing.capture(work, lookups, body)
    checked = await CheckedCaptures.of(work, lookups, [body], otherwise="warn")
    if (again := await _linked_before(work, body)) is not None:
        return Entered(again, [], linked=True)  # by another request, for which this one has waited in the check
    met = checked.met(body, capture)
    if met.touches is not None:
        loaded = await work.execute(LEAD, met.touches, capturing.touch(capture.lead))
        if body.external_id is not None:
            await store_linked.keep(work.connection, work.tenant, {body.external_id: met.touches})
        said = capturing.consent(capture, body.prospect, by_stranger=by_stranger)
        if said is not None and loaded.state.contact_id is not None:
            with suppress(NotFound):  # the contact was erased: the lead stands for others, too
                await work.execute(CONTACT, loaded.state.contact_id, said)
        return Entered(loaded, met.named, linked=True)
    assignments = await Assignments.prepare(work, lookups, [body])
    capture = await Responses(work).timed(await assignments.owned(body, capture))
    loaded = await work.execute(LEAD, capture.lead.id, capture.lead)
    await assignments.settle([capture.lead.id])
    if capture.contact is not None:
        await work.execute(CONTACT, capture.contact.contact.id, capture.contact)
    return Entered(loaded, met.named, linked=False)


async def _linked_before(work: UnitOfWork, body: LeadInput) -> Loaded[LeadState] | None:
    """The lead of which this capture is a touch already, whatever became of the lead since."""
    if body.external_id is None:
        return None
    lead = (await store_linked.known(work.connection, work.tenant, [body.external_id])).get(body.external_id)
    if lead is None:
        return None
    found = await work.load(LEAD, lead)
    if not sees_lead(work.principal.scope, found.state):
        raise name_taken("A lead", found, seen=False)
    return found
