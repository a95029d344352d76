"""How alike two prospects are: what matches, how certainly, with a score from 0 to 100. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from leads.duplicates.match_keys import MatchKeys

ALIKE = 80.0
"""Names below are not worth a mention."""

LIKELY = 92.0
"""Companies' names from here on are held for one company."""

_PART = 0.85
"""A name that is part of a longer one is worth a mention, no more."""

_PART_WORDS = 2


class Strength(StrEnum):
    """``certain``: mail, phone or tax code are equal. ``likely``: the company is. ``possible``: names resemble."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two prospects have in common."""

    strength: Strength
    fields: tuple[tuple[str, float], ...]
    """Each with its score, the strongest first."""

    @property
    def score(self) -> float:
        return self.fields[0][1]


def likeness(asked: MatchKeys, known: MatchKeys) -> Likeness | None:
    """None where nothing is alike."""
    fields = tuple(sorted(_fields(asked, known), key=lambda each: -each[1]))
    if not fields:
        return None
    scores = dict(fields)
    if any(kind in scores for kind, _ in asked.certain):
        return Likeness(Strength.CERTAIN, fields)
    strength = Strength.LIKELY if scores.get("company", 0.0) >= LIKELY else Strength.POSSIBLE
    return Likeness(strength, fields)


def _fields(asked: MatchKeys, known: MatchKeys) -> Iterator[tuple[str, float]]:
    for kind, key in asked.certain:
        if key == getattr(known, kind):
            yield kind, 100.0
    if asked.company and known.company and (score := company_score(asked.company, known.company)) >= ALIKE:
        yield "company", score
    if asked.person and known.person and (score := person_score(asked.person, known.person)) >= ALIKE:
        yield "person", score


def person_score(one: str, other: str) -> float:
    """The order of the words does not matter: family names stand first or last."""
    return round(fuzz.token_sort_ratio(one, other), 1)


def company_score(one: str, other: str) -> float:
    """As for persons; a name that holds the other whole is alike, too."""
    score = fuzz.token_sort_ratio(one, other)
    if min(len(one.split()), len(other.split())) >= _PART_WORDS:
        score = max(score, _PART * fuzz.token_set_ratio(one, other))
    return round(score, 1)
