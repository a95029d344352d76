"""An entry of a form, from its pace to its effects: held back, dropped as spam, or captured.

The pace is taken by a transaction of its own, so that an entry that is refused counts as well.
"""

import asyncio
import hashlib
import hmac
from uuid import UUID

import structlog

from chassis.database import FAILURES, acquired
from chassis.principal import Principal
from chassis.refusals import AlreadyExists, ConcurrentChange, NotFound, Refusal, TooManyRequests
from chassis.resources import Resources
from chassis.ticking import pause
from chassis.unit_of_work import UnitOfWork, unit_of_work
from events.catalogue.identity import Role
from events.catalogue.web_forms import WebFormState
from leads import store_pace
from leads.custom import store as custom_store
from leads.entering import enter
from leads.forms import store, ticket
from leads.forms.entry import Entry, capture_of, is_spam, rename

TICK_SECONDS = 600.0

_log = structlog.get_logger(__name__)


async def form_of(resources: Resources, key: str) -> tuple[UUID, WebFormState]:
    """The form and its tenant; NotFound where there is none that takes entries."""
    row = await store.by_key(resources.pool, key)
    if row is None:
        raise NotFound("There is no such form.")
    return row["tenant_id"], WebFormState.model_validate_json(row["state"])


async def receive(resources: Resources, tenant: UUID, form: WebFormState, entry: Entry, address: str) -> None:
    """Refuses what a human could put right; what no human sent is dropped without a word."""
    principal = Principal(tenant, f"form:{form.id}", roles=frozenset({Role.INTEGRATION}))
    async with unit_of_work(resources, tenant=tenant, principal=principal) as work:
        seconds = await _seconds_to_wait(work, form, address)
    if seconds is not None:
        raise TooManyRequests(retry_after=seconds)
    spam = is_spam(form, entry) or _too_fast(resources, form, entry)
    for last in (False, True):
        try:
            async with unit_of_work(resources, tenant=tenant, principal=principal) as work:
                outcome = "spam" if spam else await _captured(work, form, entry)
                await store.count(work.connection, tenant, form.id, (await work.moment()).on, outcome)
        except ConcurrentChange:
            if last:
                raise
        else:
            return


async def _seconds_to_wait(work: UnitOfWork, form: WebFormState, address: str) -> int | None:
    secret = work.resources.cursor_secret.encode()
    who = hmac.new(secret, address.encode(), hashlib.sha256).hexdigest()[:32]
    for name, per_minute in ((who, form.per_address_per_minute), ("form", form.per_minute)):
        seconds = await store_pace.seconds_to_wait(work.connection, work.tenant, form.id, name, per_minute)
        if seconds is not None:
            return seconds
    return None


def _too_fast(resources: Resources, form: WebFormState, entry: Entry) -> bool:
    if not form.fill_seconds_min:
        return False
    now = resources.clock.now()
    return ticket.age_seconds(resources.cursor_secret, form.key, entry.ticket, now) < form.fill_seconds_min


async def _captured(work: UnitOfWork, form: WebFormState, entry: Entry) -> str:
    body = capture_of(form, entry, await custom_store.definitions(work.connection, work.tenant))
    try:
        async with work.attempt():
            entered = await enter(work, body, by_stranger=True)
    except AlreadyExists:
        return "linked"  # the same entry, sent again
    except Refusal as refusal:
        rename(form, refusal)
        raise
    return "linked" if entered.linked else "captured"


async def forget_paces(resources: Resources, stop: asyncio.Event) -> None:
    """Now and then delete what holds nobody back any more, until told to stop."""
    while not stop.is_set():
        try:
            async with acquired(resources.pool) as connection:
                await store_pace.forget(connection)
        except (*FAILURES, Refusal) as failure:
            _log.warning("old paces not deleted, will be tried again", reason=str(failure))
        await pause(stop, TICK_SECONDS)
