"""A run keeps what each finished trial predicts, whatever happens to it; results without predictions are whole."""

import os
import shutil
import signal

import numpy as np
import pandas as pd
import pytest
from conftest import assert_same_tables, ended, journal_lines, start_run, wait_until
from sweep_study import make_study, work

from harness.datasets import load_dataset
from harness.errors import InputError
from harness.results.frames import load_results
from harness.spec.study import study_from_table
from harness.statistics.images import separating
from harness.statistics.tables import differences, summary
from harness.sweep.runner import run_studies
from harness.sweep.statistics_tables import drawn_images


def predicted(results):
    """The predicted classes of each trial of a results folder, None where it has left none."""
    found = {}
    for row in results.trials.itertuples():
        both = results.predictions.of(row.trial_id, str(row.weights_sha256))
        found[row.trial_id] = None if both is None else both[0].tolist()
    return found


def expected(results):
    """What `sweep_trials.predicting` says."""
    seeds = dict(zip(results.trials["trial_id"], results.trials["seed"], strict=True))
    return {trial: [int(number % (seed + 2) == 0) for number in range(200)] for trial, seed in seeds.items()}


def test_a_run_keeps_the_predictions_of_each_trial_and_a_longer_one_adds_to_them(tmp_path):
    for seeds in (2, 3):
        run_studies([make_study(seeds=seeds)], tmp_path, jobs=1, work=work("predicting"))
        results = load_results(tmp_path)
        assert predicted(results) == expected(results)
    assert len(list((tmp_path / "pace" / "predictions").glob("*-*.npz"))) == 1
    assert "predictions" not in journal_lines(tmp_path)[0]


def test_a_killed_run_has_kept_what_its_journal_has(tmp_path):
    results = tmp_path / "results"
    run = start_run(results, "--work", "predicting", "--pause", 0.02, "--seeds", 1)
    wait_until(lambda: len(journal_lines(results)) > 3)
    os.kill(run.pid, signal.SIGKILL)
    ended(run)
    assert (results / "pace" / "predictions" / "loose.jsonl").is_file()
    found = load_results(results)
    assert predicted(found) == expected(found)
    run_studies([make_study(pause=0.02, seeds=1)], results, jobs=1, work=work("predicting"))
    found = load_results(results)
    assert len(found.trials) == 16
    assert predicted(found) == expected(found)
    assert not (results / "pace" / "predictions" / "loose.jsonl").exists()


def test_a_trial_copied_from_another_study_brings_its_predictions(tmp_path):
    run_studies([make_study("first", tune=False)], tmp_path, jobs=1, work=work("predicting"))
    assert run_studies([make_study("second", tune=False)], tmp_path, jobs=1, work=work("predicting")).ran == 0
    shutil.rmtree(tmp_path / "first")
    results = load_results(tmp_path)
    assert predicted(results) == expected(results)


def test_results_without_predictions_give_everything_else(tmp_path):
    study = make_study(seeds=4, tune=False)
    run_studies([study], tmp_path / "with", jobs=1, work=work("predicting"))
    shutil.copytree(tmp_path / "with", tmp_path / "without")
    shutil.rmtree(tmp_path / "without" / "pace" / "predictions")
    assert run_studies([study], tmp_path / "without", jobs=1, work=work("predicting")).ran == 0
    assert_same_tables(tmp_path / "with", tmp_path / "without")
    with_, without = load_results(tmp_path / "with"), load_results(tmp_path / "without")
    assert set(predicted(without).values()) == {None}
    pd.testing.assert_frame_equal(differences(with_), differences(without))
    images = ["low_images", "high_images"]
    assert summary(without)[images].isna().all(axis=None)
    pd.testing.assert_frame_equal(summary(with_).drop(columns=images), summary(without).drop(columns=images))


def test_a_file_where_predictions_should_be_ends_the_run_in_one_line(tmp_path):
    (tmp_path / "pace").mkdir()
    (tmp_path / "pace" / "journal.jsonl").touch()
    (tmp_path / "pace" / "predictions").write_text("chapter one")
    with pytest.raises(InputError, match="predictions: is a file, expected the folder of predictions"):
        run_studies([make_study(tune=False)], tmp_path, jobs=1, work=work("predicting"))
    assert (tmp_path / "pace" / "predictions").read_text() == "chapter one"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two arms that learn and one that diverges, really trained."""
    table = {
        "baseline": {"train_size": 5000, "epochs": 1, "hidden": [32]},
        "blocks": [
            {
                "arms": {
                    "Adam": {"optimizer": "adam", "learning_rate": 0.005},
                    "SGD": {"optimizer": "sgd", "learning_rate": 0.3},
                    "far": {"optimizer": "sgd", "learning_rate": 1e30},
                }
            }
        ],
        "seeds": {"count": 4},
        "figures": [{"form": "images"}],
    }
    folder = tmp_path_factory.mktemp("trained")
    run_studies([study_from_table("pair", table, "pair.toml")], folder, jobs=1)
    return folder


def test_the_predictions_kept_are_those_of_the_test_accuracy(trained):
    results = load_results(trained)
    for row in results.trials.itertuples():
        both = results.predictions.of(row.trial_id, str(row.weights_sha256))
        if row.status == "done":
            assert np.mean(both[0] == both[1]) == pytest.approx(row.test_accuracy, abs=1e-12)
        else:
            assert (row.arm, both) == ("far", None)


def test_predictions_take_at_most_one_and_a_half_kilobytes_a_trial(trained):
    files = list((trained / "pair" / "predictions").glob("*-*.npz"))
    assert sum(path.stat().st_size for path in files) <= 8 * 1500
    assert (trained / "pair" / "predictions" / "labels.npz").stat().st_size < 5000


def test_the_pixels_of_the_images_that_are_drawn_lie_beside_the_predictions(trained):
    results, data = load_results(trained), load_dataset("mnist")
    table, labels, left_out = separating(results.trials, results.predictions)
    places = table["image"].unique()
    assert len(places) == 8
    assert left_out == {}
    for place, pixels in zip(places, results.predictions.pixels_of(labels, places), strict=True):
        assert (pixels == data.test_images[place].reshape(28, 28)).all()
        assert data.test_labels[place] == labels[place]
    assert results.predictions.pixels_of(labels, range(9)) is None
    assert drawn_images(make_study(), results) == {}


def test_only_trained_errors_have_an_interval_over_seeds_and_images(trained):
    table = summary(load_results(trained)).set_index(["arm", "metric"])
    known = table["low_images"].notna()
    assert list(known[known].index) == [("Adam", "test_error"), ("SGD", "test_error")]
    for _, row in table[known].iterrows():
        assert (row["low_images"] + row["high_images"]) / 2 == pytest.approx(row["mean"])
        assert row["high_images"] - row["low_images"] >= (row["high"] - row["low"]) * (1 - 1e-12)
