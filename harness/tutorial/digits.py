"""The network of section 5.1, trained as the tutorial trains it, but for images that are set aside for validation."""

from functools import cache

import numpy as np

from harness.datasets import Dataset, load_dataset
from harness.spec import Trial
from harness.training import TrainResult, train

TRIAL = Trial(
    hidden=(64, 64), optimizer="sgd", learning_rate=0.1, batch_size=128, drop_last=True, epochs=10, dtype="float64",
    evaluate_train=True, seed=42,
)  # fmt: skip


@cache
def data() -> Dataset:
    """Return MNIST."""
    return load_dataset(TRIAL.dataset)


@cache
def trained() -> TrainResult:
    """Return the network after its ten epochs; trained once a process."""
    return train(TRIAL, data())


def rounded(values: np.ndarray, digits: int = 5) -> np.ndarray:
    """Return what a picture can show of values, so that tables stay small."""
    return np.round(values, digits) + 0.0  # no -0
