"""Tokens: short-lived JWTs of identity, verified by the public keys it serves.

The keys are fetched once and kept; a token signed by a key not seen before makes them be fetched again, at most every
few seconds, so rotation needs no restart and made-up key ids cost nothing. A token verified is believed until it
expires without verifying it again.
"""

import asyncio
import time
from collections import OrderedDict
from typing import Any
from uuid import UUID

import httpx2
import jwt
import structlog

from chassis.principal import Principal
from chassis.refusals import Unauthenticated, Unavailable
from events.catalogue.identity import Role

AUDIENCE = "dealstream"
ALGORITHM = "EdDSA"
REFETCH_SECONDS = 3.0
FETCH_TIMEOUT_SECONDS = 5.0
MOST_CACHED = 10_000

_REQUIRED = ("iss", "sub", "aud", "tid", "iat", "exp")

log = structlog.get_logger(__name__)


class KeySet:
    """The public keys of identity by key id."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, Any] = {}
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, key_id: str) -> Any:
        if key_id not in self._keys:
            async with self._lock:
                if key_id not in self._keys and time.monotonic() - self._fetched >= REFETCH_SECONDS:
                    await self._fetch()
        return self._keys.get(key_id)

    async def _fetch(self) -> None:
        self._fetched = time.monotonic()
        try:
            async with httpx2.AsyncClient(timeout=FETCH_TIMEOUT_SECONDS) as client:
                response = await client.get(self._url)
            response.raise_for_status()
            self._keys = {
                key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM)
                for key in response.json()["keys"]
                if key.get("kty") == "OKP"
            }
        except (httpx2.HTTPError, ValueError, KeyError, jwt.PyJWTError) as error:
            log.warning("cannot read the keys of tokens", url=self._url, error=str(error))
            if not self._keys:
                raise Unavailable("Tokens cannot be verified right now.", retry_after=3) from error


class Tokens:
    """Verifies tokens."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys
        self._verified: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    async def principal(self, token: str) -> Principal:
        known = self._verified.get(token)
        if known is not None and known[0] > time.time():
            return known[1]
        claims = await self._claims(token)
        principal = _principal(claims)
        self._verified[token] = (float(claims["exp"]), principal)
        if len(self._verified) > MOST_CACHED:
            self._verified.popitem(last=False)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            key = await self._keys.key(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise Unauthenticated("The token is signed by an unknown key.")
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[ALGORITHM], audience=AUDIENCE, options={"require": list(_REQUIRED)}
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated("The token is not valid or has expired.") from error
        return claims


def _principal(claims: dict[str, Any]) -> Principal:
    try:
        person = UUID(claims["sub"])
        return Principal(
            tenant=UUID(claims["tid"]),
            subject=f"person:{person}",
            person=person,
            roles=frozenset(Role(role) for role in claims.get("roles", ())),
            team=_uuid(claims.get("team")),
            region=_uuid(claims.get("region")),
            led_teams=tuple(UUID(team) for team in claims.get("led", ())),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("The token's claims are not understood.") from error


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
