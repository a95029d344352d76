"""Events of lead scoring: rules of sales operations, scorecards learnt from outcomes, probabilities to be kept to.

A scorecard is data: whoever reads the event can score with it, without the service that learnt it.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, NonNegativeInt

from events.catalogue.leads import Owner
from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import LEADS_SCORE, LEADS_SCORE_MODEL, LEADS_SCORE_RULES

Test = Literal["given", "missing", "one_of", "at_least", "at_most", "contains"]
Part = Literal["text", "number", "given", "weekday", "hour", "day"]

BasisPoints = Annotated[int, Field(ge=0, le=10_000)]
"""A probability in hundredths of a percent."""


class Condition(Value):
    """What a field of a lead must be."""

    field: str
    """As the score of a lead names it: ``source``, ``campaign``, ``account_sector``, ``custom.budget`` and so on."""
    test: Test
    values: tuple[str, ...] = ()
    number: float | None = None


class ScoreRule(Value):
    """Points, more or less, for a lead that meets all conditions."""

    name: str
    points: int
    when: tuple[Condition, ...]


class Classes(Value):
    """From where on a lead is hot, or warm: by points where only rules score, by probability where a scorecard does."""

    hot_points: int = 60
    warm_points: int = 30
    hot_probability: BasisPoints = 5_000
    warm_probability: BasisPoints = 2_000


class ScoreRulesState(Value):
    """The rules in force; each change is a new version of the whole."""

    id: UUID
    rules: tuple[ScoreRule, ...] = ()
    classes: Classes = Classes()
    set_at: Timestamp | None = None


class ScoreRulesEvent(Event, topic=LEADS_SCORE_RULES):
    """Base of what happens to the rules."""

    score_rules: ScoreRulesState = UNSTAMPED


class ScoreRulesSet(ScoreRulesEvent, type="dealstream.score_rules.set", version=1):
    """Sales operations changed the rules."""


class Coding(Value):
    """How a value of a column becomes one of a few levels.

    A level is written ``=text``, ``#2`` (the third bin of the cuts), ``*`` (rare or never seen) or nothing (missing).
    """

    column: str
    part: Part = "text"
    """What of the value counts; ``given`` asks only whether there is one."""
    reads: str | None = None
    """The format of a date; absent: ISO 8601."""
    cuts: tuple[float, ...] = ()
    """The upper bounds of all bins but the last."""
    levels: tuple[str, ...] = ()
    """Texts frequent enough to count for themselves."""


class Term(Value):
    """What the levels of a column, or of two together, add to the log odds; together they average to nothing."""

    of: tuple[Coding, ...]
    weights: Mapping[str, float]
    """By level; of two columns, the levels joined by a line feed. A level that is absent adds nothing."""


class Scorecard(Value):
    """A logistic scorecard: log odds are the base and what each term adds."""

    base: float
    """The log odds of an average lead."""
    terms: tuple[Term, ...]


class ModelStatus(StrEnum):
    """Where the training of a scorecard stands."""

    REQUESTED = "requested"
    TRAINED = "trained"
    REFUSED = "refused"


class Training(Value):
    """What a scorecard was learnt from, and how it did on leads that it had not seen."""

    leads: NonNegativeInt
    converted: NonNegativeInt
    held_out_area: float
    """Area under the curve: how often the one that converted has the higher score."""
    held_out_brier: float
    average_brier: float
    """The Brier score if every lead had the average probability."""


class ScoreModelState(Value):
    """A scorecard learnt from the tenant's own outcomes; the newest one that was trained is in use."""

    id: UUID
    status: ModelStatus = ModelStatus.REQUESTED
    requested_at: Timestamp
    finished_at: Timestamp | None = None
    training: Training | None = None
    scorecard: Scorecard | None = None
    reason: str | None = None
    """Why none was made, as a stable code."""


class ScoreModelEvent(Event, topic=LEADS_SCORE_MODEL):
    """Base of what happens to a scorecard."""

    score_model: ScoreModelState = UNSTAMPED


class ScoreModelRequested(ScoreModelEvent, type="dealstream.score_model.requested", version=1):
    """Somebody asked for a scorecard to be learnt."""


class ScoreModelTrained(ScoreModelEvent, type="dealstream.score_model.trained", version=1):
    """A scorecard was learnt; it is in use from now on."""


class ScoreModelRefused(ScoreModelEvent, type="dealstream.score_model.refused", version=1):
    """The outcomes do not suffice, or a scorecard would say no more than the average does."""

    reason: str


class Forecast(Value):
    """A probability that somebody, or a scorecard, gave a lead."""

    probability: BasisPoints
    at: Timestamp
    model: UUID | None = None
    """The scorecard; absent: a person."""


class ScoreState(Value):
    """What was said of a lead's chance, frozen when it was first said, and what became of the lead."""

    id: UUID
    """The lead's."""
    source: str | None = None
    owner: Owner | None = None
    """The lead's first owner when its first probability was given."""
    system: Forecast | None = None
    """The first that a scorecard gave; later ones do not change it."""
    rep_first: Forecast | None = None
    rep: Forecast | None = None
    """The latest that a person gave."""
    converted: bool | None = None
    """Absent while the lead is open."""
    closed_on: date | None = None


class ScoreEvent(Event, topic=LEADS_SCORE):
    """Base of what is said of a lead's chance."""

    score: ScoreState = UNSTAMPED


class ScoreFrozen(ScoreEvent, type="dealstream.score.frozen", version=1):
    """A scorecard scored the lead for the first time."""


class ScoreEstimated(ScoreEvent, type="dealstream.score.estimated", version=1):
    """Somebody who works on the lead said how likely it is to convert; with null, takes that back."""

    probability: BasisPoints | None


class ScoreSettled(ScoreEvent, type="dealstream.score.settled", version=1):
    """The lead was converted or disqualified: what was said can be held against what came."""

    converted: bool


class ScoreUnsettled(ScoreEvent, type="dealstream.score.unsettled", version=1):
    """The lead is open again."""
