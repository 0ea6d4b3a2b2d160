"""The report tells what each ingredient of an ablation is worth, and of what it cannot tell it says why."""

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
    assert "0 of 48 trainings came to the target" in lead
    assert "Everything" not in lead
    assert {cell.strip() for line in table.splitlines()[2:] for cell in line.split("|")[2:-1]} == {"–"}


def test_a_study_that_ablates_nothing_has_no_such_table(own_study):
    assert effects_of(own_study("[seeds]\ncount = 2\n")) == []


def test_a_bound_that_is_not_zero_is_not_told_as_zero():
    assert effect({"effect": -2.5, "low": -5.93, "high": 0.0004}) == "-2.5000 (-5.9300 to +0.0004)"
    assert effect({"effect": -2.5, "low": -5.0, "high": 0.0}) == "-2.50 (-5.00 to +0.00)"
