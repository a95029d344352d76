"""Requests drawn from a service's OpenAPI document, so that an endpoint added later is tried like those of today."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.application import described
from chassis.service import Service

NOBODY = UUID("0193a000-0000-7000-8000-0000000000ff")
SHARED = "dead letters"
"""The tag of what every service has."""

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Operation:
    """One endpoint."""

    method: str
    path: str
    spec: dict[str, Any]
    schemas: dict[str, Any]

    @property
    def name(self) -> str:
        found: str = self.spec["operationId"]
        return found

    @property
    def public(self) -> bool:
        return not self.spec["security"]

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def example(self) -> Any:
        """A body that it takes; None when it takes none."""
        body = self.spec.get("requestBody")
        return None if body is None else deepcopy(body["content"]["application/json"]["example"])

    def parameters(self, where: str) -> dict[str, Any]:
        return {each["name"]: each for each in self.spec.get("parameters", ()) if each["in"] == where}

    def address(self, **known: object) -> str:
        """Its path, with ids that name nothing where none is given."""
        return re.sub(r"\{(\w+)\}", lambda found: str(known.get(found[1], self._of_nobody(found[1]))), self.path)

    def _of_nobody(self, parameter: str) -> object:
        schema = self.parameters("path")[parameter]["schema"]
        return {"integer": 1}.get(schema["type"], NOBODY)

    def headers(self) -> dict[str, str]:
        return {"If-Match": "*"} if self.parameters("header").get("If-Match", {}).get("required") else {}

    def fields(self) -> dict[str, Any]:
        """The schema of each field of the body; of the variant that the example is, where it may be several."""
        schema = self._resolved(self.spec["requestBody"]["content"]["application/json"]["schema"])
        if "discriminator" in schema:
            kind = self.example[schema["discriminator"]["propertyName"]]
            schema = self._resolved({"$ref": schema["discriminator"]["mapping"][kind]})
        found: dict[str, Any] = schema["properties"]
        return found

    def chooses(self, field: str) -> bool:
        """Whether a field of the body takes one of a few words."""
        return "enum" in self._resolved(self.fields()[field])

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return found


def operations(service: Service) -> list[Operation]:
    document = described(service).openapi()
    schemas = document["components"]["schemas"]
    return [
        Operation(method.upper(), path, spec, schemas)
        for path, item in document["paths"].items()
        for method, spec in item.items()
    ]


def own_operations(service: Service) -> list[Operation]:
    """Without those that every service has, except at the service with the fewest of its own."""
    return [each for each in operations(service) if service.name == "notifications" or SHARED not in each.spec["tags"]]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each scalar of a document with the way to it."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def objects(value: Any, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each object within a document with the way to it, itself first."""
    if isinstance(value, dict):
        yield path, value
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from objects(inner, (*path, key))


def changed(document: Any, path: Path, value: Any) -> Any:
    """A copy with another value at the end of the way."""
    if not path:
        return value
    copy = deepcopy(document)
    here = copy
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return copy


def pointer(path: Path) -> str:
    return "".join(f"/{step}" for step in path)


async def listed_ids(client: Any, service: Service) -> dict[str, str]:
    """The last record that each list shows, under the name that the path of one record has for it."""
    found = {}
    for operation in operations(service):
        parent, _, parameter = operation.path.rpartition("/")
        if not operation.writes and parameter.startswith("{"):
            reply = await client.get(parent)
            if reply.is_success and reply.json().get("items"):
                found[parameter[1:-1]] = reply.json()["items"][-1].get("id")
    return {name: id_ for name, id_ in found.items() if id_}
