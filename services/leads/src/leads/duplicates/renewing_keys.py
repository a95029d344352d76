"""Contacts that were entered before there were keys, or under other rules, get theirs in the background.

Until then they are not found as duplicates. The contacts themselves do not change: no version, no event.
"""

import asyncio
from typing import Any

import structlog

from chassis.database import FAILURES, acquired
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.ticking import pause
from events.catalogue.contacts import ContactState
from leads import store
from leads.customers.contact import key_columns, keys_of
from leads.duplicates.match_keys import REVISION, country_of, phone_key

AT_ONCE = 500
TICK_SECONDS = 60.0

_log = structlog.get_logger(__name__)


async def renew_keys(resources: Resources, stop: asyncio.Event) -> None:
    """Until told to stop; several processes may run this, each takes other rows."""
    while not stop.is_set():
        try:
            renewed = await renew_some(resources)
        except (*FAILURES, Refusal) as failure:
            _log.warning("keys of contacts not renewed, will be tried again", reason=str(failure))
            renewed = 0
        if not renewed:
            await pause(stop, TICK_SECONDS)


async def renew_some(resources: Resources) -> int:
    """Renew the keys of some hundred contacts; answers how many there were."""
    async with acquired(resources.pool) as connection, connection.transaction():
        rows = await store.outdated_contacts(connection, REVISION, AT_ONCE)
        if rows:
            await store.keep_keys(connection, [await _renewed(resources, row) for row in rows])
        return len(rows)


async def _renewed(resources: Resources, row: Any) -> dict[str, object]:
    contact = ContactState.model_validate_json(row["state"])
    if contact.phone is not None and contact.phone_e164 is None:
        tenant = await resources.directory.tenant(row["tenant_id"])
        dialled = phone_key(contact.phone, contact.country or country_of(tenant.zone, tenant.base_currency))
        contact = contact.model_copy(update={"phone_e164": dialled})
    return {"tenant_id": row["tenant_id"], "id": row["id"], **key_columns(keys_of(contact))}
