"""A run leaves the tables of statistics beside those of the trials, whatever became of it."""

import math

import pandas as pd
import pytest
from sweep_study import make_study, work

from harness.results.frames import load_results
from harness.spec.schema import EFFECTS_COLUMNS
from harness.spec.study import study_from_table
from harness.statistics.tables import differences, summary
from harness.statistics.verdict_table import verdicts
from harness.sweep.runner import run_studies


def test_a_run_leaves_the_statistics_of_its_trials(tmp_path):
    run_studies([make_study(seeds=4)], tmp_path, jobs=1, work=work("steady"))
    results = load_results(tmp_path)
    assert pd.read_csv(tmp_path / "pace" / "effects.csv").columns.tolist() == list(EFFECTS_COLUMNS)
    for name, expected in (("summary", summary(results)), ("differences", differences(results))):
        found = pd.read_csv(tmp_path / "pace" / f"{name}.csv")
        assert len(found) > 0
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, obj=name)
    assert set(found["phase"]) == {"default", "confirm"}


def test_a_run_leaves_its_verdicts(tmp_path):
    arms = {"slow": {"learning_rate": 0.1}, "fast": {"learning_rate": 0.2}}
    claim = {"id": "faster", "metric": "seconds", "better": "fast", "than": "slow", "text": "Fast is faster"}
    study = study_from_table(
        "pace", {"blocks": [{"arms": arms}], "claims": [claim], "seeds": {"count": 6}}, "pace.toml"
    )
    run_studies([study], tmp_path, jobs=1, work=work("steady"))
    found = pd.read_csv(tmp_path / "pace" / "verdicts.csv")
    expected = verdicts(load_results(tmp_path)).replace("", None)  # no condition
    pd.testing.assert_frame_equal(found, expected.astype(found.dtypes))
    assert found[["id", "n", "stated", "text"]].to_numpy().tolist() == [["faster", 6, "before", "Fast is faster"]]
    assert pd.read_csv(tmp_path / "pace" / "differences.csv")["metric"].tolist() == ["test_error", "seconds"]


def test_a_run_in_which_all_failed_leaves_rows_without_figures(tmp_path):
    study = make_study(rates=(0.1, 0.2), bad=(0.1, 0.2), tune=False)
    run_studies([study], tmp_path, jobs=1, work=work("raising"))
    assert pd.read_csv(tmp_path / "pace" / "summary.csv")["lost"].tolist() == [3] * 4
    found = pd.read_csv(tmp_path / "pace" / "differences.csv")
    assert found["n"].tolist() == [3]
    assert found["difference"].isna().all()


def test_a_training_that_diverges_counts_as_guessing_among_the_classes_of_its_data(tmp_path):
    arms = {"calm": {}, "wild": {"learning_rate": 1e30}}
    small = {"train_size": 500, "batch_size": 10, "epochs": 1, "hidden": [8], "backend": "numpy"}
    usual = {"optimizer": "sgd", "learning_rate": 0.1}
    table = {"baseline": small | usual, "blocks": [{"arms": arms}], "seeds": {"count": 2}}
    study = study_from_table("pace", table, "pace.toml")
    run_studies([study], tmp_path, jobs=1)
    found = pd.read_csv(tmp_path / "pace" / "summary.csv").set_index(["arm", "metric"])
    assert found.loc[("wild", "test_error"), "lost"] == 2
    assert found.loc[("calm", "test_error"), "mean"] < 80
    assert found.loc[("wild", "test_error"), "mean"] == pytest.approx(90)
    assert found.loc[("wild", "val_loss"), "mean"] == pytest.approx(math.log(10))
    row = pd.read_csv(tmp_path / "pace" / "differences.csv").iloc[0]
    assert (row["a"], row["b"], row["n"], row["share"], row["p"]) == ("wild", "calm", 2, 0, 0.5)
