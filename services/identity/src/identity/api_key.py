"""An API key of an integration: issued once with its secret, revoked for good. Only a digest is ever kept. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from events.catalogue.identity import ApiKeyEvent, ApiKeyIssued, ApiKeyRevoked, ApiKeyState


@dataclass(frozen=True, kw_only=True)
class IssueApiKey(Command):
    """Issue a key."""

    creates: ClassVar[bool] = True
    api_key: ApiKeyState


@dataclass(frozen=True, kw_only=True)
class RevokeApiKey(Command):
    """Revoke the key; it never becomes valid again."""


ApiKeyCommand = IssueApiKey | RevokeApiKey


def decide(command: ApiKeyCommand, api_key: ApiKeyState | None) -> Iterator[ApiKeyEvent]:
    match command, api_key:
        case IssueApiKey(), None:
            yield ApiKeyIssued(api_key=command.api_key)
        case IssueApiKey(), ApiKeyState():
            raise AlreadyExists(id=str(api_key.id))
        case RevokeApiKey(), ApiKeyState():
            if api_key.revoked_at is None:
                yield ApiKeyRevoked(api_key=api_key.model_copy(update={"revoked_at": command.moment.at}))


def apply(_api_key: ApiKeyState | None, event: ApiKeyEvent) -> ApiKeyState:
    """An event carries the state after it."""
    return event.api_key


API_KEY = Aggregate(
    noun="API key",
    table="api_key",
    state=ApiKeyState,
    decide=decide,
    apply=apply,
    columns=lambda api_key: {"name": api_key.name, "revoked": api_key.revoked_at is not None},
)
