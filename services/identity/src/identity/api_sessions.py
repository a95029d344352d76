"""Signing in over HTTP, and the public keys by which every service verifies tokens."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from chassis.examples import example
from chassis.http_context import context_of
from chassis.openapi import PUBLIC
from chassis.problems import problems
from chassis.refusals import TooManyRequests
from chassis.resources import Resources
from chassis.routes import CommandRoute
from identity.inputs import Renewal, SignIn
from identity.sessions import SessionEnded, Sessions, WrongCredentials
from identity.signing import SigningKeys
from identity.views import KeySetView, SessionView

router = APIRouter(route_class=CommandRoute, tags=["sessions"])

KEYS_CACHED_SECONDS = 60


class Issuer:
    """The signing keys of this process, made with its first request."""

    def __init__(self) -> None:
        self._made: tuple[Resources, SigningKeys] | None = None

    def keys(self, resources: Resources) -> SigningKeys:
        if self._made is None or self._made[0] is not resources:
            self._made = resources, SigningKeys(resources.pool)
        return self._made[1]


_issuer = Issuer()


def _sessions(request: Request) -> Sessions:
    resources = context_of(request.scope).resources
    return Sessions(resources, _issuer.keys(resources))


SessionsHere = Annotated[Sessions, Depends(_sessions)]


@router.post(
    "/v1/sessions",
    status_code=201,
    responses=problems(WrongCredentials, TooManyRequests),
    openapi_extra=PUBLIC
    | example({"tenant": "default", "email": "lan@acme.example", "password": "a long sentence is best"}),
)
async def sign_in(body: SignIn, sessions: SessionsHere, response: Response) -> SessionView:
    """Sign in. The access token lasts 15 minutes, the refresh token 30 days and is used once."""
    response.headers["Cache-Control"] = "no-store"
    return SessionView.of(await sessions.sign_in(body.tenant, body.email, body.password))


@router.post(
    "/v1/sessions/renewal",
    status_code=201,
    responses=problems(SessionEnded),
    openapi_extra=PUBLIC | example({"refresh_token": "dsr_..."}),
)
async def renew_session(body: Renewal, sessions: SessionsHere, response: Response) -> SessionView:
    """Trade the refresh token for a new pair. One that was used before ends the session everywhere."""
    response.headers["Cache-Control"] = "no-store"
    return SessionView.of(await sessions.renew(body.refresh_token))


@router.post(
    "/v1/sessions/end",
    status_code=204,
    responses=problems(SessionEnded),
    openapi_extra=PUBLIC | example({"refresh_token": "dsr_..."}),
)
async def end_session(body: Renewal, sessions: SessionsHere) -> None:
    """Sign out: the refresh token and all that followed from the same sign-in are void."""
    await sessions.end(body.refresh_token)


@router.get("/.well-known/jwks.json", openapi_extra=PUBLIC)
async def jwks(request: Request, response: Response) -> KeySetView:
    """The public keys of access tokens."""
    resources = context_of(request.scope).resources
    response.headers["Cache-Control"] = f"public, max-age={KEYS_CACHED_SECONDS}"
    return KeySetView.model_validate(await _issuer.keys(resources).public(resources.clock.now()))
