"""API keys: ``dsk_<key id in hex>_<secret>``, compared with the hash that identity published.

The secret is 256 random bits, so SHA-256 is enough at rest; the comparison takes the same time whatever differs.
"""

import hashlib
import hmac
import re
import time
from uuid import UUID

from chassis.directory import TRUST_SECONDS, Directory, assignment_on
from chassis.principal import Principal
from chassis.refusals import Unauthenticated

PREFIX = "dsk_"

_SHAPE = re.compile(r"^dsk_([0-9a-f]{32})_([A-Za-z0-9_-]{20,200})$")
_REFUSED = "The API key is not valid."


def secret_sha256(secret: str) -> str:
    """What identity keeps and publishes of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiKeys:
    """Knows keys by the directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: dict[str, tuple[int, float, Principal]] = {}

    async def principal(self, text: str) -> Principal:
        """The rights of a key; with a person, its team, region and led teams of today."""
        generation = self._directory.generation
        known = self._known.get(text)
        if known is not None and known[0] == generation and known[1] > time.monotonic():
            return known[2]
        principal = await self._verified(text)
        if len(self._known) > 1_000:  # noqa: PLR2004
            self._known.clear()
        self._known[text] = (generation, time.monotonic() + TRUST_SECONDS, principal)
        return principal

    async def _verified(self, text: str) -> Principal:
        shape = _SHAPE.match(text)
        found = await self._directory.api_key(UUID(shape[1])) if shape else None
        if shape is None or found is None:
            raise Unauthenticated(_REFUSED)
        tenant, key = found
        if not hmac.compare_digest(secret_sha256(shape[2]), key.secret_sha256) or key.revoked_at is not None:
            raise Unauthenticated(_REFUSED)
        principal = Principal(tenant=tenant, subject=f"key:{key.id}", roles=frozenset(key.roles))
        return principal if key.person is None else await self._of_person(principal, key.person)

    async def _of_person(self, key: Principal, person: UUID) -> Principal:
        state = await self._directory.person(key.tenant, person)
        if not state.active:
            raise Unauthenticated("The person of this API key has left.")
        today = await self._directory.today(key.tenant)
        place = assignment_on(state, today)
        return Principal(
            tenant=key.tenant,
            subject=key.subject,
            person=person,
            roles=key.roles,
            team=place.team if place else None,
            region=place.region if place else None,
            led_teams=await self._directory.led_teams(key.tenant, person),
        )
