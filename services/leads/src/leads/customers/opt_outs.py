"""Links to opt out: a token that names a contact, a way and a purpose to nobody but us.

Only the hash of a token is kept. A token is found without its tenant, because whoever follows the link is nobody's
user.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.refusals import NotFound
from chassis.unit_of_work import UnitOfWork
from events.catalogue.contacts import Channel, Purpose
from leads.customers import store_opt_outs


@dataclass(frozen=True, slots=True)
class OptOutLink:
    """What a token stands for."""

    tenant: UUID
    id: UUID
    contact: UUID
    channel: Channel
    purpose: Purpose


async def made(work: UnitOfWork, contact: UUID, channel: Channel, purpose: Purpose) -> str:
    """A new token, kept with the transaction."""
    token = secrets.token_urlsafe(32)
    link = OptOutLink(work.tenant, work.new_id(), contact, channel, purpose)
    await store_opt_outs.keep(work.connection, link, _hash(token), work.now)
    return token


async def found(pool: Any, token: str) -> OptOutLink:
    """What the token stands for; NotFound where nobody gave it out."""
    row = await store_opt_outs.find(pool, _hash(token))
    if row is None:
        raise NotFound("This link is not known.")
    return OptOutLink(row["tenant_id"], row["id"], row["contact_id"], Channel(row["channel"]), Purpose(row["purpose"]))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
