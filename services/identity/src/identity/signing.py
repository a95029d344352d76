"""Access tokens: short-lived JWTs signed with Ed25519, and the public keys by which everybody may verify them.

Private keys live in the database, so that all processes sign alike. A rotation adds a key that signs from then on; the
ones before stay published for an hour, which outlives every token they signed.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import OKPAlgorithm

from chassis.database import acquired
from events.ids import uuid7
from identity import store_credentials as store

TOKEN_LIFETIME = timedelta(minutes=15)
OLD_KEY_LIFETIME = timedelta(hours=1)
REREAD_SECONDS = 60.0
AUDIENCE = "dealstream"
ISSUER = "dealstream-identity"


class SigningKeys:
    """The keys of the platform as the database has them, read again every minute."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._read_at = float("-inf")
        self._keys: dict[str, Ed25519PrivateKey] = {}
        self._reading = asyncio.Lock()

    async def refresh(self, now: datetime) -> None:
        """Have the keys at hand. Whoever is going to sign asks for this before taking a connection of its own."""
        await self._current(now)

    def token(self, claims: Mapping[str, Any], now: datetime) -> str:
        """A token that begins now, signed with the key of the last ``refresh``."""
        key_id, key = next(iter(self._keys.items()))
        lasting = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LIFETIME).timestamp()),
        }
        return jwt.encode({**claims, **lasting}, key, algorithm="EdDSA", headers={"kid": key_id})

    async def public(self, now: datetime) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517)."""
        return {"keys": [_public(key_id, key) for key_id, key in (await self._current(now)).items()]}

    async def rotate(self, now: datetime) -> str:
        """Make the key that signs from now on; answers its id."""
        async with acquired(self._pool) as connection, connection.transaction():
            await store.lock_signing_keys(connection)
            key_id = await _add_key(connection, now)
        self._read_at = float("-inf")
        await self.refresh(now)
        return key_id

    async def _current(self, now: datetime) -> dict[str, Ed25519PrivateKey]:
        if self._is_old():
            async with self._reading:
                if self._is_old():
                    await self._read(now)
        return self._keys

    def _is_old(self) -> bool:
        return time.monotonic() - self._read_at > REREAD_SECONDS

    async def _read(self, now: datetime) -> None:
        async with acquired(self._pool) as connection:
            rows = await store.signing_keys(connection, now) or await _first_key(connection, now)
        self._keys = {row["id"]: _private(row["private_key_pem"]) for row in rows}
        self._read_at = time.monotonic()


async def _first_key(connection: "asyncpg.Connection[asyncpg.Record]", now: datetime) -> list[asyncpg.Record]:
    async with connection.transaction():
        await store.lock_signing_keys(connection)
        if not await store.signing_keys(connection, now):
            await _add_key(connection, now)
        return await store.signing_keys(connection, now)


async def _add_key(connection: "asyncpg.Connection[asyncpg.Record]", now: datetime) -> str:
    key_id = uuid7().hex
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    await store.add_signing_key(connection, key_id, pem.decode(), now=now, others_expire_at=now + OLD_KEY_LIFETIME)
    return key_id


def _private(pem: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("a signing key in the database is not of Ed25519")
    return key


def _public(key_id: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    return {**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig", "alg": "EdDSA"}
