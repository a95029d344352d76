"""Puts the HTTP application of a service together."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis import openapi, problem_handlers
from chassis.dead_letter_routes import router as dead_letters
from chassis.health import Health
from chassis.http_context import HttpContext
from chassis.reading import NotModified
from chassis.resources import Resources
from chassis.service import Service


class _Application(FastAPI):
    """FastAPI without its own last resort: what nobody handles comes to ``HttpContext``, which answers a problem."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Past FastAPI's own telemetry: ours is in HttpContext, and every request would pay for both.
        await Starlette.__call__(self, scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        return ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers=self.exception_handlers)


def described(service: Service) -> FastAPI:
    """The application without anything that runs: enough for its OpenAPI document."""
    app = _Application(
        title=service.title,
        version="1",  # of the API, not of the release that answers: the document changes when the API does
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in (*service.routers, dead_letters):
        _add(app, router)
    problem_handlers.install(app)
    app.add_exception_handler(NotModified, _not_modified)
    openapi.install(app)
    return app


def served(service: Service, resources: Resources, health: Health) -> ASGIApp:
    """The application as it answers requests."""
    app = described(service)
    _add(app, health.routes(service.name))
    app.state.resources = resources
    return HttpContext(app, resources, urlencoded=service.urlencoded)


def probed(service: Service, resources: Resources, health: Health) -> ASGIApp:
    """Only health and metrics: for a process that relays or consumes."""
    app = _Application(title=service.title, openapi_url=None)
    _add(app, health.routes(service.name))
    problem_handlers.install(app)
    return HttpContext(app, resources)


def _add(app: FastAPI, router: APIRouter) -> None:
    """Put the routes themselves into the application: an included router is matched twice for each request."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.operation_id is None:
            route.operation_id = route.name
    app.router.routes.extend(router.routes)


async def _not_modified(_request: Request, answer: Any) -> Response:
    return Response(status_code=304, headers={"ETag": answer.tag})
