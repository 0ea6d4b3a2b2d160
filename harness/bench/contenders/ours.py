"""The project's own backends, driven as the training loop drives them."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from harness.bench.contenders import Data, Train
from harness.bench.recipes import IMAGES, Recipe
from harness.bench.timing import clock
from harness.datasets import load_dataset
from harness.training import setup
from kernels import layout


def start_as_used(recipe: Recipe, data: Data) -> Train:
    """The compiled backend as it is used: where most pixels are zero, its first layer visits the others only."""
    return _start(recipe, data, "numba", packed_images("numba", recipe.dataset)[0].sparse)


def start_dense(recipe: Recipe, data: Data) -> Train | None:
    """The compiled backend with the dense first layer; None where that is how it is used."""
    if not packed_images("numba", recipe.dataset)[0].sparse:
        return None
    return _start(recipe, data, "numba", sparse=False)


def start_numpy(recipe: Recipe, data: Data) -> Train:
    """The reference backend."""
    return _start(recipe, data, "numpy", sparse=False)


@cache
def packed_images(backend: str, dataset: str = "mnist") -> tuple[layout.Images, float]:
    """Return the training images as a backend reads them, and the seconds that it took to make them so."""
    trial = Recipe((1,), "sgd", 0.1, 1, dataset=dataset).trial(backend)
    pixels = load_dataset(dataset).train_images
    setup.pack(pixels[:1])  # compiled before the clock starts
    int(pixels.max())  # and the file read
    begun = clock()
    images, _ = setup.images_of(trial, load_dataset(dataset), np.arange(IMAGES))
    return images, clock() - begun


def _start(recipe: Recipe, data: Data, backend: str, sparse: bool) -> Train:
    trial = recipe.trial(backend)
    images = packed_images(backend, recipe.dataset)[0]._replace(sparse=sparse)
    net, rule = setup.network_of(trial, recipe.widths[0], recipe.widths[-1]), setup.optimizer_of(trial)
    state = layout.new_state(net, rule, trial.dtype)
    for layer, w in enumerate(data.weights):
        layout.weight(state.parameters, net, layer)[...] = w
    workspace = layout.new_workspace(net, recipe.batch, trial.dtype, sparse=sparse)
    kernels, taken = setup.backend(backend), 0

    def train(order: NDArray[np.int64]) -> float:
        nonlocal taken
        losses = np.zeros(len(order) // recipe.batch)
        rates = np.full(len(losses), recipe.learning_rate)
        kernels.train_epoch(
            state,
            workspace,
            losses,
            images,
            order,
            rates,
            net,
            rule,
            recipe.batch,
            recipe.weight_decay,
            0.0,
            np.uint64(0),
            taken,
        )
        taken += len(losses)
        return float(losses.mean())

    return train
