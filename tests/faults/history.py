"""What a run left behind, as plain values: the commands that were confirmed, and all that services and Kafka then hold.

``observer`` fills it from a real platform; ``checker`` judges it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Event(NamedTuple):
    """An event as the outbox or Kafka has it."""

    id: str
    topic: str
    aggregate: str
    version: int
    type: str


class Confirmed(NamedTuple):
    """A command that was answered with success; on its aggregate it caused one event of this type."""

    aggregate: str
    type: str
    creates: str | None = None
    """The mark that the command put on the record it made: no other record may have it."""


class Notice(NamedTuple):
    """One person told by one rule because of one event."""

    rule: str
    cause: str
    recipient: str


class Letter(NamedTuple):
    """A record that a consumer has put aside."""

    consumer: str
    topic: str
    reason: str
    error: str
    event_id: str | None


@dataclass
class History:
    """Everything that the checker looks at."""

    confirmed: Sequence[Confirmed] = ()
    unexpected: Sequence[str] = ()
    """Answers that no fault excuses."""
    committed: Sequence[Event] = ()
    published: Sequence[Event] = ()
    """As Kafka has them: in the order of each partition, with whatever was sent twice."""
    planted: frozenset[str] = frozenset()
    """Ids of events that the test itself put into Kafka."""
    compacted: frozenset[str] = frozenset()
    """Topics whose older versions may be gone."""
    states: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """The version of each aggregate's row, by topic and id."""
    marks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The records that carry a mark."""
    accepted: Mapping[str, str] = field(default_factory=dict)
    """The deal that each accepted handoff names."""
    deals: Sequence[tuple[str, str]] = ()
    """Deals that came from a handoff: deal, handoff."""
    due: Sequence[Notice] = ()
    """The notices that the committed events call for."""
    notices: Sequence[Notice] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    recount: Mapping[str, Any] = field(default_factory=dict)
    """The same figures, counted in the databases of the services that own the records."""
    audit: Sequence[str] = ()
    """What an audit of the ledger found to differ."""
    letters: Sequence[Letter] = ()
    excused: frozenset[str] = frozenset()
    """Ids of events that a test made fail; they may be dead letters."""
    waiting: Sequence[str] = ()
    """Partitions that stand, sequences that are blocked, rows in quarantine."""
