"""Who asks for a contact: it is there, it was erased, or there is none to see."""

from typing import Any
from uuid import UUID

from chassis.refusals import NotFound
from leads import store
from leads.erasing import store as erasing_store
from leads.erasing.erasure import ContactIsErased


async def refuse_unseen(asking: Any, contact: UUID) -> None:
    """``asking`` reads or works. An id is answered as erased to those who would see the contact."""
    who = asking.connection, asking.tenant, asking.principal.scope, contact
    if await store.sees_contact(*who):
        return
    if await erasing_store.was_seen(*who):
        raise ContactIsErased
    raise NotFound
