"""The test labels choose nothing: with others, every training, selection and tuning is the same."""

import numpy as np
import pandas as pd

from harness.datasets import load_dataset
from harness.datasets.catalog import STEMS
from harness.datasets.idx import idx_header
from harness.results.frames import Results, load_results
from harness.spec.study import study_from_table
from harness.sweep.runner import run_studies

TEST = ["test_loss", "test_accuracy"]
OTHERS = ["trial_id", "dataset", "seconds", "environment"]  # differ because the dataset does, or the moment
STUDY = {
    "title": "Selected and tuned",
    "baseline": {"hidden": [16], "val_size": 400, "batch_size": 50, "epochs": 8, "patience": 1, "evaluate_every": 600},
    "blocks": [{"grid": {"optimizer": ["sgd", "adam"]}}],
    "tune": {"learning_rate": [0.003, 0.03, 0.3], "l2": [0.0, 5.0], "seeds": 1},
    "seeds": {"count": 2},
}


def test_scrambled_test_labels_change_the_test_figures_and_nothing_else(tmp_path):
    mnist = load_dataset("mnist")
    labels = mnist.test_labels[:500]
    scrambled = np.random.default_rng(0).permutation(labels)
    plain, other = (ran(tmp_path / name, given) for name, given in (("plain", labels), ("scrambled", scrambled)))
    assert settings(plain) == settings(other)
    assert plain.trials["epochs_run"].nunique() > 1, "early stopping selected nothing"
    assert len(set(map(str, settings(plain).values()))) > 1, "tuning selected nothing"
    pd.testing.assert_frame_equal(*(part.trials.drop(columns=TEST + OTHERS) for part in (plain, other)))
    pd.testing.assert_frame_equal(*(part.curves.drop(columns=["trial_id", "seconds"]) for part in (plain, other)))
    assert (plain.trials["test_accuracy"] > other.trials["test_accuracy"]).all()


def ran(folder, test_labels: np.ndarray) -> Results:
    """Return the results of the study on a part of MNIST with these test labels."""
    mnist = load_dataset("mnist")
    arrays = {
        "train_images": mnist.train_images[:1600].reshape(-1, 28, 28),
        "train_labels": mnist.train_labels[:1600],
        "test_images": mnist.test_images[: len(test_labels)].reshape(-1, 28, 28),
        "test_labels": test_labels,
    }
    folder.mkdir()
    for part, array in arrays.items():
        (folder / STEMS[part]).write_bytes(idx_header(array.shape) + np.ascontiguousarray(array).tobytes())
    table = STUDY | {"baseline": STUDY["baseline"] | {"dataset": str(folder)}}
    run_studies([study_from_table("chosen", table, "chosen.toml")], folder / "results", jobs=1)
    return load_results(folder / "results")


def settings(results: Results) -> dict[tuple[str, str, int], dict[str, object]]:
    """Return what tuning has chosen by arm and seed."""
    return {key: winner.settings for key, winner in results.winners.items()}
