"""The envelope: who, what, when and in which order; CloudEvents 1.0 with our extensions, one field an attribute.

``partition_key`` is ``tenant:aggregate id``: it is the Kafka key, so that one aggregate's events keep their order.
``aggregate_version`` counts an aggregate's events from 1; consumers skip what they have by it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, NonNegativeInt

SPEC_VERSION = "1.0"


def source_of(service: str) -> str:
    """The CloudEvents source of a service."""
    return f"/dealstream/{service}"


def partition_key_of(tenant: UUID | str, aggregate_id: UUID | str) -> str:
    return f"{tenant}:{aggregate_id}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Context of one event. The aliases are its Kafka headers, so that it is validated straight from them."""

    id: Annotated[UUID, Field(validation_alias="ce_id")]
    type: Annotated[str, Field(validation_alias="ce_type", min_length=1)]
    source: Annotated[str, Field(validation_alias="ce_source", min_length=1)]
    subject: Annotated[str, Field(validation_alias="ce_subject", min_length=1)]
    time: Annotated[AwareDatetime, Field(validation_alias="ce_time")]
    """The producer's database clock at the commit."""
    tenant: Annotated[UUID, Field(validation_alias="ce_tenantid")]
    aggregate_version: Annotated[NonNegativeInt, Field(validation_alias="ce_aggregateversion")]
    partition_key: Annotated[str, Field(validation_alias="ce_partitionkey")]
    correlation_id: Annotated[UUID | None, Field(validation_alias="ce_correlationid")] = None
    causation_id: Annotated[UUID | None, Field(validation_alias="ce_causationid")] = None
    actor: Annotated[str | None, Field(validation_alias="ce_actor")] = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """The optional context of an event: what it belongs to, what caused it, who did it, which trace it is part of."""

    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    actor: str | None = None
    traceparent: str | None = None

    def headers(self) -> dict[str, str]:
        """As Kafka headers; absent marks have none."""
        marks = {
            "ce_correlationid": self.correlation_id,
            "ce_causationid": self.causation_id,
            "ce_actor": self.actor,
            "traceparent": self.traceparent,
        }
        return {name: str(mark) for name, mark in marks.items() if mark is not None}


def rfc3339(at: datetime) -> str:
    """A UTC instant as it stands on the wire."""
    return at.isoformat().replace("+00:00", "Z")
