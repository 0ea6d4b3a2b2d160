"""What is told of verdicts: in the report's table and opening, in the forest, in words for one effect."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from harness.report.figures import draw_study, style
from harness.report.figures.forest import COLOURS, forest
from harness.report.verdict_words import decimals, effect, holds, in_favour, measured, remark, sides, to_decide, unit
from harness.report.verdicts_section import MARK, opening_of_verdicts, verdicts_of
from harness.spec.claim_table import Claim
from harness.text import rounded

STUDY = """
[baseline]
epochs = 4
[[blocks]]
grid = { activation = ["relu", "sigmoid"], hidden = [[16], [16, 16]] }
[seeds]
count = 10
[[claims]]
id = "relu"
text = "ReLU beats <sigmoid>"
metric = "test_error"
better = { activation = "relu" }
than = { activation = "sigmoid" }
for_each = "depth"
[[claims]]
id = "alike"
metric = "test_error"
equivalent = [{ depth = 1 }, { depth = 2 }]
margin = 1.5
"""


@pytest.fixture(autouse=True)
def in_house_style():
    with style.house_style():
        yield


def told(**changes):
    """A verdict as tables and figures read it."""
    row = {
        "id": "c", "text": "A beats B", "under": "", "verdict": "supported", "form": "better", "unit": "points",
        "n": 8, "effect": -0.35, "low": -0.6, "high": -0.1, "share": 0.875, "seeds_to_decide": None, "reason": "",
        "mean_a": 3.21, "mean_b": 3.56, "median_a": 3.2, "median_b": 3.5, "reached_a": "", "reached_b": "", "lost": 0,
        "holds_from": -math.inf, "holds_to": 0.0, "measured": "test error",
    }  # fmt: skip
    return row | changes


def claim(metric="test_error", **keys):
    return Claim(id="c", metric=metric, **keys)


BETTER = {"better": "a", "than": "b"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "-0.35 (-0.60 to -0.10) points"),
        ({"effect": 0.0, "low": -0.004, "high": 0.004, "unit": ""}, "+0.0000 (-0.0040 to +0.0040)"),
        ({"effect": 123.4, "low": 100, "high": 146.8, "unit": "steps"}, "+123 (+100 to +147) steps"),
        ({"low": np.nan, "high": np.nan}, "-0.35 points"),
        ({"form": "within", "unit": "%", "effect": 3.2, "low": 3.1, "high": 3.3}, "3.200 (3.100 to 3.300) %"),
        ({"form": "equals", "unit": "", "effect": 0.1135, "low": 0.1135, "high": 0.1135}, "0.1135"),
        ({"effect": np.nan, "low": np.nan, "high": np.nan}, "–"),
        ({"holds_to": -45.0}, "-0.35 (-0.60 to -0.10) points, 45 or more claimed"),
    ],
)
def test_an_effect_has_as_many_digits_as_its_interval_bears(changes, said):
    assert effect(told(**changes)) == said


def test_what_is_beside_an_effect_is_told():
    assert in_favour(told()) == "7 of 8"
    assert in_favour(told(share=np.nan)) == "–"
    assert [to_decide(told(seeds_to_decide=n)) for n in (None, 24, 1000, 1001)] == ["", "24", "1000", "more than 1000"]
    assert sides(told()) == "3.21 against 3.56"
    assert sides(told(lost=2)) == "3.21 against 3.56; medians 3.20 against 3.50; 2 lost"
    assert sides(told(reached_a="8 of 8", reached_b="3 of 8", mean_b=np.nan)) == (
        "3.21 against –; reached 8 of 8 against 3 of 8"
    )
    assert sides(told(form="within", mean_b=np.nan)) == "3.21"
    assert [decimals(scale) for scale in (250, 12, 1, 0.25, 0.0123, 0, math.inf)] == [0, 0, 1, 2, 3, 2, 2]


def test_the_seeds_to_decide_say_which_way_the_effect_leans():
    assert remark(told(verdict="inconclusive", seeds_to_decide=24)) == "(24 seeds would decide)"
    assert remark(told(effect=0.2, verdict="inconclusive", seeds_to_decide=24)) == "(24 seeds would decide against it)"


def test_where_nobody_reached_the_target_there_is_no_effect_but_the_reason(own_study):
    claims = STUDY.partition("[[claims]]")[0] + (
        "[[claims]]\nid = 'c'\nmetric = 'time_to_target'\ntarget = 0.999\n"
        "better = { activation = 'relu' }\nthan = { activation = 'sigmoid' }\nfor_each = 'depth'\n"
    )
    for row in own_study(claims).verdicts.to_dict("records"):
        assert (effect(row), row["reason"]) == ("–", "reached 0 of 10 against 0 of 10")


def test_a_number_of_seven_digits_is_told_in_three():
    told = [rounded(value, 2, "+") for value in (842202388.0, -3.2e7, 999999.5, -0.001, math.inf)]
    assert told == ["+8.42e+08", "-3.20e+07", "+999999.50", "+0.00", "+inf"]


@pytest.mark.parametrize(
    ("made", "bounds", "said"),
    [
        (claim(**BETTER, at_least=0.2), (-math.inf, -0.2), "points"),
        (claim("test_accuracy", **BETTER), (0, math.inf), ""),
        (claim("time_to_target", target=0.9, unit="steps", **BETTER), (-math.inf, 0), "steps"),
        (claim("seconds", **BETTER), (-math.inf, 0), "s"),
        (claim(trend="rises", over="l2"), (0, math.inf), "points a step of l2"),
        (claim("val_loss", trend="falls", over="l2"), (-math.inf, 0), "a step of l2"),
        (claim(equivalent=("a", "b"), margin=0.3), (-0.3, 0.3), "points"),
        (claim(within=(1, 2)), (1, 2), "%"),
        (claim("val_accuracy", equals=0.5, tolerance=0.25), (0.25, 0.75), ""),
    ],
)
def test_a_claim_says_which_effects_bear_it_out_and_in_which_unit(made, bounds, said):
    assert holds(made) == bounds
    assert unit(made) == said


def test_a_metric_is_told_with_what_it_reads():
    assert measured(claim(**BETTER)) == "test error"
    assert measured(claim("time_to_target", target=0.9, **BETTER)) == "time to target (validation accuracy 0.9)"
    assert measured(claim("gap_at", target=0.1, **BETTER)) == "gap at (training loss 0.1)"
    assert measured(claim("dead_units", layer="last", **BETTER)) == "share of dead units (layer last, epoch last)"


def test_the_section_tells_every_verdict_and_how_it_comes_about(own_study):
    frames = own_study(STUDY)
    lead, shares, table, remarks = verdicts_of(frames)
    assert lead.startswith("**Claims.** 3 verdicts: 3 supported. The effect is the first side minus the second")
    assert "the sign-flip test over the seeds (exact), adjusted by Holm over 2 such verdicts" in lead
    assert "judged by t-tests, adjusted among themselves (1)" in lead
    assert shares == r"- ReLU beats \<sigmoid\>: holds in 2 of 2."
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == [
        r"| ReLU beats \<sigmoid\> (depth = 1)",
        r"| ReLU beats \<sigmoid\> (depth = 2)",
        "| depth = 1, depth = 2: test error the same within 1.5",
    ]
    assert all(row[2].startswith("**supported**") and row[4] == "10 of 10" for row in rows)
    assert remarks.endswith("Again by `harness run mine.toml --profile quick`.")


def test_a_claim_that_does_not_hold_everywhere_says_where_it_does_not(own_study):
    def worse(cell, record):
        return record | {"test_accuracy": 0.5} if "relu" in cell.arm and "16-16" in cell.arm else record

    frames = own_study(STUDY, worse)
    assert r"- ReLU beats \<sigmoid\>: holds in 1 of 2 (depth = 2: refuted)." in verdicts_of(frames)[1]


def test_a_verdict_whose_interval_and_p_disagree_is_marked_and_a_late_claim_is_told(own_study):
    frames = own_study(STUDY)
    verdicts = frames.verdicts.assign(marked=[True, False, False], stated=["after 12 trials", "before", "before"])
    *_, table, remarks = verdicts_of(dataclasses.replace(frames, verdicts=verdicts))
    assert [MARK in line for line in table.splitlines()[2:]] == [True, False, False]
    assert "after 12 trials |" in table
    assert remarks.startswith(
        f"{MARK} The t-interval and the unadjusted p disagree; the verdict follows p. 1 claim was"
    )


def test_few_seeds_say_what_verdicts_would_take(own_study):
    lead = verdicts_of(own_study(STUDY.replace("count = 10", "count = 4")))[0]
    assert "2 exploratory" in lead
    assert "Exploratory: too few seeds to decide anything, which takes 7 of them." in lead


def test_the_opening_counts_verdicts_and_the_false_ones_to_expect(own_study):
    frames = own_study(STUDY)
    assert opening_of_verdicts({"mine": frames}) == (
        "**Claims.** 3 verdicts: 3 supported. They are given in 2 families, each of which holds a false one with a "
        "chance of at most 5 %: at most 0.1 families with a false verdict are to be expected."
    )
    none = own_study(STUDY.partition("[[claims]]")[0])
    assert opening_of_verdicts({"mine": none}) == ""
    assert verdicts_of(none) == []


def test_what_has_no_chance_in_it_belongs_to_no_family(own_study):
    exact = 'id = "e"\nmetric = "epochs_run"\nequals = 4\ntolerance = 0\n'
    frames = own_study(STUDY.partition("[[claims]]")[0] + "[[claims]]\n" + exact)
    lead, table, _ = verdicts_of(frames)
    assert opening_of_verdicts({"mine": frames}) == "**Claims.** 1 verdict: 1 supported. None of them rests on chance."
    assert lead == "**Claims.** 1 verdict: 1 supported. What has no chance in it has to be met by every seed."
    assert "| **supported** | 4 | 10 of 10 | – | – | 4 |" in table


def frame(*rows):
    return pd.DataFrame(rows)


def test_a_forest_marks_each_effect_in_the_colour_of_its_verdict_and_shades_where_its_claim_holds():
    data = frame(
        told(),
        told(verdict="refuted", effect=0.5, low=0.3, high=0.7, text="C beats D", holds_to=-0.2),
        told(verdict="inconclusive", form="equivalent", effect=0.1, holds_from=-0.4, holds_to=0.4, text="The same"),
    )
    ax = forest(data)
    marks = [
        (round(line.get_xdata()[0], 2), to_hex(line.get_color())) for line in ax.lines if len(line.get_xdata()) == 1
    ]
    words = ["supported", "refuted", "inconclusive"]
    assert marks == list(zip([-0.35, 0.5, 0.1], (COLOURS[word].lower() for word in words), strict=True))
    left, _ = ax.get_xlim()
    shaded = [
        (patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches if isinstance(patch, Rectangle)
    ]
    assert shaded == [(left, 0.0), (left, pytest.approx(-0.2)), (pytest.approx(-0.4), pytest.approx(0.4))]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["A beats B", "C beats D", "The same"]


def test_a_row_of_a_forest_without_an_effect_says_why():
    nothing = {"effect": np.nan, "low": np.nan, "high": np.nan, "verdict": "inconclusive"}
    ax = forest(frame(told(**nothing, reason="3 seeds lost"), told(**nothing, text="B beats A", reason="")))
    assert [text.get_text() for text in ax.texts] == ["3 seeds lost", "no effect"]
    texts = [text.get_text() for text in forest(frame(told(lost=2))).texts]
    assert texts == ["-0.35 (-0.60 to -0.10)", "2 of 8 seeds lost"]


def test_long_names_of_a_forest_end_in_the_condition():
    ax = forest(frame(told(text="word " * 60 + "end", under="depth = 3"), told(text="x" * 300)))
    first, second = (text.get_text().split("\n") for text in ax.get_yticklabels())
    assert first[-1] == "depth = 3"
    assert all(len(line) <= 46 for line in [*first, *second])


def test_a_study_that_claims_draws_a_forest_first_with_a_panel_a_unit(own_study):
    drawings = draw_study(
        own_study(STUDY + '[[claims]]\nid = "d"\nmetric = "val_loss"\ntrend = "falls"\nover = "depth"\n')
    )
    assert [ax.get_xlabel() for ax in drawings[0].figure.axes] == [
        "difference in test error, points",
        "rise of validation loss, a step of depth",
    ]
    assert drawings[0].caption.startswith("4 verdicts on test error and validation loss: 3 supported, 1 ")
