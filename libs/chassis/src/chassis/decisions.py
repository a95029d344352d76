"""From a command to events that are ready to publish: decide, fold, stamp, count. Pure."""

from uuid import UUID

from chassis.aggregate_store import Change
from chassis.aggregates import Aggregate, Command, Loaded, State
from chassis.refusals import NotFound
from events.event import Event


def decided(
    kind: Aggregate[State], id_: UUID, command: Command, found: Loaded[State] | None
) -> tuple[Change[State], list[tuple[Event, int]]]:
    """The aggregate after the command, and its stamped events with the version that each one made."""
    if found is None and not command.creates:
        raise NotFound
    state = None if found is None else found.state
    version = before = 0 if found is None else found.version
    events: list[tuple[Event, int]] = []
    for event in list(kind.decide(command, state)):
        dated = event.dated(command.moment.at)
        state = kind.apply(state, dated)
        version += 1
        events.append((dated.stamped(dated.occurred_at, state), version))
    if state is None:
        raise NotFound
    return Change(id_, before, Loaded(state, version)), events
