"""What the command calls: each benchmark measures in processes of its own, writes its tables and returns one."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.bench import growth, limits, system
from harness.bench import kernel_times as kernels
from harness.bench import training_times as training
from harness.bench.bench_folder import Tell, write_environment, write_table
from harness.bench.contenders import CONTENDERS, DENSE, OURS, SGEMM
from harness.bench.process import measuring_process
from harness.bench.recipes import RECIPES, Recipe
from harness.bench.summary import ratios
from harness.bench.timing import Seconds, ratio, rotations, spread
from harness.errors import HarnessError
from harness.results.lock import locked
from kernels import numpy_backend as reference


def bench_kernels(results: Path, tell: Tell, *, reduced: bool = False) -> pd.DataFrame:
    """Measure every level-1 kernel; write kernels.csv and limits.csv below ``<results>/bench/``; return the first.

    The whole form compiles everything anew, for the column `compile_seconds`; it takes some 2 minutes. The reduced
    form takes one size of each kernel and the compiled code that is there already; it takes some 20 seconds.
    Raises HarnessError for a kernel that does not do what the reference does, or that nobody has described.
    """
    effort = kernels.REDUCED if reduced else kernels.WHOLE
    rows: list[dict[str, Any]] = []
    with locked(results), tempfile.TemporaryDirectory() as empty:
        with measuring_process(None if reduced else empty) as ask:
            tell("limits of this machine")
            found = ask(limits.measure, effort.rounds, effort.sample)
            for kernel in reference.LEVEL_1:
                tell(kernel.__name__)
                answer = ask(kernels.measure, kernel.__name__, found, effort)
                if isinstance(answer, str):
                    raise HarnessError(answer)
                rows += answer
        frame = pd.DataFrame(rows)
        if reduced:
            frame["compile_seconds"] = None
        write_table(results, "limits", pd.DataFrame(limits.rows(limits.Limits(*found))))
        write_table(results, "kernels", frame)
        write_environment(results)
    return frame


def bench_system(results: Path, tell: Tell) -> pd.DataFrame:
    """Measure start, compiling, workers and memory; write and return system.csv. Takes some 4 minutes."""
    with locked(results):
        frame = pd.DataFrame(system.measure(tell))
        write_table(results, "system", frame)
        write_environment(results)
    return frame


ROUNDS, ROUND_SECONDS, GROWTH_SAMPLE = 5, 0.4, 0.05
LOSS_RATIO = 1.5
"""A peer whose mean loss over the first epoch is more than this times ours, or less than ours by as much, trains
something else."""


def bench_training(results: Path, tell: Tell, *, peers: bool) -> pd.DataFrame:
    """Time a training step of each recipe and contender in alternating rounds; write and return training.csv.

    Also writes ratios.csv and growth.csv. Each contender has a process of its own; only one works at a time.
    Takes some 2 minutes, with peers some 6.
    """
    chosen = [name for name, contender in CONTENDERS.items() if (peers or not contender.peer)]
    missing = [name for name in chosen if not CONTENDERS[name].installed]
    if missing:
        tell(f"not installed: {', '.join(missing)}")
    rows: list[dict[str, Any]] = []
    with locked(results):
        with ExitStack() as stack:
            asks = {name: stack.enter_context(measuring_process()) for name in chosen if name not in missing}
            for i, recipe in enumerate(RECIPES):
                tell(recipe.name)
                rows += _recipe_rows(i, asks, tell)
        frame = pd.DataFrame(rows)
        tell("growth")
        write_table(results, "growth", pd.DataFrame(_growth_rows()))
        write_table(results, "training", frame)
        write_table(results, "ratios", ratios(frame))
        write_environment(results)
    return frame


def _growth_rows() -> list[dict[str, Any]]:
    with measuring_process() as ask:
        return [row for ladder in growth.LADDERS for row in ask(growth.measure, ladder, ROUNDS, GROWTH_SAMPLE)]


def _recipe_rows(recipe: int, asks: dict[str, Callable[..., Any]], tell: Tell) -> list[dict[str, Any]]:
    """Start all contenders and let each train an epoch; then time, in rounds, those that learn as ours does.

    `recipe` is a place in RECIPES, which a process of its own can be told.
    """
    found = {name: _prepared(name, recipe, ask, tell) for name, ask in asks.items()}
    started = {name: answer for name, answer in found.items() if answer is not None}
    losses = {name: answer["loss"] for name, answer in started.items() if name != SGEMM}
    odd = [name for name, loss in losses.items() if not 1 / LOSS_RATIO <= loss / losses[OURS] <= LOSS_RATIO]
    for name in odd:
        tell(f"not timed: {name}, whose loss in the first epoch is {losses[name]:.3g} where ours is {losses[OURS]:.3g}")
    timed = [name for name in started if name not in odd]
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for order in rotations(timed, ROUNDS):
        for name in order:
            taken[name].append(asks[name](training.train_for, ROUND_SECONDS))
    seconds = {name: np.array(values) for name, values in taken.items()}
    packing = started[OURS]["packing_seconds"] / RECIPES[recipe].steps
    return [_training_row(RECIPES[recipe], name, started[name], seconds, packing) for name in started]


def _prepared(name: str, recipe: int, ask: Callable[..., Any], tell: Tell) -> dict[str, float] | None:
    """Start a contender; a peer that fails is left out, and `tell` says so."""
    try:
        answer: dict[str, float] | None = ask(training.prepare, name, recipe)
    except HarnessError as error:
        if not CONTENDERS[name].peer:
            raise
        tell(f"not timed: {name} ({error})")
        return None
    return answer


def _training_row(
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
        "ratio_dense": None if theirs is None else ratio(theirs, seconds[DENSE]),
        "packing_seconds": started["packing_seconds"],
        "start_seconds": started["start_seconds"],
        "first_epoch_loss": started["loss"],
        "steps_per_epoch": recipe.steps,
    }
