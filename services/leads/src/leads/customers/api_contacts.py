"""Contacts over HTTP: add, change, list. Only who sees a contact's lead or account sees the contact."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.bulk import Batch, BatchItem, BatchReply, each, reply
from chassis.examples import example
from chassis.inputs import ExternalId
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import AlreadyExists, Forbidden, Invalid, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.contacts import ContactState
from events.catalogue.custom_fields import RecordKind
from leads import store
from leads.capturing import contact_of
from leads.custom.values import VALUE_REFUSALS
from leads.customers.contact import CONTACT, AddContact, ChangeContact
from leads.customers.masking import Sight
from leads.customers.personal_data import PersonalReads, sight_of
from leads.erasing.erasure import ContactIsErased
from leads.erasing.seeing import refuse_unseen
from leads.inputs import ContactChange, ContactInput
from leads.known_names import as_existing, name_taken
from leads.lookups import Lookups
from leads.views import ContactView

router = APIRouter(route_class=CommandRoute, tags=["contacts"])


class ContactItem(ContactInput, BatchItem):
    """A contact of a batch."""


@router.post(
    "/v1/contacts",
    status_code=201,
    responses=problems(AlreadyExists, ContactIsErased, Invalid, *VALUE_REFUSALS),
    openapi_extra=example(
        {
            "name": "Phạm Minh",
            "email": "minh@donga.example",
            "phone": "+84 24 1234 5678",
            "account_external_id": "buyer",
        }
    ),
)
async def add_contact(body: ContactInput, work: Work, response: Response) -> ContactView:
    """Add a contact."""
    if (known := await _existing(work, body)) is not None:
        raise name_taken("A contact", known, seen=await _sees(work, known))
    loaded = await _added(work, body)
    response.headers["Location"] = f"/v1/contacts/{loaded.state.id}"
    return ContactView.of(loaded)  # who enters it has just said all of it


@router.post(
    "/v1/contacts:batch",
    openapi_extra=example({"items": [{"item_id": "row 1", "name": "Phạm Minh", "email": "minh@donga.example"}]}),
)
async def add_contacts(body: Batch[ContactItem], work: Work, response: Response) -> BatchReply:
    """Add many contacts; one whose external id is known is answered with ``existing``."""

    async def run(item: ContactItem) -> Any:
        known = await _existing(work, item)
        if known is not None:
            return known.state.id, as_existing("A contact", known, seen=await _sees(work, known))
        loaded = await _added(work, item)
        return loaded.state.id, loaded

    results = await each(work, body.items, run, atomic=body.atomic, created=True)
    work.version = None
    return reply(results, response)


@router.get("/v1/contacts")
async def list_contacts(
    reads: PersonalReads,
    reader: Reader,
    *,
    account: UUID | None = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ContactView]:
    """Contacts that the caller may see, in order of entry."""
    cursors = reader.cursors("contacts")
    query = store.Query(reader.tenant)
    query.equal({"account_id": account, "external_id": external_id})
    store.contacts_of(query, reader.scope)
    rows = await store.by_id(reader.connection, query, "contact", after=cursors.read(cursor), limit=limit)
    sight = await sight_of(reader.connection, reader.principal)
    reads.note(reader.principal, (row["id"] for row in rows[:limit]))
    return cursors.page(rows, limit, lambda row: _view(_loaded(row), sight), lambda row: [row["id"]])


@router.get("/v1/contacts/{contact_id}", responses=problems(NotFound, ContactIsErased))
async def get_contact(contact_id: UUID, reads: PersonalReads, reader: Reader) -> ContactView:
    """One contact; mail, phone and personal fields masked for roles that have no right to see them."""
    await refuse_unseen(reader, contact_id)
    sight = await sight_of(reader.connection, reader.principal)
    loaded = await reader.load(CONTACT, contact_id)
    reads.note(reader.principal, [contact_id])
    return _view(loaded, sight)


@router.patch(
    "/v1/contacts/{contact_id}",
    responses=problems(NotFound, ContactIsErased, Forbidden, Invalid, *VALUE_REFUSALS),
    openapi_extra=example({"job_title": "Head of purchasing"}),
)
async def change_contact(contact_id: UUID, body: ContactChange, reads: PersonalReads, work: Work) -> ContactView:
    """Change what is known of the contact. What one may not see one cannot change."""
    await refuse_unseen(work, contact_id)
    sight = await sight_of(work.connection, work.principal)
    _refuse_blind(body, sight)
    lookups = Lookups(work)
    await lookups.gather([body])
    changes = body.model_dump(exclude_unset=True, exclude={"account", "custom"})
    if "account" in body.model_fields_set:
        changes["account_id"] = lookups.account(body)
    fields = await lookups.custom(RecordKind.CONTACT, body.custom, complete=False)
    command = ChangeContact(moment=await work.moment(), changes=changes, home=await lookups.country(), custom=fields)
    loaded = await work.execute(CONTACT, contact_id, command)
    reads.note(work.principal, [contact_id])
    return _view(loaded, sight)


async def _existing(work: UnitOfWork, body: ContactInput) -> Loaded[ContactState] | None:
    return None if body.external_id is None else await work.find(CONTACT, "external_id", body.external_id)


async def _sees(work: UnitOfWork, known: Loaded[ContactState]) -> bool:
    return await store.sees_contact(work.connection, work.tenant, work.principal.scope, known.state.id)


async def _added(work: UnitOfWork, body: ContactInput) -> Loaded[ContactState]:
    lookups = Lookups(work)
    if await lookups.is_erased(body.external_id):
        raise ContactIsErased(pointer="/external_id")
    await lookups.gather([body])
    moment, id_ = await work.moment(), work.new_id()
    owner = await lookups.myself(moment.on)
    fields = await lookups.custom(RecordKind.CONTACT, body.custom, complete=True)
    account, country = lookups.account(body), await lookups.country()
    contact = contact_of(body, id_, account, owner, country=country, custom=fields, at=moment.at)
    contact = lookups.entered(contact.model_copy(update={"external_id": body.external_id}))
    return await work.execute(CONTACT, id_, AddContact(moment=moment, contact=contact))


def _refuse_blind(body: ContactChange, sight: Sight) -> None:
    """Whoever is shown masks would write them back."""
    if sight.clear:
        return
    for name in ("email", "phone"):
        if name in body.model_fields_set:
            raise Forbidden("You see only a mask of this.", pointer=f"/{name}")
    for key in body.custom:
        if key in sight.personal:
            raise Forbidden("You see only a mask of this.", pointer=f"/custom/{key}")


def _view(loaded: Loaded[ContactState], sight: Sight) -> ContactView:
    return ContactView.of(Loaded(sight.of(loaded.state), loaded.version))


def _loaded(row: Any) -> Loaded[ContactState]:
    return Loaded(ContactState.model_validate_json(row["state"]), row["version"])
