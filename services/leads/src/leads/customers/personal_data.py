"""The edge of every read of personal data: what the caller is shown, and a note of it where the caller is an admin.

``reads: PersonalReads`` stands before the reader among an endpoint's parameters: its note is written by a transaction
of its own after the reader's ended, and before the answer leaves. Where the note cannot be written no answer is given.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from chassis.database import acquired, begin_as_tenant, rolled_back
from chassis.database_errors import as_refusals
from chassis.http_context import context_of
from chassis.principal import Principal
from events.catalogue.custom_fields import RecordKind
from events.catalogue.identity import Role
from leads.custom import store as custom_store
from leads.customers import store_personal_data as store
from leads.customers.masking import CLEAR, SEEING_BY_DEFAULT, Sight
from leads.customers.store_personal_data import Read


class Reads:
    """Whose personal data the answer holds."""

    def __init__(self) -> None:
        self.principal: Principal | None = None
        self.contacts: dict[UUID, None] = {}

    def note(self, principal: Principal, contacts: Iterable[UUID | None]) -> None:
        """Only admins are noted: they see everybody's, and work with nobody's. What concerns no contact is left out."""
        if principal.has(Role.ADMIN):
            self.principal = principal
            self.contacts |= dict.fromkeys(each for each in contacts if each is not None)


async def _open(request: Request) -> AsyncIterator[Reads]:
    reads = Reads()
    yield reads
    if reads.principal is None or not reads.contacts:
        return
    context = context_of(request.scope)
    noted = Read(reads.principal.subject, request.scope["route"].name, context.trace.request_id)
    async with acquired(context.resources.pool) as connection:
        with as_refusals():
            try:
                await connection.execute(begin_as_tenant(reads.principal.tenant))
                now = context.resources.clock.now()
                await store.note(connection, reads.principal.tenant, noted, list(reads.contacts), now)
                await connection.execute("COMMIT")
            except BaseException:
                await rolled_back(connection)
                raise


PersonalReads = Annotated[Reads, Depends(_open, scope="function")]
"""What an endpoint takes that shows contacts."""


async def sight_of(connection: Any, principal: Principal) -> Sight:
    """What the caller is shown of contacts, by the firm's own rule where it has one."""
    roles = await store.seeing(connection, principal.tenant)
    if principal.has(*(SEEING_BY_DEFAULT if roles is None else roles)):
        return CLEAR
    fields = await custom_store.definitions(connection, principal.tenant)
    return Sight(
        clear=False,
        personal=frozenset(each.key for each in fields if each.personal and each.record is RecordKind.CONTACT),
    )
