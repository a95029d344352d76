"""The request of an erasure, from a contact to its effects, all in one transaction.

Leads own all that is known about a person; the other services have ids alone. What stands on ``leads.contact`` goes by
a null record.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from chassis import aggregate_store
from chassis.aggregates import Loaded
from chassis.problems import problem_of
from chassis.refusals import NotFound
from chassis.unit_of_work import UnitOfWork
from events.catalogue.contacts import ContactState
from events.catalogue.erasures import ErasureReason, ErasureState
from events.outbox import Tombstone
from events.topics import LEADS_CONTACT
from leads.customers.contact import CONTACT, key_columns, keys_of
from leads.erasing import store
from leads.erasing.erasure import ERASURE, ContactIsErased, ErasePerson
from leads.erasing.objections import ErasedKey, Hashing, Objection

ALIKE_MOST = 100
"""So many are named; behind a switchboard there may be more."""

GONE = json.dumps({**problem_of(ContactIsErased()), "request_id": None, "trace_id": None}).encode()
"""What is answered from now on to requests whose stored replies named the person."""


class Person(NamedTuple):
    """The contacts that are one person, and those that might be."""

    contacts: list[UUID]
    alike: list[UUID]


async def erase(work: UnitOfWork, contact: UUID, reason: ErasureReason) -> Loaded[ErasureState]:
    """The erasure that reached the contact before, or a new one."""
    if (known := await store.erasure_of(work.connection, work.tenant, contact)) is not None:
        return await work.load(ERASURE, known)
    person = await _person(work, contact)
    found = await aggregate_store.load_many_for_update(work.connection, CONTACT, work.tenant, person.contacts)
    if contact not in found:
        raise NotFound  # somebody else erased it just now
    ids = sorted(found)
    await store.keep_erased(work.connection, work.tenant, ids, contact)
    await store.keep_keys(work.connection, work.tenant, _kept(work, found.values()))
    command = ErasePerson(
        moment=await work.moment(),
        id=contact,
        contacts=tuple(ids),
        alike=tuple(person.alike),
        reason=reason,
        erased=await store.forget(work.connection, work.tenant, ids, GONE),
        requested_by=work.principal.subject,
    )
    await work.publish_many([(id_, Tombstone(LEADS_CONTACT), found[id_].version + 1) for id_ in ids])
    return await work.execute(ERASURE, contact, command)


async def _person(work: UnitOfWork, contact: UUID) -> Person:
    """Who is found by one of a person's contacts may lead to others."""
    state = (await work.load(CONTACT, contact)).state
    name = key_columns(keys_of(state))["person_key"]
    same = [contact]
    while True:
        rows = await store.related(work.connection, work.tenant, same, None if name is None else str(name))
        more = [row["id"] for row in rows if row["same"]]
        if not more:
            return Person(same, [row["id"] for row in rows][:ALIKE_MOST])
        same += more


def _kept(work: UnitOfWork, contacts: Iterable[Loaded[ContactState]]) -> dict[ErasedKey, Objection]:
    """By what the person is known again; what one of its contacts forbade holds for all."""
    hashing = Hashing(work.resources.cursor_secret, work.tenant)
    kept: dict[ErasedKey, Objection] = {}
    for contact in contacts:
        for key, said in hashing.kept(contact.state):
            kept[key] = kept.get(key, Objection()).joined(said)
    return kept
