"""Whom an activity concerns: leads, accounts and contacts that its body names, as far as the caller sees them."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from chassis.refusals import Invalid
from chassis.unit_of_work import UnitOfWork
from leads.activities import store
from leads.activities.inputs import ActivityInput
from leads.lookups import Lookups
from leads.store import Row


class Subject(NamedTuple):
    """Whom it concerns. A lead brings its account and contact with it, a contact its account."""

    lead: UUID | None
    account: UUID | None
    contact: UUID | None

    @property
    def customer(self) -> UUID | None:
        """Whom it counts for."""
        return self.account or self.lead or self.contact


class Subjects:
    """Answers what bodies name, with one statement a kind; refuses what the caller does not see."""

    def __init__(self, work: UnitOfWork, lookups: Lookups) -> None:
        self._work = work
        self._lookups = lookups
        self._leads: dict[UUID | str, Row] = {}
        self._accounts: dict[UUID, UUID] = {}

    async def gather(self, bodies: Iterable[ActivityInput]) -> None:
        bodies = list(bodies)
        await self._lookups.gather(bodies)
        work = self._work
        for column, field in (("id", "lead"), ("external_id", "lead_external_id")):
            if named := {getattr(body, field) for body in bodies} - {None}:
                self._leads |= await store.visible_leads(
                    work.connection, work.tenant, work.principal.scope, column, named
                )
        if contacts := {body.contact for body in bodies if body.contact is not None}:
            self._accounts = await store.accounts_of(work.connection, work.tenant, contacts)

    def of(self, body: ActivityInput) -> Subject:
        """Whom a gathered body names."""
        account, contact = self._lookups.account(body), self._lookups.contact(body)
        lead = self._lead(body)
        if lead is not None:
            account, contact = account or lead["account_id"], contact or lead["contact_id"]
        if account is None and contact is not None:
            account = self._accounts.get(contact)
        return Subject(None if lead is None else lead["id"], account, contact)

    def _lead(self, body: ActivityInput) -> Row | None:
        if body.lead_external_id is not None:
            if body.lead_external_id not in self._leads:
                raise Invalid("No lead with this external id is known.", pointer="/lead_external_id")
            return self._leads[body.lead_external_id]
        if body.lead is not None and body.lead not in self._leads:
            raise Invalid("No such lead is known.", pointer="/lead")
        return None if body.lead is None else self._leads[body.lead]
