"""The loss of a small network on planes through its weights, with the way that training took."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.datasets import load_dataset
from harness.spec import Trial
from harness.training import TrainResult, train
from harness.training.samples import rows_of
from harness.training.setup import initial_state, optimizer_of
from harness.tutorial.by_hand import KERNELS, Array, logits
from kernels import layout

TRIAL = Trial(
    hidden=(32,), activation="relu", optimizer="sgd", learning_rate=0.1, batch_size=32, train_size=1000, val_size=0,
    backend="numba",
)  # fmt: skip
EPOCHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)
IMAGES = 500
POINTS = 25


def landscape() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the loss on a filter-normalized plane, the way on it, and how much of the way lies in it.

    The plane is spanned by the two principal directions of the way to the last weights (Li et al. 2018, section 7),
    each unit's weights scaled to the norm that they have in the trained network (section 4, there "filters").
    """
    way, result = _way()
    directions = [_normalized(direction, way[-1], result) for direction in _principal(way)]
    return _on_plane(way, directions, result)


def descent() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the same for the plane of the principal directions as they are, which holds most of the way."""
    way, result = _way()
    return _on_plane(way, _principal(way), result)


@cache
def _way() -> tuple[Array, TrainResult]:
    """Return the weights before training and after each of EPOCHS (rows), and the network at the last."""
    results = [train(TRIAL.model_copy(update={"epochs": epochs})) for epochs in EPOCHS]
    first = initial_state(TRIAL, results[0].network, optimizer_of(TRIAL)).parameters
    weights = [first, *(result.state.parameters for result in results)]
    return np.array(weights, float), results[-1]


def _principal(way: Array) -> Array:
    """Return the two principal directions of the way as seen from its end, unit vectors."""
    _, _, directions = np.linalg.svd(way[:-1] - way[-1], full_matrices=False)
    signs = np.sign(directions[:2] @ (way[0] - way[-1]))
    return directions[:2] * np.where(signs == 0, 1, signs)[:, None]


def _normalized(direction: Array, trained: Array, result: TrainResult) -> Array:
    """Scale the part of a direction that belongs to a unit's weights to the norm of those weights; biases go to 0."""
    scaled = np.zeros_like(direction)
    for layer in range(len(result.network.widths) - 1):
        part, of, to = (layout.weight(flat, result.network, layer) for flat in (direction, trained, scaled))
        norms = np.linalg.norm(part, axis=0)
        to[...] = part * np.divide(np.linalg.norm(of, axis=0), norms, out=np.zeros_like(norms), where=norms > 0)
    return scaled


def _on_plane(
    way: Array, directions: list[Array] | Array, result: TrainResult
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    basis = np.array(directions).T  # (P, 2)
    places, *_ = np.linalg.lstsq(basis, (way - way[-1]).T, rcond=None)  # (2, n)
    inside = np.linalg.norm(basis @ places[:, :-1], axis=0) / np.linalg.norm(way[:-1] - way[-1], axis=1)
    around = 0.35 * np.abs(places).max(axis=1)
    sides = np.linspace(places.min(axis=1) - around, places.max(axis=1) + around, POINTS).T
    x, labels = _images()
    mesh = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    plane = [_loss(result, way[-1] + basis @ place, x, labels) for place in mesh]
    path = [_loss(result, weights, x, labels) for weights in way]
    return (
        pd.DataFrame({"x": mesh[:, 0], "y": mesh[:, 1], "loss": plane}),
        pd.DataFrame({"epoch": (0, *EPOCHS), "x": places[0], "y": places[1], "loss": path}),
        pd.DataFrame({"epoch": (0, *EPOCHS[:-1]), "share of the way in the plane": inside}),
    )


def _images() -> tuple[Array, NDArray[np.uint8]]:
    """Return some of the images that it was trained with, whose loss the training lowers."""
    dataset = load_dataset(TRIAL.dataset)
    rows = rows_of(TRIAL, dataset).train[:IMAGES]
    return dataset.train_images[rows] / 255.0, dataset.train_labels[rows]


def _loss(result: TrainResult, parameters: Array, x: Array, labels: NDArray[np.uint8]) -> float:
    z = logits(result, x, parameters)
    losses, p = np.empty(len(z)), np.empty_like(z)
    KERNELS.cross_entropy_forward(losses, p, z, labels)
    return float(losses.mean())
