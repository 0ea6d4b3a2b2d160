"""What the layers of a network have learned: how well a linear classifier does on what each makes of the images."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.datasets import Dataset, load_dataset
from harness.probes.measured import Measured
from harness.spec.probes import Features
from harness.spec.trial import Trial
from harness.training import TrainResult, train
from harness.training.streams import stream

DEPTH = 3
LOWER = 5  # the classes 0 … 4; the others are the higher ones
RIDGE = 1e-3  # of the mean square of a feature; it only keeps constant features from mattering
UNTRAINED = 1e-30
"""A learning rate at which no weight changes, for a network as it was initialized."""


def features(asked: Features) -> Measured:
    """Train a network of three hidden layers, freeze it and fit a linear classifier on one layer; digits 5 to 9 only.

    The classifier is the least-squares fit of the classes' indicators on `train_size` images, `probe_error` (%) its
    error on the test images. Whatever the network has seen, it is asked about the same images.
    Source: tutorial 3.2; Alain and Bengio 2016, Understanding intermediate layers using linear classifier probes.
    """
    dataset = load_dataset("mnist")
    result = train(_trial(asked), _of_classes(dataset, lower=True) if asked.trained == "other" else dataset)
    higher = _of_classes(dataset, lower=False)
    chosen = stream(asked.seed, "order").permutation(len(higher.train_images))[: asked.train_size]
    x, labels = _layer(result, asked.layer, higher.train_images[chosen]), higher.train_labels[chosen]
    weights = _least_squares(x, np.eye(LOWER)[labels - LOWER])
    predicted = (_with_one(_layer(result, asked.layer, higher.test_images)) @ weights).argmax(axis=1) + LOWER
    return Measured({"probe_error": 100 * float(np.mean(predicted != higher.test_labels))})


def _trial(asked: Features) -> Trial:
    rate = UNTRAINED if asked.trained == "none" else 0.001
    return Trial(
        hidden=(asked.units,) * DEPTH, train_size=asked.train_size, val_size=0, drop_last=True, learning_rate=rate,
        epochs=1 if asked.trained == "none" else asked.epochs, seed=asked.seed,
    )  # fmt: skip


def _of_classes(dataset: Dataset, lower: bool) -> Dataset:
    """Return the images of the lower or the higher digits."""
    train, test = ((labels < LOWER) == lower for labels in (dataset.train_labels, dataset.test_labels))
    return replace(
        dataset,
        train_images=dataset.train_images[train],
        train_labels=dataset.train_labels[train],
        test_images=dataset.test_images[test],
        test_labels=dataset.test_labels[test],
        classes=LOWER if lower else dataset.classes,
        digest=f"{dataset.digest}, {'lower' if lower else 'higher'} digits",
    )


def _layer(result: TrainResult, layer: int, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return what a layer makes of the images, (n, M); layer 0 is the pixels, 0 to 1."""
    return images / 255.0 if layer == 0 else result.activations(images)[layer - 1].astype(np.float64)


def _least_squares(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights (M + 1, K) that bring [x, 1] nearest to y, by the normal equations."""
    x = _with_one(x)
    gram = x.T @ x
    return np.linalg.solve(gram + RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram)), x.T @ y)


def _with_one(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([x, np.ones((len(x), 1))])
