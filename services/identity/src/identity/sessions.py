"""Signing in, renewing and ending a session.

A sign-in answers an access token that lasts minutes and a refresh token that lasts weeks and is used once: each renewal
gives the next one. A refresh token that comes back after its use was stolen, so its whole family ends. Every failure
looks alike, and too many of them for one mail address are turned away for a while.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from chassis.database import acquired
from chassis.refusals import TooManyRequests, Unauthenticated
from chassis.resources import Resources
from events.catalogue.identity import PersonState, TenantState
from events.ids import uuid7
from events.moment import Moment
from identity import passwords, store
from identity import store_credentials as credentials
from identity.person import belongs_on
from identity.signing import TOKEN_LIFETIME, SigningKeys

REFRESH_LIFETIME = timedelta(days=30)
FAILURES_MAX = 10
FAILURES_WINDOW = timedelta(minutes=15)

Connection = asyncpg.Connection


class WrongCredentials(Unauthenticated):
    """The mail address or the password is wrong, or the person may not sign in."""

    slug = "wrong-credentials"


class SessionEnded(Unauthenticated):
    """The session has ended; sign in again."""

    slug = "session-ended"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client holds of its session."""

    access_token: str
    refresh_token: str
    person: UUID
    expires_in_seconds: int = int(TOKEN_LIFETIME.total_seconds())


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """``dsr_<tenant>_<id>_<secret>``; only a digest of the secret is kept."""

    tenant: UUID
    id: UUID
    secret: str

    @classmethod
    def parse(cls, text: str) -> "RefreshToken":
        try:
            prefix, tenant, id_, secret = text.split("_", 3)
            parsed = cls(UUID(hex=tenant), UUID(hex=id_), secret)
        except ValueError as error:
            raise SessionEnded from error
        if prefix != "dsr" or str(parsed) != text:
            raise SessionEnded
        return parsed

    def __str__(self) -> str:
        return f"dsr_{self.tenant.hex}_{self.id.hex}_{self.secret}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()


class Sessions:
    """Sessions of all tenants: nobody is known yet who asks here."""

    def __init__(self, resources: Resources, keys: SigningKeys) -> None:
        self._resources = resources
        self._keys = keys

    async def sign_in(self, slug: str, email: str, password: str) -> Tokens:
        now = self._resources.clock.now()
        subject = hashlib.sha256(f"{slug}\0{email.casefold()}".encode()).hexdigest()
        await self._keys.refresh(now)
        async with acquired(self._resources.pool) as connection:
            # Counted before the password is looked at, or as many could guess at once as like to.
            if await credentials.add_attempt(connection, subject, now, now - FAILURES_WINDOW) > FAILURES_MAX:
                raise TooManyRequests(retry_after=int(FAILURES_WINDOW.total_seconds()))
            tenant, found = await _person(connection, slug, email)
        right = await passwords.is_right(password, found["password_hash"] if found else None)
        person = PersonState.model_validate_json(found["state"]) if found and right else None
        async with acquired(self._resources.pool) as connection:
            if tenant is None or person is None or not person.active:
                raise WrongCredentials
            await credentials.clear_attempts(connection, subject)
            return await self._begun(connection, tenant, person, uuid7(), now)

    async def renew(self, text: str) -> Tokens:
        token, now = RefreshToken.parse(text), self._resources.clock.now()
        await self._keys.refresh(now)
        # In one transaction: the old token is used up with the next one or not at all. What ends a family is kept.
        async with acquired(self._resources.pool) as connection, connection.transaction():
            tokens = await self._renewed(connection, token, now)
        if tokens is None:
            raise SessionEnded
        return tokens

    async def _renewed(
        self, connection: "Connection[asyncpg.Record]", token: RefreshToken, now: datetime
    ) -> Tokens | None:
        family = await _used(connection, token, now)
        row = await store.person_with_tenant(connection, token.tenant, family["person_id"]) if family else None
        if family is None or row is None:
            return None
        person = PersonState.model_validate_json(row["state"])
        if not person.active:
            return None
        tenant = TenantState.model_validate_json(row["tenant"])
        return await self._begun(connection, tenant, person, family["family_id"], now)

    async def end(self, text: str) -> None:
        """End the session; one that has ended already is no error."""
        token = RefreshToken.parse(text)
        async with acquired(self._resources.pool) as connection, connection.transaction():
            row = await credentials.refresh_token_for_update(connection, token.tenant, token.id)
            if row is not None and secrets.compare_digest(row["secret_sha256"], token.sha256):
                await credentials.end_family(connection, token.tenant, row["family_id"])

    async def _begun(
        self,
        connection: "Connection[asyncpg.Record]",
        tenant: TenantState,
        person: PersonState,
        family: UUID,
        now: datetime,
    ) -> Tokens:
        refresh = RefreshToken(tenant.id, uuid7(), secrets.token_urlsafe(32))
        await credentials.add_refresh_token(
            connection,
            tenant.id,
            refresh.id,
            family=family,
            person=person.id,
            secret_sha256=refresh.sha256,
            expires_at=now + REFRESH_LIFETIME,
        )
        led = await store.led_teams(connection, tenant.id, person.id)
        access = self._keys.token(claims_of(tenant, person, led, now), now)
        return Tokens(access, str(refresh), person.id)


async def _person(
    connection: "Connection[asyncpg.Record]", slug: str, email: str
) -> tuple[TenantState | None, asyncpg.Record | None]:
    row = await store.tenant_of_slug(connection, slug)
    if row is None:
        return None, None
    return TenantState.model_validate_json(row["state"]), await store.person_of_email(connection, row["id"], email)


async def _used(connection: "Connection[asyncpg.Record]", token: RefreshToken, now: datetime) -> asyncpg.Record | None:
    """Mark the token as used; None, and the end of its family, if it was used before."""
    row = await credentials.refresh_token_for_update(connection, token.tenant, token.id)
    if row is None or not secrets.compare_digest(row["secret_sha256"], token.sha256):
        return None
    if row["used_at"] is None and row["expires_at"] > now:
        await credentials.use_refresh_token(connection, token.tenant, token.id, now)
        return row
    await credentials.end_family(connection, token.tenant, row["family_id"])
    return None


def claims_of(tenant: TenantState, person: PersonState, led: list[UUID], now: datetime) -> dict[str, Any]:
    """What an access token says of a person today."""
    place = belongs_on(person, Moment.of(now, tenant.zone).on)
    return {
        "sub": str(person.id),
        "tid": str(tenant.id),
        "roles": [role.value for role in person.roles],
        "team": str(place.team) if place and place.team else None,
        "region": str(place.region) if place and place.region else None,
        "led": [str(team) for team in led],
    }
