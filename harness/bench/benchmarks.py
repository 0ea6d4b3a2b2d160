"""What the command calls: each benchmark measures in processes of its own, writes its tables and returns one."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from harness.bench import growth, limits, recipe_times, system
from harness.bench import kernel_times as kernels
from harness.bench.bench_folder import Tell, write_environment, write_table
from harness.bench.contenders import CONTENDERS, OURS
from harness.bench.process import measuring_process
from harness.bench.recipes import CLASSES, IMAGES, INPUTS, groups
from harness.bench.summary import ratios
from harness.bench.sweep_rows import sweep_rows
from harness.bench.training_rows import recipe_rows
from harness.datasets import load_dataset
from harness.datasets.service import list_datasets
from harness.errors import HarnessError, InputError
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


GROWTH_ROUNDS, GROWTH_SAMPLE = 5, 0.05
SECOND = "fashion-mnist"


def bench_training(results: Path, tell: Tell, *, peers: bool, dataset: str | None = None) -> dict[str, pd.DataFrame]:
    """Time a training step of each network and contender, in alternating rounds; a whole sweep; and a recipe.

    Writes and returns training.csv, ratios.csv, sweep.csv and recipe.csv; writes growth.csv too. `dataset` is a second
    one beside MNIST, a name or a folder of as many images of that size; left out, it is Fashion-MNIST where that is on
    the machine. Each contender has a process of its own; only one works at a time. Takes some 2 minutes, with
    peers some 5. Raises InputError for a dataset of another form.
    """
    trained = groups(_second_dataset(dataset, tell))
    chosen = [name for name, contender in CONTENDERS.items() if (peers or not contender.peer)]
    missing = [name for name in chosen if not CONTENDERS[name].installed]
    if missing:
        tell(f"not installed: {', '.join(missing)}")
    tables: dict[str, pd.DataFrame] = {"training": pd.DataFrame()}

    def keep(name: str, frame: pd.DataFrame) -> None:  # as soon as it is there: an interruption loses no more
        tables[name] = frame
        write_table(results, name, frame)

    with locked(results):
        write_environment(results)
        tell("growth")
        write_table(results, "growth", pd.DataFrame(_growth_rows()))
        with ExitStack() as stack:
            asks = {name: stack.enter_context(measuring_process()) for name in chosen if name not in missing}
            for group, recipe in ((group, recipe) for group, recipes in trained.items() for recipe in recipes):
                tell(recipe.name)
                found = pd.DataFrame(recipe_rows(group, recipe, asks, tell))
                keep("training", pd.concat([tables["training"], found], ignore_index=True))
                keep("ratios", ratios(tables["training"]))
            keep("sweep", sweep_rows(asks, tell))
            tell(f"{100 * recipe_times.TARGET:g} % test accuracy")
            keep("recipe", _recipe_rows(asks[OURS]))
    return tables


def _recipe_rows(ask: Callable[..., Any]) -> pd.DataFrame:
    ask(recipe_times.prepare)
    rows = pd.DataFrame([ask(recipe_times.measure, seed) for seed in recipe_times.SEEDS])
    return rows.assign(recipe=recipe_times.written(), target=recipe_times.TARGET)


def _second_dataset(asked: str | None, tell: Tell) -> str | None:
    """Return the dataset that is trained on besides MNIST, None where there is none."""
    if asked is None and next(known.folder for known in list_datasets() if known.name == SECOND) is None:
        tell(f"without {SECOND}, which is not here: `harness data fetch {SECOND}` gets it, --dataset takes its folder")
        return None
    found = load_dataset(asked or SECOND)
    n, d = found.train_images.shape
    if (n, d, found.classes) != (IMAGES, INPUTS, CLASSES):
        raise InputError(
            f"--dataset {asked}: has {n} training images of {d} pixels in {found.classes} classes; the networks of the "
            f"benchmark take {IMAGES} of {INPUTS} in {CLASSES}"
        )
    return asked or SECOND


def _growth_rows() -> list[dict[str, Any]]:
    with measuring_process() as ask:
        return [row for ladder in growth.LADDERS for row in ask(growth.measure, ladder, GROWTH_ROUNDS, GROWTH_SAMPLE)]
