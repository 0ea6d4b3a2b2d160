"""The training benchmark: what is called in the process of one contender."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.bench.contenders import CONTENDERS, OURS, Data, Train
from harness.bench.recipes import IMAGES, Recipe
from harness.bench.timing import clock
from harness.datasets import load_dataset
from harness.training import setup
from harness.training.threads import warm_up
from kernels import layout

_prepared: dict[str, Any] = {}  # what this process trains, one recipe at a time


def prepare(contender: str, fields: list[Any]) -> dict[str, float] | None:
    """Start a contender on a recipe and train the first stretch; None when it cannot make such a network.

    Returns the mean `loss` of that stretch, the `start_seconds` that it took with all compiling and choosing, and the
    `packing_seconds` that the dataset took once. `fields` are those of the recipe, as JSON has them.
    """
    chosen, rng = Recipe(tuple(fields[0]), *fields[1:]), np.random.default_rng(1)
    warm_up()
    begun = clock()
    train = CONTENDERS[contender].load()(chosen, Data(load_dataset(chosen.dataset), first_weights(chosen)))
    if train is None:
        return None
    _prepared.update(train=train, recipe=chosen, rng=rng)
    loss = train(_order(rng, chosen))
    seconds = clock() - begun
    return {"loss": loss, "start_seconds": seconds, "packing_seconds": _packing_seconds(contender, chosen)}


def train_for(seconds: float) -> float:
    """Train whole stretches, at least one and about so many seconds; return the seconds a step took."""
    train: Train = _prepared["train"]
    recipe, rng = _prepared["recipe"], _prepared["rng"]
    begun, steps, taken = clock(), 0, 0.0
    while steps == 0 or taken < seconds:
        train(_order(rng, recipe))
        steps += recipe.stretch
        taken = clock() - begun
    return taken / steps


def _order(rng: np.random.Generator, recipe: Recipe) -> NDArray[np.int64]:
    return rng.permutation(IMAGES)[: recipe.stretch * recipe.batch]


def first_weights(recipe: Recipe) -> list[NDArray[np.float32]]:
    """Return the weights (D, M) of each layer from which every contender starts that can be given them."""
    trial = recipe.trial("numba")
    net = setup.network_of(trial, recipe.widths[0], recipe.widths[-1])
    state = setup.initial_state(trial, net, setup.optimizer_of(trial))
    return [layout.weight(state.parameters, net, layer) for layer in range(len(recipe.widths) - 1)]


def _packing_seconds(contender: str, recipe: Recipe) -> float:
    if contender != OURS:
        return 0.0
    from harness.bench.contenders.ours import packed_images

    return packed_images("numba", recipe.dataset)[1]
