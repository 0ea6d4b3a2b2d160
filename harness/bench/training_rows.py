"""All contenders on one network: who learns as ours does is timed, in rounds that alternate; a row each."""

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.bench import training_times as training
from harness.bench.bench_folder import Tell
from harness.bench.contenders import CONTENDERS, DENSE, OURS, SGEMM
from harness.bench.recipes import Recipe
from harness.bench.timing import Seconds, ratio, rotations, spread
from harness.errors import HarnessError

ROUNDS, ROUND_SECONDS = 5, 0.15
LOSS_RATIO = 1.5
"""A contender whose mean loss over the first stretch is more than this times ours, or less than ours by as much, trains
something else."""


def recipe_rows(group: str, recipe: Recipe, asks: dict[str, Callable[..., Any]], tell: Tell) -> list[dict[str, Any]]:
    """Start all contenders, each in the process behind its `ask`; then time those that learn as ours does.

    Returns a row of training.csv for each that can make such a network. Raises HarnessError where one of ours fails.
    """
    found = {name: _prepared(name, recipe, ask, tell) for name, ask in asks.items()}
    started = {name: answer for name, answer in found.items() if answer is not None}
    losses = {name: answer["loss"] for name, answer in started.items() if name != SGEMM}
    odd = [name for name, loss in losses.items() if not 1 / LOSS_RATIO <= loss / losses[OURS] <= LOSS_RATIO]
    for name in odd:
        tell(f"not timed: {name}, whose loss in the first steps is {losses[name]:.3g} where ours is {losses[OURS]:.3g}")
    timed = [name for name in started if name not in odd]
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for order in rotations(timed, ROUNDS):
        for name in order:
            taken[name].append(asks[name](training.train_for, ROUND_SECONDS))
    seconds = {name: np.array(values) for name, values in taken.items()}
    packing = started[OURS]["packing_seconds"] / recipe.steps
    return [{"group": group, **_row(recipe, name, started[name], seconds, packing)} for name in started]


def _prepared(name: str, recipe: Recipe, ask: Callable[..., Any], tell: Tell) -> dict[str, float] | None:
    """Start a contender; a peer that fails is left out, and `tell` says so."""
    try:
        answer: dict[str, float] | None = ask(training.prepare, name, recipe)
    except HarnessError as error:
        if not CONTENDERS[name].peer:
            raise
        tell(f"not timed: {name} ({error})")
        return None
    return answer


def _row(
    recipe: Recipe, name: str, started: dict[str, float], seconds: dict[str, Seconds], packing: float
) -> dict[str, Any]:
    """Return a row of training.csv; ratios are a contender's time over ours, in the median round."""
    theirs, ours = seconds.get(name), seconds[OURS]
    step = float("nan") if theirs is None else float(np.median(theirs))
    return {
        "network": recipe.name,
        "contender": name,
        "us_per_step": 1e6 * step,
        "spread": None if theirs is None else spread(theirs),
        "samples_per_second": recipe.batch / step,
        "product_gflops": recipe.product_flops / step / 1e9,
        "ratio": None if theirs is None else ratio(theirs, ours),
        "ratio_first_epoch": None if theirs is None else ratio(theirs, ours + packing),
        "ratio_dense": None if theirs is None else ratio(theirs, seconds.get(DENSE, ours)),
        "packing_seconds": started["packing_seconds"],
        "start_seconds": started["start_seconds"],
        "first_loss": started["loss"],
        "steps_per_epoch": recipe.steps,
    }
