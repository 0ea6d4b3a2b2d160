"""How the time of a step grows with width, depth and batch, and how its arithmetic does.

All this is called in the process that measures.
"""

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np

from harness.bench.contenders import Data
from harness.bench.contenders.ours import packed_images, start_as_used
from harness.bench.recipes import IMAGES, Recipe
from harness.bench.timing import seconds_per_call, spread
from harness.bench.training_times import first_weights
from harness.check.facts import Size, cost
from harness.datasets import load_dataset

STEPS = 8  # in one call
LADDERS: dict[str, dict[int, Recipe]] = {
    "width": {w: Recipe((w, w), "adam", 0.001, 128) for w in (16, 32, 64, 128, 256, 512, 1024)},
    "depth": {d: Recipe((64,) * d, "adam", 0.001, 128) for d in (1, 2, 4, 8, 16, 32)},
    "batch": {b: Recipe((128, 64), "adam", 0.001, b) for b in (8, 16, 32, 64, 128, 256, 512, 1024)},
}


def measure(ladder: str, rounds: int, sample: float) -> list[dict[str, Any]]:
    """Time the compiled backend on a ladder of networks, in interleaved rounds; return a row for each."""
    recipes = LADDERS[ladder]
    calls = {str(value): _steps(recipe) for value, recipe in recipes.items()}
    for call in calls.values():
        call()
    taken = seconds_per_call(calls, rounds, sample)
    return [
        {
            "ladder": ladder,
            "value": value,
            "network": recipe.name,
            "us_per_step": 1e6 * float(np.median(taken[str(value)])) / STEPS,
            "spread": spread(taken[str(value)]),
            "flops": step_flops(recipe, density()),
        }
        for value, recipe in recipes.items()
    ]


def density() -> float:
    """Return the share of nonzero pixels."""
    images, _ = packed_images("numba")
    return len(images.nonzeros) / images.pixels.size


def step_flops(recipe: Recipe, density: float) -> float:
    """Return the arithmetic of a step with ReLU and without norm: products, activations, loss and update.

    The products of the first layer are those with nonzero pixels only; `density` is their share.
    """
    n, *hidden, outputs = recipe.batch, *recipe.widths[1:]
    first = Size(n, recipe.widths[0], recipe.widths[1], nonzeros=round(density * n * recipe.widths[0]))
    names = [("sparse_affine_forward", first), ("sparse_affine_backward", first)]
    for d, m in zip(recipe.widths[1:], recipe.widths[2:], strict=False):
        names += [("affine_forward", Size(n, d, m)), ("affine_backward", Size(n, d, m))]
    for m in hidden:
        names += [("relu_forward", Size(n, 0, m)), ("relu_backward", Size(n, 0, m))]
    parameters = sum((d + 1) * m for d, m in zip(recipe.widths, recipe.widths[1:], strict=False))
    names += [("cross_entropy_forward", Size(n, 0, outputs)), ("cross_entropy_backward", Size(n, 0, outputs))]
    names.append((f"{recipe.optimizer}_step", Size(1, 1, parameters)))
    return sum(cost(name, size).flops for name, size in names)


def _steps(recipe: Recipe) -> Callable[[], float]:
    train = start_as_used(recipe, Data(load_dataset("mnist"), first_weights(recipe)))
    rows = np.random.default_rng(1).permutation(IMAGES)
    stretches = cycle(np.split(rows, range(size := STEPS * recipe.batch, IMAGES, size))[:-1])  # the last is shorter
    return lambda: train(next(stretches))
