"""A plan counts what a run would do, prices it by what is recorded, and writes nothing."""

import math
import shutil
from types import SimpleNamespace

import pytest
from sweep_study import make_study, work

from harness.errors import InputError
from harness.spec.study import study_from_table
from harness.spec.trial import Trial
from harness.sweep.pilot import pilot
from harness.sweep.plan import plan_studies
from harness.sweep.runner import run_studies

TUNED = make_study()  # 2 arms at 3 seeds, tuned over 3 rates × 2 seeds, then confirmed


def rows(plan):
    return {(row["study"], row["phase"]): row for row in plan.to_dict("records")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    results = tmp_path_factory.mktemp("finished")
    run_studies([TUNED], results, jobs=2, work=work("steady"))
    return results


@pytest.fixture
def results(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "results")


def test_before_a_run_everything_is_missing_and_priced_by_a_pilot_that_leaves_nothing(tmp_path):
    notes = []
    plan = rows(plan_studies([TUNED], tmp_path / "none", 2, notes.append))
    assert [plan["pace", phase]["missing"] for phase in ("default", "tune", "confirm")] == [6, 12, 6]
    assert plan["total", ""]["cells"] == plan["total", ""]["missing"] == 24
    assert 0 < plan["total", ""]["cpu_seconds"] < math.inf
    assert notes == ["no timings are recorded yet: timing a short training of each study"]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        # of the 3.5 s of the pilot, 1 s are 4096 images' updates, 2 s the evaluation, 0.5 s what follows the last
        ({"train_size": 4096, "epochs": 1}, 1 + 2 + 0.5),
        ({"train_size": 40960, "epochs": 3}, 3 * (10 + 2) + 0.5),
        ({"train_size": 40960, "epochs": 3, "evaluate_every": 4096}, 3 * (10 + 10 * 2) + 0.5),
        ({"train_size": 4096, "epochs": 9, "evaluate_every": 12288}, 9 * 1 + 3 * 2 + 0.5),
        ({"train_size": 2048, "epochs": 2}, 2 * (1 + 2) + 0.5),
    ],
)
def test_a_pilot_is_scaled_by_images_epochs_and_evaluations(monkeypatch, fields, seconds):
    def train(_trial, _dataset, on_evaluation):
        on_evaluation(row := {"seconds": 1.0})
        return SimpleNamespace(record={"seconds": 3.5, "curve": [row], "status": "done"})

    clock = iter([10.0, 10.5])
    monkeypatch.setattr("harness.sweep.pilot.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr("harness.sweep.pilot.train", train)
    assert pilot(Trial(**fields)) == (seconds, True)


def test_a_study_is_priced_by_an_arm_that_learns(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "harness.sweep.pilot.pilot", lambda trial: (0.1, False) if trial.learning_rate > 1 else (5.0, True)
    )
    plan = rows(plan_studies([make_study(rates=(1e30, 0.1), tune=False)], tmp_path, 1))
    assert plan["total", ""]["cpu_seconds"] == 6 * 5.0


@pytest.mark.parametrize("fields", [{"drop_last": True, "batch_size": 5000}, {"learning_rate": 1e30}, {"val_size": 0}])
def test_any_trial_can_be_a_pilot(fields):
    assert 0 < pilot(Trial(**fields))[0] < math.inf


def test_after_a_run_nothing_is_missing_and_it_costs_nothing(results):
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*")}
    total = rows(plan_studies([TUNED], results, jobs=2))["total", ""]
    assert (total["cells"], total["done"], total["missing"], total["cpu_seconds"]) == (24, 24, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in results.rglob("*")} == before


def test_more_seeds_cost_what_the_recorded_ones_took(results):
    more = make_study(seeds=13)
    notes = []
    plan = rows(plan_studies([more], results, 4, notes.append))
    assert not notes, "no pilot where there are timings"
    assert (plan["pace", "default"]["done"], plan["pace", "default"]["missing"]) == (6, 20)
    total = plan["total", ""]
    assert total["missing"] == 40
    assert total["cpu_seconds"] == pytest.approx(40 * 0.1)  # what each took
    assert total["eta_seconds"] == pytest.approx(total["cpu_seconds"] / 4)
    assert run_studies([more], results, jobs=2, work=work("steady")).ran == 40


@pytest.mark.parametrize("epochs", [20, 40])
def test_longer_trials_cost_more_in_proportion(results, epochs):
    plan = rows(plan_studies([make_study("longer", epochs=epochs), TUNED], results, jobs=1))
    assert plan["total", ""]["cpu_seconds"] == pytest.approx(24 * 0.1 * epochs / 10)


def test_a_failed_trial_is_counted_apart(tmp_path):
    study = make_study(bad=[0.2], tune=False)
    run_studies([study], tmp_path, jobs=2, work=work("raising"))
    total = rows(plan_studies([study], tmp_path, jobs=1))["total", ""]
    assert (total["done"], total["failed"], total["missing"]) == (6, 3, 0)


def test_a_trial_that_two_studies_share_is_paid_once_and_run_once(results):
    other = make_study("other")
    more = [make_study(name, seeds=13) for name in ("pace", "other")]
    assert rows(plan_studies(more, results, jobs=1))["total", ""]["cpu_seconds"] == pytest.approx(40 * 0.1)
    total = rows(plan_studies([TUNED, other], results, jobs=1))["total", ""]
    assert (total["cells"], total["done"], total["missing"]) == (48, 48, 0)
    assert run_studies([TUNED, other], results, jobs=1, work=work("steady")).ran == 0
    journals = [(results / name / "journal.jsonl").read_text().splitlines() for name in ("pace", "other")]
    assert sorted(journals[0]) == sorted(journals[1]), "the records are taken over as they are"


def test_a_grid_is_planned_and_run_combination_by_combination(tmp_path):
    tune = {"l2": [0.0, 1.0], "learning_rate": [0.1, 0.2, 0.3], "seeds": 2, "per_seed": True}
    study = study_from_table("grid", {"tune": tune, "seeds": {"count": 3}}, "grid.toml")
    before = rows(plan_studies([study], tmp_path, jobs=1))
    cells = {"default": 3, "tune": 36, "confirm": 3}
    assert {phase: before["grid", phase]["missing"] for phase in cells} == cells
    assert run_studies([study], tmp_path, jobs=1, work=work("steady")).ran == 42
    after = rows(plan_studies([study], tmp_path, jobs=1))
    assert {phase: after["grid", phase]["done"] for phase in cells} == cells
    assert run_studies([study], tmp_path, jobs=1, work=work("steady")).ran == 0


def test_a_seed_whose_own_tuning_is_finished_has_its_confirming_trial_planned(tmp_path):
    tune = {"learning_rate": [0.1, 0.2], "seeds": 1, "per_seed": True, "default": False}
    study = study_from_table("grid", {"tune": tune, "seeds": {"count": 3}}, "grid.toml")
    run_studies([study], tmp_path, jobs=1, work=work("steady"))
    journal = tmp_path / "grid" / "journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:4]))  # of 6 trials that tune
    plan = rows(plan_studies([study], tmp_path, jobs=1))
    assert (plan["grid", "tune"]["missing"], plan["grid", "confirm"]["missing"]) == (2, 3)


@pytest.mark.parametrize(
    ("tune", "says"),
    [
        ({"dataset": ["mnist", "nowhere"]}, "nowhere"),
        ({"train_size": [100, 60000]}, "study 'grid': arm 'baseline': train_size 60000"),
    ],
    ids=str,
)
def test_tuned_data_is_looked_at_before_anything_runs(tmp_path, tune, says):
    study = study_from_table("grid", {"tune": tune}, "grid.toml")
    with pytest.raises(InputError, match=says):
        run_studies([study], tmp_path / "results", jobs=1, work=work("steady"))
    assert not (tmp_path / "results").exists()


def test_a_run_that_stopped_while_tuning_misses_what_the_plan_misses(tmp_path):
    study = make_study(l2=13.0)
    summary = run_studies([study], tmp_path, jobs=1, work=work("raising"), fail_fast=True)
    assert 0 < summary.failed < 18
    plan = rows(plan_studies([study], tmp_path, jobs=1))
    assert plan["pace", "confirm"]["missing"] == summary.to_follow == 6
    assert plan["total", ""]["missing"] == summary.missing + summary.to_follow
    assert run_studies([make_study("other")], tmp_path, jobs=1, work=work("steady")).to_follow == 0
