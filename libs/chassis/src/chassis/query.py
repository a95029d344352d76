"""Unknown query parameters are refused: a misspelt filter must not answer the whole list."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from chassis.refusals import Kind, Refusal


class UnknownParameter(Refusal):
    """The address has a parameter that nobody reads here."""

    slug = "unknown-parameter"
    kind = Kind.MALFORMED


def refuse_unknown_query(request: Request) -> None:
    """Compare the query with what the matched route declares."""
    if not request.scope["query_string"]:
        return
    known = _declared(request.scope["route"])
    for name in request.query_params:
        if name not in known:
            shown = ", ".join(sorted(known)) or "none"
            raise UnknownParameter(f"There is no parameter {name!r}; known here: {shown}.", pointer=f"/{name}")


def _declared(route: Any) -> frozenset[str]:
    known = route.__dict__.get("dealstream_query")
    if known is None:
        known = route.__dict__["dealstream_query"] = frozenset(_names(route.dependant))
    result: frozenset[str] = known
    return result


def _names(dependant: Any) -> Iterator[str]:
    for field in dependant.query_params:
        yield from _names_of(field)
    for each in dependant.dependencies:
        yield from _names(each)


def _names_of(field: Any) -> Iterable[str]:
    """A parameter, or each field of a model of parameters."""
    kind = field.field_info.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [info.validation_alias or info.alias or name for name, info in kind.model_fields.items()]  # type: ignore[misc]
    return [field.alias]
