"""What a benchmark answers: figures, each with its bar, and how they are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value; its bar is a least value, or a greatest one where less is better."""

    name: str
    value: float
    bar: float
    unit: str
    less_is_better: bool = False

    @property
    def met(self) -> bool:
        return self.value <= self.bar if self.less_is_better else self.value >= self.bar

    @property
    def by(self) -> str:
        """How far from the bar."""
        if not self.bar:
            return ""
        return f"{(self.value / self.bar - 1) * 100:+.0f} %"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one benchmark, ratios first, and the plain numbers behind them."""

    figures: tuple[Figure, ...]
    details: Mapping[str, Any] = field(default_factory=dict)


def as_json(figures: Iterable[Figure]) -> dict[str, Any]:
    return {
        figure.name: {"value": rounded(figure.value), "bar": figure.bar, "unit": figure.unit, "met": figure.met}
        for figure in figures
    }


def as_row(figure: Figure) -> list[str]:
    bar = f"{'<=' if figure.less_is_better else '>='} {figure.bar:g}"
    return [figure.name, f"{rounded(figure.value):g}", bar, figure.unit, "met" if figure.met else "MISSED", figure.by]


def rounded(value: float) -> float:
    """Three significant digits below a thousand: no more is known."""
    return round(value) if abs(value) >= 1000 else float(f"{value:.3g}")  # noqa: PLR2004
