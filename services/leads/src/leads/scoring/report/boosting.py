"""What scikit-learn's gradient boosting reaches on the same columns: a yardstick, never a service's part.

It is looked for when asked: no package of the platform depends on it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from leads.scoring.learning.columns import Column
from leads.scoring.learning.quality import area_under_curve, brier_score
from leads.scoring.learning.values import days_of, moment_of, number_of, text_of
from leads.scoring.report.files import LeadSet

CATEGORIES = 200
"""Texts beyond these are one category; boosting by histograms takes 255."""
HINT = "scikit-learn is not installed; `./dealstream check style` installs what developers need."

Feature = Callable[[Mapping[str, object]], float]


class Yardstick(NamedTuple):
    """The better of two kinds of boosting in each figure, the Brier score after calibration."""

    area: float
    brier: float


class NoYardstick(Exception):
    """scikit-learn is not there."""


def boosted(columns: Sequence[Column], taught: LeadSet, tested: LeadSet) -> Yardstick:
    """Boosting taught and tested on the same rows and columns as the scorecard."""
    try:
        ensemble, calibration = import_module("sklearn.ensemble"), import_module("sklearn.calibration")
    except ModuleNotFoundError as missing:
        raise NoYardstick(HINT) from missing
    features, categorical = _features(columns, taught.rows)
    by_histogram = ensemble.HistGradientBoostingClassifier(categorical_features=categorical, random_state=0)
    classic = ensemble.GradientBoostingClassifier(random_state=0)
    known, unseen = _numbers(features, taught), _numbers(features, tested)
    spread = [_spread(numbers, known, categorical) for numbers in (known, unseen)]
    ways = [(by_histogram, known, unseen), (classic, *spread)]
    areas, scores = [], []
    for model, x, other in ways:
        model.fit(x, taught.outcomes)
        calibrated = calibration.CalibratedClassifierCV(model, method="isotonic", cv=5).fit(x, taught.outcomes)
        areas.append(area_under_curve(_said(model, other), tested.outcomes) or 0.5)
        scores.append(brier_score(_said(calibrated, other), tested.outcomes) or 0.0)
    return Yardstick(max(areas), min(scores))


def _said(model: Any, x: Any) -> list[float]:
    return [float(said) for said in model.predict_proba(x)[:, 1]]


def _features(columns: Sequence[Column], rows: Sequence[Mapping[str, object]]) -> tuple[list[Feature], list[int]]:
    """What each column becomes, and the places of those that are categories."""
    features: list[Feature] = []
    categorical = []
    for column in columns:
        if column.left_out is not None or not column.codings:
            continue
        if column.kind == "text":
            categorical.append(len(features))
            features.append(_category(column, rows))
        elif column.kind == "number":
            features.append(_number(column.name))
        else:
            features += _times(column)
    return features, categorical


def _category(column: Column, rows: Sequence[Mapping[str, object]]) -> Feature:
    only_given = column.codings[0].part == "given"
    counts = Counter(_word(row.get(column.name), only_given) for row in rows)
    numbers = {word: float(place) for place, (word, _) in enumerate(counts.most_common(CATEGORIES))}
    return lambda row: numbers.get(_word(row.get(column.name), only_given), float(CATEGORIES))


def _word(value: object, only_given: bool) -> str:
    text = text_of(value)
    return "" if text is None else "given" if only_given else text.casefold()


def _number(name: str) -> Feature:
    def feature(row: Mapping[str, object]) -> float:
        text = text_of(row.get(name))
        number = None if text is None else number_of(text)
        return float("nan") if number is None else number

    return feature


def _times(column: Column) -> list[Feature]:
    reads = column.codings[0].reads

    def part(of: Callable[[Any], float]) -> Feature:
        def feature(row: Mapping[str, object]) -> float:
            text = text_of(row.get(column.name))
            moment = None if text is None else moment_of(text, reads)
            return float("nan") if moment is None else of(moment)

        return feature

    return [part(days_of), part(lambda moment: float(moment.isoweekday())), part(lambda moment: float(moment.hour))]


def _numbers(features: Sequence[Feature], leads: LeadSet) -> Any:
    numpy = import_module("numpy")
    return numpy.array([[feature(row) for feature in features] for row in leads.rows])


def _spread(numbers: Any, known: Any, categorical: Sequence[int]) -> Any:
    """Each known category a column of its own, and -1 for a missing number: for boosting that knows neither."""
    numpy = import_module("numpy")
    spread = [
        (numbers[:, [place]] == numpy.unique(known[:, place])).astype(float)
        if place in categorical
        else numpy.nan_to_num(numbers[:, [place]], nan=-1.0)
        for place in range(numbers.shape[1])
    ]
    return numpy.hstack(spread)
