"""A few real images and short trials on them."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from harness.check.trajectory_checks import few_images
from harness.datasets import Dataset
from harness.spec import Trial
from harness.spec.names import BACKENDS
from harness.training import TrainResult, train


@pytest.fixture(scope="session")
def images() -> Dataset:
    return few_images()


@pytest.fixture(scope="session", params=BACKENDS)
def backend_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def short(images: Dataset) -> Callable[..., TrainResult]:
    """Return a function that trains on 100 images for one epoch, unless told otherwise."""

    @functools.cache
    def run(**fields: Any) -> TrainResult:
        sizes = {"train_size": 100, "val_size": 50, "hidden": (12,), "batch_size": 10, "epochs": 1}
        return train(Trial(**(sizes | fields)), images)

    return run
