"""What stops being a number is a diverged trial, in the epoch where it happens, in both backends."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from harness.spec import Trial
from harness.training import train

EXPLODING = {
    "rate far too high": {"optimizer": "sgd", "learning_rate": 1e5, "epochs": 3},
    "weights overflow": {"optimizer": "sgd", "learning_rate": 1e38, "epochs": 3},
    "first weights are infinite": {"initializer": "normal", "init_std": 3e38},
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
    "the last update of all": "the loss of the validation images is not finite",
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
    assert all(math.isfinite(row["val_loss"]) for row in record["curve"])
    assert record["curve"][-1]["epoch"] <= record["diverged_epoch"]


def test_a_high_but_finite_loss_is_no_divergence(short, backend_name):
    record = short(initializer="normal", init_std=30.0, backend=backend_name).record
    assert record["status"] == "done"
    assert record["train_loss"] > 10


@pytest.mark.parametrize("name", ["rate far too high", "weights overflow", "identity, deep"])
def test_divergence_is_noticed_in_its_epoch_however_seldom_the_trial_is_evaluated(short, backend_name, name):
    choices = EXPLODING[name] | {"epochs": 50, "backend": backend_name}
    often, seldom = short(**choices).record, short(**choices, evaluate_every=10**6).record
    within = short(**choices, evaluate_every=32).record
    assert (within["diverged_epoch"], within["epochs_run"]) == (often["diverged_epoch"], often["epochs_run"])
    assert seldom["curve"] == []
    assert seldom["diverged_epoch"] == often["diverged_epoch"] < 50
    assert seldom["epochs_run"] == often["epochs_run"] == often["diverged_epoch"] - 1


LAST_UPDATE = {"optimizer": "sgd", "learning_rate": 1e25, "batch_size": "full"}


def test_without_monitored_images_the_training_images_tell_that_the_last_weights_are_no_use(short, backend_name):
    record = short(**LAST_UPDATE, val_size=0, backend=backend_name).record
    assert record["status"] == "diverged"
    assert record["diverged_epoch"] == 1
    assert record["reason"] == "the loss of the training images is not finite"
    assert record["train_loss"] is record["test_loss"] is None


def test_a_monitored_loss_that_is_not_finite_ends_the_training(images, backend_name):
    """All training images are black, so no weight of the first layer moves; the test images meet infinite ones."""
    black = np.zeros_like(images.train_images)
    black.flags.writeable = False  # as a mapped dataset: the same compiled version
    dark = replace(images, train_images=black, digest="dark")
    choices = {"initializer": "normal", "init_std": 1e37, "input_scale": "raw", "output_initializer": "zeros"}
    sizes = {"train_size": 50, "val_size": 50, "batch_size": 10, "hidden": (8,), "epochs": 3}
    trial = Trial(**choices, **sizes, monitor="test", backend=backend_name)
    record = train(trial, dark).record
    assert (record["status"], record["diverged_epoch"]) == ("diverged", 1)
    assert record["reason"] == "the loss of the test images is not finite"
