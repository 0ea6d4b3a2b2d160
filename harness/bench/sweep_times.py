"""The sweep benchmark: what is called in the process of one contender."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.bench.contenders import JAX, OURS, TORCH, Data, Learners, Weights
from harness.bench.recipes import IMAGES, Recipe
from harness.bench.timing import clock
from harness.datasets import load_dataset
from harness.training import run_trial, setup
from harness.training.threads import warm_up
from kernels import layout

PEERS = {TORCH: "torch_seeds", JAX: "jax_seeds"}
ARMS = {
    "sgd": Recipe((128, 64), "sgd", 0.1, 128),
    "momentum": Recipe((128, 64), "momentum", 0.05, 128),
    "adam": Recipe((128, 64), "adam", 0.001, 128),
    "adam, batch norm": Recipe((128, 64), "adam", 0.001, 128, normalization="batch"),
}
SEEDS, EPOCHS, VALIDATION = 8, 3, 5_000
TOGETHER = (1, SEEDS)
"""Numbers of seeds that a peer may train side by side; it takes what is faster."""
TRIALS = 3
STRETCHES, STRETCH = 4, 39
"""An epoch has so many parts of so many steps; as many images, 20 thousand, are trained on."""

_prepared: dict[str, Any] = {}


def prepare(contender: str, arm: str) -> dict[str, float]:
    """Load and compile all that an arm takes; of a peer, find out how many seeds side by side are faster.

    Returns that number as `together`, and the `start_seconds` that it all took.
    """
    warm_up()
    begun = clock()
    _prepared["run"], together = _ours(arm) if contender == OURS else _theirs(contender, ARMS[arm])
    return {"together": together, "start_seconds": clock() - begun}


def run() -> dict[str, float]:
    """Train and judge the arm's SEEDS seeds; return the seconds that it took, and the mean accuracies at the end."""
    begun = clock()
    validation, test = _prepared["run"]()
    seconds = clock() - begun
    return {"seconds": seconds, "val_accuracy": float(np.mean(validation)), "test_accuracy": float(np.mean(test))}


Run = Callable[[], tuple[list[float], list[float]]]


def trial_fields(arm: str, seed: int) -> dict[str, Any]:
    """Return the trial of a seed, as a study has it."""
    trial = ARMS[arm].trial("numba").model_dump(mode="json")
    images = STRETCHES * STRETCH * ARMS[arm].batch
    return trial | {"train_size": images, "val_size": VALIDATION, "epochs": EPOCHS, "seed": seed}


def _ours(arm: str) -> tuple[Run, int]:
    """The trials as a worker of a sweep runs them, each with its record."""

    def run() -> tuple[list[float], list[float]]:
        records = [run_trial(trial_fields(arm, seed)) for seed in range(SEEDS)]
        return [record["val_accuracy"] for record in records], [record["test_accuracy"] for record in records]

    run_trial(trial_fields(arm, SEEDS) | {"epochs": 1})
    return run, 1


def _theirs(contender: str, recipe: Recipe) -> tuple[Run, int]:
    module = import_module(f"harness.bench.contenders.{PEERS[contender]}")
    images = _prepared.setdefault("images", module.Images(Data(load_dataset("mnist"), [])))

    def begin(seeds: list[int], validation: NDArray[np.int64]) -> Learners:
        found: Learners = module.start(recipe, images, first_weights(recipe, seeds), validation)
        return found

    def seconds_of_a_part(together: int) -> float:
        rows, validation = (np.arange(n)[None].repeat(together, 0) for n in (STRETCH * recipe.batch, VALIDATION))
        learners = begin(list(range(together)), validation)
        for call in (lambda: learners.train(rows), learners.validate, learners.test):
            call()
        taken = []
        for _ in range(TRIALS):
            begun = clock()
            for _ in range(SEEDS // together):
                learners.train(rows)
            taken.append(clock() - begun)
        return min(taken)

    together = min(TOGETHER, key=seconds_of_a_part)

    def run() -> tuple[list[float], list[float]]:
        ends = [_train(recipe, begin, list(range(i, i + together))) for i in range(0, SEEDS, together)]
        return [v for end in ends for v in end[0]], [t for end in ends for t in end[1]]

    return run, together


def _train(
    recipe: Recipe, begin: Callable[[list[int], NDArray[np.int64]], Learners], seeds: list[int]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Train some seeds side by side, with an evaluation an epoch; return their accuracies (S,), validation and test."""
    rngs = [np.random.default_rng(seed) for seed in seeds]
    images = STRETCHES * STRETCH * recipe.batch
    splits = np.stack([rng.permutation(IMAGES)[: VALIDATION + images] for rng in rngs])
    validation, training = np.sort(splits[:, :VALIDATION]), splits[:, VALIDATION:]
    learners = begin(seeds, validation)
    for _ in range(EPOCHS):
        order = np.stack([rng.permutation(rows) for rng, rows in zip(rngs, training, strict=True)])
        for part in np.split(order, STRETCHES, axis=1):
            learners.train(part)
        _, accuracy = learners.validate()
    return accuracy, learners.test()[1]


def first_weights(recipe: Recipe, seeds: list[int]) -> Weights:
    """Return the weights (S, D, M) of each layer that the seeds start from."""
    trial = recipe.trial("numba")
    net, rule = setup.network_of(trial, recipe.widths[0], recipe.widths[-1]), setup.optimizer_of(trial)
    drawn = [
        setup.initial_state(trial.model_copy(update={"seed": seed}), net, rule).parameters.copy() for seed in seeds
    ]
    return [
        np.stack([layout.weight(parameters, net, layer) for parameters in drawn])
        for layer in range(len(recipe.widths) - 1)
    ]
