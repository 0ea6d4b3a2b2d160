"""summary.csv and differences.csv of whole studies."""

import numpy as np
import pandas as pd
import pytest

from harness.results.frames import Results
from harness.spec.schema import DIFFERENCES_COLUMNS, SUMMARY_COLUMNS
from harness.spec.study import study_from_table
from harness.statistics.tables import differences, summary

RATES = {"slow": 0.001, "usual": 0.01, "fast": 0.1}
NOTHING = pd.DataFrame()


def study_of(arms=RATES, name="pace", rate=0.01):
    table = {name: {"learning_rate": rate} for name, rate in arms.items()}
    return study_from_table(name, {"baseline": {"learning_rate": rate}, "blocks": [{"arms": table}]}, "pace.toml")


def results_of(trials, *studies):
    """Results with these trials: study, arm, phase, seed, test_accuracy (None: diverged), val_loss."""
    columns = ["study", "arm", "phase", "seed", "test_accuracy", "val_loss"]
    frame = pd.DataFrame(trials, columns=columns).astype({"test_accuracy": float, "val_loss": float})
    status = np.where(frame["test_accuracy"].isna(), "diverged", "done")
    settings = {"dataset": "mnist", "loss": "cross_entropy", "classes": 10, "val_size": 5000, "monitor": "validation"}
    made = {study.name: study for study in studies}
    return Results(made, frame.assign(status=status, **settings), NOTHING, NOTHING, {}, {})


def trials_of(study="pace", phase="default", seeds=range(3), **accuracies):
    """A trial a seed and arm, the arms in turn, the accuracy falling by a tenth of a point a seed."""
    return [
        (study, arm, phase, seed, None if best is None else best - 0.001 * (seed % 1000), 0.3)
        for seed in seeds
        for arm, best in accuracies.items()
    ]


def test_the_reference_is_the_arm_that_is_the_baseline_else_the_first():
    assert study_of().reference == "usual"
    assert study_of(rate=0.5).reference == "slow"


def test_a_difference_is_arm_minus_reference_in_points():
    found = differences(results_of(trials_of(slow=0.95, usual=0.96, fast=0.90), study_of()))
    assert list(found.columns) == list(DIFFERENCES_COLUMNS)
    assert found[["a", "b"]].to_numpy().tolist() == [["slow", "usual"], ["fast", "usual"], ["fast", "slow"]]
    assert found["difference"].tolist() == pytest.approx([1.0, 6.0, 5.0])
    assert found["share"].tolist() == [0, 0, 0]
    assert found["p"].tolist() == [0.25] * 3
    assert found["p_adjusted"].tolist() == [0.75] * 3
    assert set(found["metric"]) == {"test_error"}


def test_holm_goes_over_a_study_and_a_phase_at_a_time_and_tuning_is_left_out():
    two = study_of({"slow": 0.001, "usual": 0.01}, "two")
    trials = [
        *trials_of(slow=0.95, usual=0.96, fast=0.9),
        *trials_of(phase="tune", seeds=[1000, 1000, 1001], slow=0.5, usual=0.5, fast=0.5),
        *trials_of(phase="confirm", seeds=range(2000, 2004), slow=0.95, usual=0.96, fast=0.9),
        *trials_of("two", slow=0.95, usual=0.96),
    ]
    found = differences(results_of(trials, study_of(), two))
    groups = found.groupby(["study", "phase"], sort=False)["p_adjusted"].apply(list).to_dict()
    assert groups == {("pace", "default"): [0.75] * 3, ("pace", "confirm"): [0.375] * 3, ("two", "default"): [0.25]}


def test_a_diverging_arm_counts_as_chance_in_its_difference():
    found = differences(results_of(trials_of(slow=0.95, usual=0.96, fast=None), study_of())).set_index(["a", "b"])
    row = found.loc[("fast", "usual")]
    assert (row["n"], row["difference"]) == (3, pytest.approx(90 - 4.1))


def test_a_study_stopped_half_way_pairs_what_it_has():
    trials = trials_of(seeds=[0], slow=0.95, usual=0.96) + trials_of(seeds=[1], slow=0.95)
    found = differences(results_of(trials, study_of()))
    assert found["n"].tolist() == [1, 0, 0]
    assert found["difference"].notna().tolist() == [True, False, False]


def test_one_arm_alone_has_no_difference():
    alone = study_of({"usual": 0.01})
    assert list(differences(results_of(trials_of(usual=0.9), alone)).columns) == list(DIFFERENCES_COLUMNS)
    assert differences(results_of(trials_of(usual=0.9), alone)).empty


def test_a_study_without_a_trial_has_empty_tables():
    results = results_of([], study_of())
    assert list(summary(results).columns) == list(SUMMARY_COLUMNS)
    assert list(differences(results).columns) == list(DIFFERENCES_COLUMNS)
    assert len(summary(results)) == len(differences(results)) == 0


def test_the_summary_holds_lost_seeds_in_every_figure():
    trials = [("pace", "usual", "default", seed, accuracy, 0.3) for seed, accuracy in enumerate((0.95, 0.93, None))]
    found = summary(results_of(trials, study_of()))
    assert list(found.columns) == list(SUMMARY_COLUMNS)
    assert found["metric"].tolist() == ["test_error", "val_loss"]
    row = found.iloc[0]
    assert (row["n"], row["lost"]) == (3, 1)
    assert (row["median"], row["mean"]) == pytest.approx((7, (5 + 7 + 90) / 3))
    assert (row["low"] + row["high"]) / 2 == pytest.approx(row["mean"])


def test_the_summary_goes_phase_by_phase_and_arm_by_arm():
    trials = trials_of(usual=0.9, slow=0.9) + trials_of(phase="tune", usual=0.9) + trials_of(phase="confirm", slow=0.9)
    found = summary(results_of(trials, study_of()))
    cells = [("usual", "default"), ("slow", "default"), ("slow", "confirm")]
    assert list(zip(found["arm"], found["phase"], strict=True)) == [cell for cell in cells for _ in range(2)]


def test_one_seed_has_a_mean_and_no_bounds_in_the_summary():
    row = summary(results_of(trials_of(seeds=[0], usual=0.9), study_of())).iloc[0]
    assert (row["n"], row["mean"], row["median"]) == (1, pytest.approx(10), pytest.approx(10))
    assert row[["low", "high"]].isna().all()


def test_a_seed_that_counts_nothing_leaves_no_mean_of_the_others():
    results = results_of(trials_of(seeds=[0], usual=0.9) + trials_of(seeds=[1], usual=None), study_of())
    results.trials["classes"] = np.nan
    row = summary(results).iloc[0]
    assert (row["n"], row["lost"]) == (2, 1)
    assert row[["median", "mean", "low", "high"]].isna().all()
