"""In which order to make the visits of a day: the shortest way from a start through all of them. Pure.

Up to nine stops every order is tried, by dynamic programming (Held and Karp), so the order is the shortest there is.
Beyond, the nearest neighbour is gone to first, and the way is then improved by turning parts of it round and by moving
stops (2-opt and Or-opt) until nothing helps; how much of it cannot be saved at all is said by a bound. Distances are
those of a globe, not of streets. The same stops always give the same order, whatever order they come in.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import UUID

from leads.visits.proof import Position, metres_between

TRIED_MAX: Final = 9
STOPS_MAX: Final = 30

Metres = Sequence[Sequence[int]]
Way = tuple[int, ...]


class Stop(NamedTuple):
    """A visit and where it is."""

    visit: UUID
    position: Position


class Route(NamedTuple):
    """Stops in the order to go, and how good it is."""

    stops: tuple[Stop, ...]
    legs: tuple[int, ...]
    """Metres to each stop from the one before it, the first from the start."""
    shortest: bool
    """No other order is shorter."""
    bound_metres: int
    """No order is shorter than this."""

    @property
    def metres(self) -> int:
        return sum(self.legs)


def shortest_way(stops: Sequence[Stop], start: Position | None = None) -> Route:
    """From the start, if there is one, through all stops; it ends at the last."""
    ordered = sorted(stops, key=lambda stop: stop.visit)
    places = [stop.position for stop in ordered]
    origin = [] if start is None else [start]
    metres = [[metres_between(one, other) for other in (*origin, *places)] for one in (*origin, *places)]
    if start is None:
        metres = [[0] * (len(places) + 1), *([0, *row] for row in metres)]
    exact = len(places) <= TRIED_MAX
    way = _of_all(metres) if exact else _improved(metres, _nearest_first(metres))
    legs = tuple(metres[one][other] for one, other in pairwise((0, *way)))
    bound = sum(legs) if exact else _bound(metres if start is not None else [row[1:] for row in metres[1:]])
    return Route(tuple(ordered[place - 1] for place in way), legs, exact or sum(legs) == bound, bound)


def length_of(stops: Sequence[Stop], start: Position | None = None) -> int:
    """Metres of the way in this order."""
    places = [*([] if start is None else [start]), *(stop.position for stop in stops)]
    return sum(metres_between(one, other) for one, other in pairwise(places))


def _of_all(metres: Metres) -> Way:
    """The shortest of all orders; of equal ones the first by number."""
    everywhere = frozenset(range(1, len(metres)))
    best: dict[tuple[frozenset[int], int], tuple[int, Way]] = {
        (frozenset({place}), place): (metres[0][place], (place,)) for place in everywhere
    }
    for _ in range(len(everywhere) - 1):
        longer: dict[tuple[frozenset[int], int], tuple[int, Way]] = {}
        for (seen, last), (gone, way) in best.items():
            for place in everywhere - seen:
                key, found = (seen | {place}, place), (gone + metres[last][place], (*way, place))
                if key not in longer or found < longer[key]:
                    longer[key] = found
        best = longer
    return min(best.values(), default=(0, ()))[1]


def _nearest_first(metres: Metres) -> Way:
    left, way, here = set(range(1, len(metres))), [], 0
    while left:
        here = min(left, key=lambda place: (metres[here][place], place))
        left.remove(here)
        way.append(here)
    return tuple(way)


def _improved(metres: Metres, way: Way) -> Way:
    """The first change that shortens it is made, until there is none."""
    length = _length(metres, way)
    while True:
        for other in _changed(way):
            if (shorter := _length(metres, other)) < length:
                way, length = other, shorter
                break
        else:
            return way


def _changed(way: Way) -> Iterator[Way]:
    """A part of it turned round, or up to three stops moved elsewhere."""
    for first in range(len(way) - 1):
        for last in range(first + 2, len(way) + 1):
            yield way[:first] + way[first:last][::-1] + way[last:]
    for size in (1, 2, 3):
        for first in range(len(way) - size + 1):
            moved, rest = way[first : first + size], way[:first] + way[first + size :]
            for place in range(len(rest) + 1):
                if place != first:
                    yield rest[:place] + moved + rest[place:]


def _length(metres: Metres, way: Way) -> int:
    return sum(metres[one][other] for one, other in pairwise((0, *way)))


def _bound(metres: Metres) -> int:
    """The smallest tree that joins all places: every way through them is one, so none is shorter (Prim)."""
    nearest = {place: metres[0][place] for place in range(1, len(metres))}
    total = 0
    while nearest:
        place = min(nearest, key=lambda each: (nearest[each], each))
        total += nearest.pop(place)
        nearest = {each: min(far, metres[place][each]) for each, far in nearest.items()}
    return total
