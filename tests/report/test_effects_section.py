"""The report tells what each ingredient of an ablation is worth, and of what it cannot tell it says why."""

from dataclasses import replace

from harness.report.effects_section import effect, effects_of

PARTS = """
[baseline]
epochs = 4
[[blocks]]
[blocks.ablate]
dropout = [0.0, 0.2]
skip = [{}, { residual = true }]
ReLU = [{ activation = "sigmoid" }, { activation = "relu" }]
[seeds]
count = 6
[[figures]]
form = "effects"
y = ["test_error", "time_to_target"]
target = 0.999
"""


def test_each_ingredient_has_a_row_best_first_and_each_pair_one_to_open(own_study):
    lead, table, pairs, *_ = effects_of(own_study(PARTS))
    assert "in points; below 0 it helps. Everything − nothing is " in lead
    rows = [line.split(" | ")[0].strip("| ") for line in table.splitlines()[2:]]
    assert sorted(rows) == ["ReLU", "dropout", "skip"]
    assert rows[0] == "ReLU"  # a sigmoid costs three points in these made results
    assert "share of the whole" in table
    assert "Interactions (3)" in pairs
    assert "dropout × skip" in pairs


def test_a_target_that_nobody_came_to_is_said_in_words_and_has_no_number(own_study):
    *_, lead, table = effects_of(own_study(PARTS))
    assert "0 of 48 trainings reached the target" in lead
    assert "Everything" not in lead
    assert {cell.strip() for line in table.splitlines()[2:] for cell in line.split("|")[2:-1]} == {"–"}


def test_before_the_tuned_trials_there_is_no_effect_and_that_is_said(own_study):
    tuned = own_study(PARTS + "[tune]\nlearning_rate = [0.001, 0.003, 0.01]\nseeds = 1\n")
    assert ", tuned: with it minus without it" in effects_of(tuned)[0]
    early = replace(tuned, trials=tuned.phase("default", "tune"), ablated=[
        one._replace(values=one.values.iloc[:0]) for one in tuned.ablated
    ])  # fmt: skip
    assert effects_of(early) == [
        "**What each ingredient is worth** is told of the trials *tuned*; none has finished yet."
    ]


def test_a_study_that_ablates_nothing_has_no_such_table(own_study):
    assert effects_of(own_study("[seeds]\ncount = 2\n")) == []


def test_a_bound_that_is_not_zero_is_not_told_as_zero():
    assert effect({"effect": -2.5, "low": -5.93, "high": 0.0004}) == "-2.5000 (-5.9300 to +0.0004)"
    assert effect({"effect": -2.5, "low": -5.0, "high": 0.0}) == "-2.50 (-5.00 to +0.00)"
