"""Reads the Authorization header: ``Bearer`` with a token of identity or an API key."""

from chassis.api_keys import PREFIX, ApiKeys
from chassis.directory import Directory
from chassis.principal import Principal
from chassis.refusals import Unauthenticated
from chassis.tokens import KeySet, Tokens

_SCHEME = "bearer "


class Authenticator:
    """Turns the Authorization header into a principal."""

    def __init__(self, tokens: Tokens, api_keys: ApiKeys) -> None:
        self._tokens = tokens
        self._api_keys = api_keys

    @classmethod
    def of(cls, identity_url: str, directory: Directory) -> "Authenticator":
        """Believes the keys that identity serves and the API keys it published."""
        keys = KeySet(f"{identity_url.rstrip('/')}/.well-known/jwks.json")
        return cls(Tokens(keys), ApiKeys(directory))

    async def principal(self, authorization: str | None) -> Principal:
        if authorization is None:
            raise Unauthenticated("Send Authorization: Bearer with a token or an API key.")
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise Unauthenticated("The Authorization header must begin with Bearer.")
        credential = authorization[len(_SCHEME) :].strip()
        if credential.startswith(PREFIX):
            return await self._api_keys.principal(credential)
        return await self._tokens.principal(credential)
