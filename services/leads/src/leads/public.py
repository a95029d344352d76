"""The edge of what strangers may ask: web forms and opt-out links, called from pages of any origin.

Such an address needs no credentials, so nothing is sent along that another site could abuse: what it answers, its
problems included, may be read by the page that asked.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from chassis.problem_handlers import invalid
from chassis.problems import response_of
from chassis.query import refuse_unknown_query
from chassis.refusals import Refusal

PREFIX = "/v1/public/"
"""What HTML forms may post to."""


class PublicRoute(APIRoute):
    """A route whose every answer the asking page may read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def readable(request: Request) -> Response:
            response = await _answered(handler, request)
            origin = request.headers.get("origin")
            if origin is not None and request.method != "OPTIONS":
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Vary"] = "Origin"
                response.headers["Access-Control-Expose-Headers"] = "Retry-After"
            response.headers["Cache-Control"] = "no-store"
            return response

        return readable


async def _answered(handler: Callable[[Request], Coroutine[Any, Any, Response]], request: Request) -> Response:
    try:
        refuse_unknown_query(request)
        return await handler(request)
    except Refusal as refusal:
        return response_of(refusal)
    except RequestValidationError as error:
        return await invalid(request, error)
