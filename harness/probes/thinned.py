"""Dropout's inference pass against the average of the thinned networks that it stands for."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.datasets import load_dataset
from harness.probes.measured import Measured
from harness.spec.probes import Thinned
from harness.spec.trial import Trial
from harness.training import TrainResult, train
from harness.training.streams import dropout_key
from kernels import layout
from kernels.numpy_backend import activations, affine, dropout, inputs

Array = NDArray[np.float32]


def thinned(asked: Thinned) -> Measured:
    """Train a ReLU network with dropout, then classify test images by its scaled weights and by `masks` thinned ones.

    The average is that of the probabilities. Errors are in per cent of the first `images` test images, `disagreement`
    too, and `excess_error` is the scaled error less the average's; `distance` is the mean total variation between the
    two distributions over the classes (0 to 1).
    Source: tutorial 4.4; Srivastava et al. 2014, section 7.5.
    """
    dataset = load_dataset(asked.dataset)
    trial = Trial(
        dataset=asked.dataset, hidden=(asked.units, asked.units), dropout=asked.dropout, train_size=asked.train_size,
        epochs=asked.epochs, seed=asked.seed, backend="numpy",
    )  # fmt: skip
    trained = train(trial, dataset)
    x = np.empty((min(asked.images, len(dataset.test_images)), dataset.test_images.shape[1]), np.float32)
    inputs.gather_rows(x, dataset.test_images, np.arange(len(x)), 1 / 255, 0.0)
    labels = dataset.test_labels[: len(x)]
    a = _first_layer(trained, x)
    scaled = _probabilities(trained, a, None, asked)
    total, errors = np.zeros(scaled.shape), []
    for step in range(asked.masks):
        p = _probabilities(trained, a, step, asked)
        total += p
        errors.append(_error(p, labels))
    average = total / asked.masks
    return Measured(
        {
            "scaled_error": _error(scaled, labels),
            "average_error": _error(average, labels),
            "one_mask_error": float(np.mean(errors)),
            "excess_error": _error(scaled, labels) - _error(average, labels),
            "disagreement": 100 * float(np.mean(scaled.argmax(axis=1) != average.argmax(axis=1))),
            "distance": float(np.abs(scaled - average).sum(axis=1).mean() / 2),
        }
    )


def _first_layer(trained: TrainResult, x: Array) -> Array:
    """Return the activations (N, M) of the first hidden layer, which all thinned networks share."""
    return _affine(trained, x, 0, activations.relu_forward)


def _probabilities(trained: TrainResult, a: Array, step: int | None, asked: Thinned) -> Array:
    """Return the classes' probabilities (N, K) from the first layer's activations: of one thinned network, or of all
    units (None). Dropout is of the inverted form, so the scale is in the training pass."""
    key, last = dropout_key(asked.seed + 1), len(trained.network.widths) - 2  # other masks than it was trained with
    for layer in range(1, last + 1):
        if step is not None:
            out, mask = np.empty_like(a), np.empty(a.shape, np.uint8)
            dropout.dropout_forward(out, mask, a, key, step, layer, asked.dropout, 1 / (1 - asked.dropout))
            a = out
        a = _affine(trained, a, layer, activations.softmax_forward if layer == last else activations.relu_forward)
    return a


def _affine(trained: TrainResult, x: Array, layer: int, activate: Callable[[Array, Array], None]) -> Array:
    network, parameters = trained.network, trained.state.parameters
    z = np.empty((len(x), network.widths[layer + 1]), np.float32)
    affine.affine_forward(z, x, layout.weight(parameters, network, layer), layout.bias(parameters, network, layer))
    a = np.empty_like(z)
    activate(a, z)
    return a


def _error(p: NDArray[np.floating], labels: NDArray[np.uint8]) -> float:
    return 100 * float(np.mean(p.argmax(axis=1) != labels))
