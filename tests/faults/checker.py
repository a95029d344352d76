"""Judges a history: each anomaly by its name, with what shows it. Nothing found means that every promise was kept.

Pure, so that each check can be seen to fail on a history with just its anomaly planted.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from faults.history import Event, History

SHOWN = 8


class Anomaly(NamedTuple):
    """A promise that was not kept."""

    name: str
    what: str


def anomalies(history: History) -> list[Anomaly]:
    """All that is wrong."""
    return [Anomaly(name, what) for name, check in CHECKS.items() for what in _bounded(check(history))]


def lost_events(history: History) -> Iterator[str]:
    """Committed, and not in Kafka."""
    published = {event.id for event in history.published}
    newest = _newest(history.committed)
    for event in history.committed:
        compacted_away = event.topic in history.compacted and newest[event.topic, event.aggregate] != event.version
        if event.id not in published and not compacted_away:
            yield str(event)


def phantom_events(history: History) -> Iterator[str]:
    """In Kafka, and never committed."""
    known = {event.id for event in history.committed} | history.planted
    yield from (str(event) for event in history.published if event.id not in known)


def inversions(history: History) -> Iterator[str]:
    """An event that comes after a later one of its aggregate, first occurrences alone."""
    seen: set[str] = set()
    highest: dict[tuple[str, str], int] = defaultdict(int)
    for event in history.published:
        if event.id in seen or event.id in history.planted:
            continue
        seen.add(event.id)
        key = event.topic, event.aggregate
        if event.version <= highest[key]:
            yield f"{event} after version {highest[key]}"
        highest[key] = max(highest[key], event.version)


def version_holes(history: History) -> Iterator[str]:
    """An aggregate whose committed versions do not count from 1 without a hole."""
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in history.committed:
        versions[event.topic, event.aggregate].append(event.version)
    for key, found in versions.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"{key}: {sorted(found)}"


def states_apart(history: History) -> Iterator[str]:
    """A row whose version is not that of its last event."""
    newest = _newest(history.committed)
    for key, version in history.states.items():
        if newest.get(key) != version:
            yield f"{key}: row {version}, last event {newest.get(key)}"


def lost_writes(history: History) -> Iterator[str]:
    """A command that was confirmed and has left no event."""
    found = Counter((event.aggregate, event.type) for event in history.committed)
    wanted = Counter((command.aggregate, command.type) for command in history.confirmed)
    yield from (f"{key}: confirmed {count}, found {found[key]}" for key, count in wanted.items() if found[key] < count)


def double_writes(history: History) -> Iterator[str]:
    """A command that was done more than once."""
    found = Counter((event.aggregate, event.type) for event in history.committed)
    wanted = Counter((command.aggregate, command.type) for command in history.confirmed)
    yield from (f"{key}: confirmed {count}, found {found[key]}" for key, count in wanted.items() if found[key] > count)
    for command in history.confirmed:
        if command.creates is not None and list(history.marks.get(command.creates, ())) != [command.aggregate]:
            yield f"{command}: found {history.marks.get(command.creates, ())}"


def handoffs_without_deal(history: History) -> Iterator[str]:
    """An accepted handoff that has no deal, more than one, or another than it names."""
    deals: dict[str, list[str]] = defaultdict(list)
    for deal, handoff in history.deals:
        deals[handoff].append(deal)
    for handoff, deal in history.accepted.items():
        if deals[handoff] != [deal]:
            yield f"{handoff}: names {deal}, has {deals[handoff]}"


def missing_notices(history: History) -> Iterator[str]:
    """Somebody was not told."""
    yield from map(str, Counter(history.due) - Counter(history.notices))


def extra_notices(history: History) -> Iterator[str]:
    """Somebody was told twice, or for nothing."""
    yield from map(str, Counter(history.notices) - Counter(history.due))


def wrong_figures(history: History) -> Iterator[str]:
    """A figure that is not what its owner counts."""
    for name, counted in history.recount.items():
        if history.figures.get(name) != counted:
            yield f"{name}: shown {history.figures.get(name)}, counted {counted}"


def ledger_differences(history: History) -> Iterator[str]:
    """What the audit of the ledger found."""
    yield from history.audit


def dead_letters(history: History) -> Iterator[str]:
    """A record put aside that nobody made fail."""
    yield from (str(letter) for letter in history.letters if letter.event_id not in history.excused)


def standing_still(history: History) -> Iterator[str]:
    """What does not go on by itself."""
    yield from history.waiting


def unexpected_answers(history: History) -> Iterator[str]:
    """An answer that no fault excuses."""
    yield from history.unexpected


CHECKS: dict[str, Callable[[History], Iterable[str]]] = {
    "lost-event": lost_events,
    "phantom-event": phantom_events,
    "inversion": inversions,
    "version-hole": version_holes,
    "state-apart": states_apart,
    "lost-write": lost_writes,
    "double-write": double_writes,
    "handoff-without-deal": handoffs_without_deal,
    "missing-notice": missing_notices,
    "extra-notice": extra_notices,
    "wrong-figure": wrong_figures,
    "ledger-difference": ledger_differences,
    "dead-letter": dead_letters,
    "standing-still": standing_still,
    "unexpected-answer": unexpected_answers,
}


def _newest(events: Sequence[Event]) -> dict[tuple[str, str], int]:
    newest: dict[tuple[str, str], int] = defaultdict(int)
    for event in events:
        key = event.topic, event.aggregate
        newest[key] = max(newest[key], event.version)
    return newest


def _bounded(found: Iterable[str]) -> list[str]:
    """Enough to see what is wrong, and how much of it there is."""
    everything = list(found)
    more = len(everything) - SHOWN
    return [*everything[:SHOWN], f".. and {more} more"] if more > 0 else everything
