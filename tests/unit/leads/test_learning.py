"""A scorecard is learnt from rows of any columns: what counts is found, what cannot be known in time is left out."""

from random import Random

import pytest

from events.catalogue.scoring import Coding
from leads.scoring.learning.coding import encoder
from leads.scoring.learning.columns import AFTER_THE_OUTCOME, CONSTANT, NAMES_THE_ROW, cuts, survey
from leads.scoring.learning.quality import area_under_curve, brier_score, probability
from leads.scoring.learning.regression import straightened
from leads.scoring.learning.training import OutcomesTooFew, learn
from leads.scoring.serving import Scorer


def rows_of(count=1200, seed=3):
    """Fairs convert, mails do not; long talks help, but not with mails; the rest is noise."""
    chance = Random(seed)  # noqa: S311 - repeatable, not secret
    rows, outcomes = [], []
    for number in range(count):
        source, minutes = chance.choice(("fair", "mail", "web", None)), chance.expovariate(0.1)
        margin = {"fair": 1.5, "mail": -2.0}.get(source, -0.5) + (2.0 if minutes > 10 and source != "mail" else 0.0)
        row = {
            "id": 1000 + number,
            "key": f"{chance.getrandbits(64):x}",
            "source": source,
            "minutes": f"{minutes:.2f}",
            "noise": chance.choice("abcdef"),
            "same": "yes",
        }
        rows.append(row)
        outcomes.append(int(chance.random() < probability(margin)))
    return rows, outcomes


def left_out(rows, outcomes):
    return {column.name: column.left_out for column in survey(rows, outcomes, least=8) if column.left_out}


def test_ranking_and_distance_are_measured_as_defined():
    assert area_under_curve([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0]) == 0.75
    assert area_under_curve([0.5, 0.5], [1, 0]) == 0.5
    assert area_under_curve([0.5, 0.5], [1, 1]) is None
    assert brier_score([1.0, 0.5], [1, 0]) == 0.125
    assert brier_score([], []) is None


def test_what_names_the_row_or_never_varies_is_left_out():
    rows, outcomes = rows_of()
    assert left_out(rows, outcomes) == {"id": NAMES_THE_ROW, "key": NAMES_THE_ROW, "same": CONSTANT}


def test_what_is_known_only_after_the_outcome_is_left_out():
    rows, outcomes = rows_of()
    for row, outcome in zip(rows, outcomes, strict=True):
        row["seller"] = f"s{row['id'] % 7}" if outcome else ""
        row["lost reason"] = "price" if not outcome and row["id"] % 3 == 0 else None
        row["stage"] = "closed" if outcome else "open"
    found = left_out(rows, outcomes)
    assert {name for name, why in found.items() if why == AFTER_THE_OUTCOME} == {"seller", "lost reason", "stage"}


def test_an_identifier_that_is_often_missing_counts_as_given_or_not():
    rows = [{"mail": f"m{number}@x.example" if number % 2 else None} for number in range(400)]
    [column] = survey(rows, [number % 3 == 0 for number in range(400)], least=8)
    assert [coding.part for coding in column.codings] == ["given"]


def test_numbers_are_cut_where_the_rows_are():
    assert cuts([0] * 50 + list(range(1, 51)), 4) == (0, 25)
    assert cuts([1, 2, 3, 4], 2) == (2,)
    assert cuts([7, 7, 7], 5) == ()


@pytest.mark.parametrize(
    ("coding", "levels"),
    [
        (Coding(column="x", levels=("=fair",)), {" Fair ": "=fair", "Mail": "*", None: "", "nan": ""}),
        (Coding(column="x", part="number", cuts=(2.0, 5.0)), {"2": "#0", 2.5: "#1", "9": "#2", "Select": "*", "": ""}),
        (Coding(column="x", part="number", cuts=(2.0,), levels=("=select",)), {"Select": "=select", "40%": "#1"}),
        (Coding(column="x", part="given"), {"anything": "=given", None: ""}),
        (Coding(column="x", part="weekday", reads=""), {"2026-03-02": "=1", "2026-03-08 10:00:00": "=7", "soon": "*"}),
        (Coding(column="x", part="day", reads="%d/%m/%Y", cuts=(20_000.0,)), {"01/01/2020": "#0", "31/12/2026": "#1"}),
    ],
)
def test_values_become_levels(coding, levels):
    level = encoder(coding)
    assert {value: level(value) for value in levels} == levels


def test_the_scorecard_ranks_and_its_contributions_add_up():
    rows, outcomes = rows_of()
    learnt = learn(rows[:900], outcomes[:900])
    scorer = Scorer(learnt.scorecard)
    scored = [scorer.score(row) for row in rows[900:]]
    assert area_under_curve([each.probability for each in scored], outcomes[900:]) > 0.8
    for each in scored[:50]:
        margin = each.base + sum(contribution.log_odds for contribution in each.contributions)
        assert each.probability == pytest.approx(probability(margin))
    assert learnt.held_out_brier < 0.9 * learnt.average_brier
    columns = {coding.column for term in learnt.scorecard.terms for coding in term.of}
    assert columns <= {"source", "minutes", "noise"}


def test_the_same_rows_give_the_same_scorecard():
    rows, outcomes = rows_of(400)
    assert learn(rows, outcomes).scorecard == learn(rows, outcomes).scorecard


def test_values_never_seen_and_columns_not_there_score_as_average():
    rows, outcomes = rows_of(600)
    scorecard = learn(rows, outcomes).scorecard
    scored = Scorer(scorecard).score({})
    assert 0.0 < scored.probability < 1.0
    assert Scorer(scorecard.model_copy(update={"terms": ()})).score(rows[0]).contributions == ()


@pytest.mark.parametrize("converted", [0, 49, 551, 600])
def test_too_few_of_one_outcome_is_said(converted):
    rows, _ = rows_of(600)
    with pytest.raises(OutcomesTooFew) as few:
        learn(rows, [int(number < converted) for number in range(600)])
    assert (few.value.rows, few.value.converted) == (600, converted)


def test_boasting_log_odds_are_straightened():
    chance = Random(5)  # noqa: S311 - repeatable, not secret
    margins = [chance.gauss(0, 2) for _ in range(4000)]
    outcomes = [int(chance.random() < probability(0.5 * margin - 0.3)) for margin in margins]
    slope, shift = straightened(margins, outcomes)
    assert slope == pytest.approx(0.5, abs=0.06)
    assert shift == pytest.approx(-0.3, abs=0.1)
    assert straightened([-margin for margin in margins], outcomes)[0] == 0.0
