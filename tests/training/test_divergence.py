"""What stops being a number is a diverged trial, in the epoch where it happens, in both backends."""

import json
import math

import pytest

EXPLODING = {
    "rate far too high": {"optimizer": "sgd", "learning_rate": 1e5, "epochs": 3},
    "weights overflow": {"optimizer": "sgd", "learning_rate": 1e38, "epochs": 3},
    "first weights are infinite": {"initializer": "normal", "init_std": 1e300},
    "the last update of all": {"optimizer": "sgd", "learning_rate": 1e25, "batch_size": "full"},
    "identity, deep": {"activation": "identity", "hidden": (12,) * 5, "optimizer": "sgd", "learning_rate": 10.0},
}


@pytest.mark.parametrize("name", EXPLODING)
def test_divergence_is_noticed_in_the_same_epoch_by_both_backends(short, name):
    records = [short(**EXPLODING[name], backend=backend).record for backend in ("numpy", "numba")]
    for record in records:
        assert record["status"] == "diverged"
        assert record["reason"]
    assert records[0]["diverged_epoch"] == records[1]["diverged_epoch"]


REASONS = {
    "rate far too high": "the mean training loss rose to",
    "weights overflow": "the loss became nan",
    "first weights are infinite": "the loss became nan",
    "the last update of all": "the loss of the training images is not finite",
    "identity, deep": "the loss became nan",
}


@pytest.mark.parametrize("name", EXPLODING)
def test_the_reason_is_what_was_seen_first(short, backend_name, name):
    assert short(**EXPLODING[name], backend=backend_name).record["reason"].startswith(REASONS[name])


@pytest.mark.parametrize("name", EXPLODING)
def test_a_diverged_trial_has_no_figures(short, backend_name, name):
    record = short(**EXPLODING[name], backend=backend_name).record
    for metric in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"):
        assert record[metric] is None
    json.dumps(record, allow_nan=False)


def test_what_was_measured_before_stays(short, backend_name):
    """A linear network grows for some evaluations before it overflows."""
    choices = {"activation": "identity", "optimizer": "sgd", "learning_rate": 1.5, "loss": "cross_entropy"}
    record = short(**choices, hidden=(12,) * 3, epochs=30, evaluate_every=10, backend=backend_name).record
    assert record["status"] == "diverged"
    assert record["curve"]
    assert all(math.isfinite(row["train_loss"]) for row in record["curve"])
    assert record["curve"][-1]["epoch"] <= record["diverged_epoch"]


def test_a_high_but_finite_loss_is_no_divergence(short, backend_name):
    record = short(initializer="normal", init_std=30.0, backend=backend_name).record
    assert record["status"] == "done"
    assert record["curve"][0]["train_loss"] > 10
