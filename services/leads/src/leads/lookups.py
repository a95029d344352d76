"""What a request refers to, looked up before its decisions: moments, owners, accounts, contacts, earlier records.

One of these serves a request. ``gather`` reads what all bodies of a batch name with one statement a kind, so that a
batch costs no more round trips than one command.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.occurrence import as_history
from chassis.principal import Scope
from chassis.refusals import Forbidden, Invalid
from chassis.unit_of_work import UnitOfWork
from events.catalogue.contacts import ContactState
from events.catalogue.custom_fields import CustomFieldState, RecordKind
from events.catalogue.identity import Role
from events.catalogue.leads import CustomerState, HandoffState, LeadState, Owner
from events.moment import Moment
from leads import store
from leads.custom import store as custom_fields
from leads.custom.values import NO_VALUES, CustomValues, Given, taken
from leads.duplicates.match_keys import country_of, phone_key
from leads.erasing import store as erasing_store
from leads.erasing.objections import EXTERNAL_ID, ErasedKey, Hashing, Objection, recalled

ASSIGNERS = (Role.MANAGER, Role.DIRECTOR, Role.SALES_OPS, Role.ADMIN, Role.INTEGRATION)
"""Who may give records to others, and answer for others."""


class Lookups:
    """Answers what bodies refer to; refuses what does not exist with a pointer to the field."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self._moments: dict[datetime | None, Moment] = {}
        self._owners: dict[tuple[UUID | str, date], Owner] = {}
        self._accounts: dict[UUID | str, UUID] = {}
        self._known: set[UUID] = set()
        self._fields: list[CustomFieldState] | None = None
        self._hashing = Hashing(work.resources.cursor_secret, work.tenant)
        self._erased: dict[ErasedKey, Objection] = {}

    async def gather(self, bodies: Iterable[Any]) -> None:
        """Read the accounts and contacts that the bodies name and the caller sees: any other is not known."""
        bodies = list(bodies)
        seen = self.work.connection, self.work.tenant, self.work.principal.scope
        if external := _named(bodies, "account_external_id", "parent_external_id"):
            self._accounts = await store.visible_accounts(*seen, "external_id", external)
        if accounts := _named(bodies, "account", "parent"):
            self._known |= set((await store.visible_accounts(*seen, "id", accounts)).values())
        if contacts := _named(bodies, "contact"):
            self._known |= await store.visible_contacts(*seen, contacts)
        if people := [getattr(body, "prospect", None) or body for body in bodies]:
            asked = [key for person in people async for key in self._keys(person)]
            self._erased = await erasing_store.known_keys(self.work.connection, self.work.tenant, asked)

    def entered(self, contact: ContactState) -> ContactState:
        """A new contact of a gathered body: what the same person forbade before its erasure stands."""
        keys = self._hashing.reachable(contact.email, contact.phone_e164)
        return recalled(contact, [self._erased[key] for key in keys if key in self._erased])

    async def is_erased(self, external_id: str | None) -> bool:
        """Whether this was an erased contact's: whoever sends it again does not bring the person back."""
        if external_id is None:
            return False
        key = self._hashing.key(EXTERNAL_ID, external_id)
        return bool(await erasing_store.known_keys(self.work.connection, self.work.tenant, [key]))

    async def _keys(self, person: Any) -> AsyncIterator[ErasedKey]:
        """By what the person whom a body brings is known again; other bodies bring nobody."""
        mail, phone = getattr(person, "email", None), getattr(person, "phone", None)
        country = getattr(person, "country", None) or (await self.country() if phone is not None else None)
        for key in self._hashing.reachable(mail, phone_key(phone, country)):
            yield key

    async def country(self) -> str | None:
        """Where the firm sits, so that its national phone numbers can be read."""
        tenant = await self.work.directory.tenant(self.work.tenant)
        return country_of(tenant.zone, tenant.base_currency)

    async def moment(self, occurred_at: datetime | None) -> Moment:
        if occurred_at not in self._moments:
            self._moments[occurred_at] = await self.work.moment(occurred_at)
        return self._moments[occurred_at]

    def imported(self, body: Any) -> bool:
        """Whether the body loads history, which the rules of today do not hold for; refused to whoever may not."""
        return as_history(self.work.principal, imported=body.imported)

    async def owner(self, body: Any, noun: str, on: date) -> Owner | None:
        """The person whom a body names, with the team and region of that day; None where it names nobody."""
        id_: UUID | None = getattr(body, noun)
        external_id: str | None = getattr(body, f"{noun}_external_id", None)
        if id_ is not None:
            return await self._owner(id_, on, f"/{noun}")
        return None if external_id is None else await self._owner(external_id, on, f"/{noun}_external_id")

    async def myself(self, on: date) -> Owner | None:
        """The caller as an owner; None for an integration."""
        person = self.work.principal.person
        return None if person is None else await self._owner(person, on, None)

    async def given_owner(self, body: Any, noun: str, on: date) -> Owner | None:
        """As ``owner``; only some may name another person than themselves."""
        owner = await self.owner(body, noun, on)
        if owner is not None and owner.person != self.work.principal.person:
            self.work.principal.require(*ASSIGNERS)
        return owner

    async def first_owner(self, body: Any, on: date) -> Owner | None:
        """The owner of a new record: as given, else whoever would not see it without holding it."""
        owner = await self.given_owner(body, "owner", on)
        if owner is None and not self.work.principal.scope.everything:
            return await self.myself(on)
        return owner

    async def region(self, body: Any) -> UUID | None:
        """The territory that a body names."""
        directory, tenant = self.work.directory, self.work.tenant
        if body.region is not None:
            return (await directory.region(tenant, body.region, pointer="/region")).id
        name: str | None = body.region_external_id
        return None if name is None else (await directory.find_region(tenant, name, pointer="/region_external_id")).id

    def account(self, body: Any, noun: str = "account") -> UUID | None:
        """The account that a gathered body names."""
        id_: UUID | None = getattr(body, noun)
        external_id: str | None = getattr(body, f"{noun}_external_id", None)
        if external_id is not None:
            id_ = self._accounts.get(external_id)
            if id_ is None:
                raise Invalid("No account with this external id is known.", pointer=f"/{noun}_external_id")
        elif id_ is not None and id_ not in self._known:
            raise Invalid("No such account is known.", pointer=f"/{noun}")
        return id_

    def contact(self, body: Any) -> UUID | None:
        """The contact that a gathered body names."""
        id_: UUID | None = body.contact
        if id_ is not None and id_ not in self._known:
            raise Invalid("No such contact is known.", pointer="/contact")
        return id_

    async def custom(
        self, record: RecordKind, given: Given, *, complete: bool, pointer: str = "/custom"
    ) -> CustomValues:
        """Values of the firm's own fields; ``complete`` where a record is entered, which must have what is required."""
        if not given and not complete:
            return NO_VALUES
        if self._fields is None:
            self._fields = await custom_fields.definitions(self.work.connection, self.work.tenant)
        return taken(
            [each for each in self._fields if each.record is record], given, complete=complete, pointer=pointer
        )

    async def _owner(self, who: UUID | str, on: date, pointer: str | None) -> Owner:
        key = (who, on)
        if key not in self._owners:
            directory, tenant = self.work.directory, self.work.tenant
            person = who if isinstance(who, UUID) else (await directory.find_person(tenant, who, pointer=pointer)).id
            self._owners[key] = await directory.owner(tenant, person, on, pointer=pointer)
        return self._owners[key]


