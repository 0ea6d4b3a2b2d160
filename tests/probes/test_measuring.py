"""Laws of every probe: what it returns, that it is a pure function, that a sweep treats it as it does a training."""

import math

import pandas as pd
import pytest

from harness.probes import measure, run_probe
from harness.report.provenance import code_digests
from harness.report.study_frames import study_frames
from harness.report.study_section import missing
from harness.report.write import write_report
from harness.results.agreement import difference
from harness.results.frames import load_results, load_study_results
from harness.spec.probes import PROBES
from harness.spec.study import load_study, study_from_table
from harness.sweep.code_digest import sources
from harness.sweep.plan import plan_studies
from harness.sweep.runner import run_studies

SMALL: dict[str, dict] = {
    "signal": {"units": 16, "samples": 16},
    "bowl": {"limit": 50},
    "thinned": {"units": 8, "masks": 3, "images": 20, "train_size": 100, "epochs": 1},
    "extreme_logits": {"samples": 20},
    "backward_cost": {"inputs": 8, "units": 8, "repeats": 2},
    "scaled_pixels": {"steps": 5, "images": 100},
}
BOWL = study_from_table(
    "bowl",
    {
        "kind": "probe",
        "probe": "bowl",
        "blocks": [{"grid": {"optimizer": ["sgd", "momentum"], "learning_rate": [0.3, 1.0]}}],
        "seeds": {"count": 2},
    },
    "bowl.toml",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    assert run_studies([BOWL], folder, jobs=1).done == 8
    return folder


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_is_a_pure_function_of_parameters_and_seed(name):
    asked = {"probe": name} | SMALL.get(name, {})
    once, again, other = (run_probe(asked | {"seed": seed}) for seed in (1, 1, 2))
    assert difference(once, again) == ""
    table = PROBES[name]
    assert (difference(once, other) == "") == (table.WITHOUT_CHANCE or bool(table.TIMED)), "times are not compared"


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_returns_what_its_table_says(name):
    table = PROBES[name]
    found = measure(table(**{"probe": name} | SMALL.get(name, {})))
    assert tuple(found.metrics) == table.METRICS
    assert tuple(found.rows) == table.ROWS
    assert all(math.isfinite(value) for value in found.metrics.values())
    assert len({len(column) for column in found.rows.values()}) <= 1


def test_what_a_probe_measured_stands_in_trials_and_rows(results):
    found = load_study_results(results / "bowl")
    assert list(found.trials["arm"].unique()) == [arm.name for arm in BOWL.arms]
    first = found.trials.iloc[0]
    again = run_probe({"probe": "bowl", "optimizer": "sgd", "learning_rate": 0.3, "seed": 0})
    assert {name: first[name] for name in again["metrics"]} == pytest.approx(again["metrics"])
    rows = found.rows[found.rows["trial_id"] == first["trial_id"]]
    assert {name: list(rows[name]) for name in again["rows"]} == again["rows"]
    for name, frame in (("trials", found.trials), ("rows", found.rows)):
        assert len(pd.read_csv(results / "bowl" / f"{name}.csv")) == len(frame)
    summary = pd.read_csv(results / "bowl" / "summary.csv")
    assert set(summary["metric"]) == set(PROBES["bowl"].METRICS)
    assert (summary["n"] == 2).all()


def test_what_is_recorded_is_not_measured_again_and_lent_to_other_studies(results):
    other = BOWL.model_copy(update={"name": "other"})
    summary = run_studies([BOWL, other], results, jobs=1)
    assert (summary.ran, summary.done) == (0, 8)
    plan = plan_studies([BOWL], results, jobs=1)
    assert plan["missing"].sum() == 0
    both = load_results(results)
    assert len(both.rows) == len(load_study_results(results / "bowl").rows)
    assert len(both.trials) == 16


def test_what_else_a_folder_holds_changes_no_trials_of_a_study(results):
    fields = {"backend": "numpy", "hidden": [4], "train_size": 50, "val_size": 20, "epochs": 2, "batch_size": 25}
    training = study_from_table("training", {"baseline": fields, "seeds": {"count": 1}}, "training.toml")
    run_studies([training], results, jobs=1)
    both = load_results(results)
    for name in ("bowl", "training"):
        alone = load_study_results(results / name).trials
        pd.testing.assert_frame_equal(both.trials_of(name).reset_index(drop=True), alone)
    assert set(code_digests(both.trials)) == {"numpy", "probe"}


def test_an_edit_of_a_probe_leaves_trainings_alone_and_all_else_counts_for_probes_too():
    training, probe = (set(sources(code)) for code in ("numba", "probe"))
    assert not any(name.startswith("harness/probes/") for name in training)
    assert probe - training >= {"harness/probes/bowl.py", "harness/probes/signal.py"}
    assert training <= probe


def test_a_study_that_measures_no_rows_is_reported_alone(tmp_path):
    assert run_studies([load_study("threshold_unit", "smoke")], tmp_path / "results", jobs=1).missing == 0
    report = write_report(tmp_path / "results", tmp_path / "reports")
    assert "4 verdicts: 4 supported." in report.read_text()


@pytest.mark.parametrize(("probe", "warned"), [("threshold_unit", False), ("extreme_logits", True)])
def test_one_seed_is_enough_of_what_has_no_chance_in_it(tmp_path, probe, warned):
    study = study_from_table("one", {"kind": "probe", "probe": probe, "seeds": {"count": 1}}, "one.toml")
    run_studies([study], tmp_path, jobs=1)
    told = "".join(missing(study_frames(load_study_results(tmp_path / "one"), "one")))
    assert ("Few seeds" in told) == warned
