"""A results folder as DataFrames: which cell of the study each record serves, and what tuning chose."""

import pytest

from harness.results.files import write_study
from harness.results.frames import load_study_results
from harness.results.journal import JournalWriter
from harness.spec.cells import confirm_cells, first_cells
from harness.spec.study import study_from_table
from harness.spec.trial import trial_id

TUNE = {"l2": [0.0, 1.0, 5.0], "clip_norm": ["none", 1.0], "seeds": 1, "per_seed": True, "default": False}


def val_loss(trial):
    """Seed 10000 prefers l2 = 5, the others the clipped l2 = 0."""
    return (1 / (1 + trial.l2) if trial.seed == 10000 else trial.l2) + (0 if trial.clip_norm else 0.1)


@pytest.fixture
def folder(tmp_path):
    """A finished study that tunes two fields for each of two seeds."""
    study = study_from_table("mine", {"tune": TUNE, "seeds": {"count": 2}}, "mine.toml")
    place = tmp_path / "mine"
    place.mkdir()
    write_study(place, study, {"mnist": "d"})
    writer = JournalWriter(place)
    for cell in first_cells(study) + confirm_cells(study, val_loss):
        outcome = {"status": "done", "val_loss": val_loss(cell.trial), "trial": cell.trial.model_dump(mode="json")}
        writer.append([{"trial_id": trial_id(cell.trial, "d"), **outcome}])
    writer.close()
    return place


def test_what_tuning_chose_is_told_for_each_confirmed_seed(folder):
    assert load_study_results(folder).winners == {
        ("mine", "baseline", 2000): ({"l2": 5.0, "clip_norm": 1.0}, ("l2",)),
        ("mine", "baseline", 2001): ({"l2": 0.0, "clip_norm": 1.0}, ()),
    }


def test_the_trials_that_tuned_have_their_settings_in_columns(folder):
    trials = load_study_results(folder).trials
    tune = trials[trials["phase"] == "tune"]
    tried = {(seed, l2) for seed in (10000, 10001) for l2 in TUNE["l2"]}
    assert set(zip(tune["seed"], tune["l2"], strict=True)) == tried
    assert len(tune) == 2 * 6
    assert tune["clip_norm"].isna().sum() == 6
    assert set(trials.loc[trials["phase"] == "confirm", "l2"]) == {0.0, 5.0}