def _named(bodies: list[Any], *fields: str) -> set[Any]:
    """The values of these fields, where a body has them."""
    return {getattr(body, field, None) for body in bodies for field in fields} - {None}


def sees_lead(scope: Scope, lead: LeadState) -> bool:
    """A lead is seen by who holds it and by whom it is or was offered to."""
    return scope.allows(lead.owner) or scope.allows(lead.offered_to)


def sees_handoff(scope: Scope, handoff: HandoffState) -> bool:
    return scope.allows(handoff.offered_by) or scope.allows(handoff.offered_to)


def sees_account(scope: Scope, account: CustomerState) -> bool:
    """The company owns the record: one that nobody holds is everybody's."""
    return scope.allows(account.owner, unowned=True)


def require_answerer(work: UnitOfWork, handoff: HandoffState) -> None:
    """An offer is answered by the one to whom it was made, or by those who look after that person."""
    principal = work.principal
    if principal.person == handoff.offered_to.person:
        return
    if not principal.has(*ASSIGNERS) or not principal.scope.allows(handoff.offered_to):
        raise Forbidden("Only the person to whom the lead is offered, or who leads that person, may answer.")


def first_refusal(results: Sequence[Any]) -> Exception | None:
    """The first of the results that is a refusal."""
    return next((result for result in results if isinstance(result, Exception)), None)
