"""Whole trials: the same one trained by both backends in float64 ends with the same losses."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from harness.check.measures import relative, worst
from harness.check.one_check import Check
from harness.datasets import Dataset, load_dataset
from harness.spec import Trial
from harness.training import train
from kernels.choices import ACTIVATIONS, RULES

STEPS, BATCH = 50, 16
AGREEMENT = 1e-9

TRIALS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "softmax regression": {"hidden": (), "optimizer": "sgd", "learning_rate": 0.5, "initializer": "zeros"},
    "sigmoid, mse, L2": {
        "activation": "sigmoid",
        "loss": "mse",
        "optimizer": "sgd",
        "learning_rate": 1.0,
        "initializer": "normal",
        "init_std": 0.3,
        "bias_init": "normal",
        "l2": 0.1,
        "input_scale": "256",
    },
    "tanh, binary cross-entropy, momentum": {
        "activation": "tanh",
        "loss": "binary_cross_entropy",
        "optimizer": "momentum",
        "learning_rate": 0.01,
        "initializer": "xavier_normal",
        "schedule": "step",
    },
    "leaky relu, nesterov": {
        "activation": "leaky_relu",
        "optimizer": "nesterov",
        "learning_rate": 0.01,
        "initializer": "he_uniform",
        "schedule": "exponential",
    },
    "identity, ema momentum": {
        "activation": "identity",
        "optimizer": "ema_momentum",
        "learning_rate": 0.1,
        "initializer": "orthogonal",
        "input_scale": "standardised",
    },
    "batch norm, adagrad": {
        "normalization": "batch",
        "optimizer": "adagrad",
        "learning_rate": 0.01,
        "initializer": "lecun_normal",
    },
    "layer norm, rmsprop": {
        "normalization": "layer",
        "optimizer": "rmsprop",
        "initializer": "xavier_uniform",
        "schedule": "cosine",
    },
    "rmsprop, epsilon outside, raw pixels": {
        "optimizer": "rmsprop",
        "eps_outside": True,
        "initializer": "uniform",
        "input_scale": "raw",
        "clip_norm": 1.0,
    },
    "residual, adamw": {
        "hidden": (24,) * 4,
        "residual": True,
        "optimizer": "adamw",
        "l2": 10.0,
        "schedule": "warmup_cosine",
    },
    "dropout": {"dropout": 0.5, "input_dropout": 0.2},
    "dropout, scaled form": {"dropout": 0.5, "dropout_form": "scaled", "batch_size": 24, "epochs": 2},
    "batch norm, residual, dropout": {
        "hidden": (24,) * 3,
        "normalization": "batch",
        "residual": True,
        "dropout": 0.2,
        "drop_last": True,
        "batch_size": 24,
        "epochs": 2,
        "shuffle": False,
    },
    "batch norm, plain sgd": {
        "normalization": "batch",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "schedule": "cosine",
        "batch_size": 24,
        "epochs": 2,
    },
    "full batch, clipped": {"batch_size": "full", "epochs": STEPS, "clip_norm": 0.5, "evaluate_every": None},
    "early stopping": {"learning_rate": 0.03, "epochs": 5, "patience": 1, "min_delta": 0.01, "evaluate_every": 160},
}
"""Every technique that a trial can name, each in one of these at least ..."""


def _not_shown(field: str, names: Iterable[str]) -> list[str]:
    default = Trial.model_fields[field].default
    return [name for name in names if name not in {settings.get(field, default) for settings in TRIALS.values()}]


TRIALS |= {name: {"activation": name} for name in _not_shown("activation", ACTIVATIONS)}
TRIALS |= {name: {"optimizer": name, "l2": 10.0} for name in _not_shown("optimizer", RULES)}
"""... and the activations and update rules of which no more than their kernels is known."""


def trajectory_checks(name: str, dataset: Dataset) -> Iterator[Check]:
    """Train a trial in both backends; yield the distance of all losses on the way, relative."""
    settings = {"hidden": (24, 16), "train_size": STEPS * BATCH, "val_size": 100, "batch_size": BATCH, "epochs": 1}
    trial = Trial(**{**settings, "dtype": "float64", "evaluate_train": True, **TRIALS[name]})
    record, truth = (train(trial.model_copy(update={"backend": b}), dataset).record for b in ("numba", "numpy"))
    steps = truth["curve"][-1]["steps"] if truth["curve"] else 0
    apart = worst([relative(_losses(record), _losses(truth)), 0.0 if truth["status"] == record["status"] else np.inf])
    yield Check(f"trial: {name}", "numba", "float64", f"{steps} steps", "reference", apart, AGREEMENT)


def few_images() -> Dataset:
    """The first of MNIST's images: enough for these trials, little to evaluate on."""
    mnist = load_dataset("mnist")
    first = {field: getattr(mnist, field)[:1000] for field in ("train_images", "train_labels")}
    first |= {field: getattr(mnist, field)[:200] for field in ("test_images", "test_labels")}
    return replace(mnist, **first, digest=f"{mnist.digest}, first images")


def _losses(record: dict[str, Any]) -> Any:
    """All losses and gradient norms of a training, one after another; NaN where there is none."""
    columns = ("train_loss", "val_loss", "gradient_norm")
    return np.array([*(row[c] for row in record["curve"] for c in columns), record["test_loss"]], np.float64)
