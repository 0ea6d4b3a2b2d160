"""What the benchmarks found: times against those of each contender beside the goals, and the text that is printed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from harness.bench.contenders import JAX, NUMPY, OURS, SGEMM, TORCH
from harness.bench.timing import geometric_mean
from harness.statistics.recipe_time import recipe_reached
from harness.text import table

KERNELS = {
    "kernel": "", "size": "", "backend": "", "us": ".3g", "spread": ".0%", "noise": ".1%", "compile_seconds": ".2f",
    "gflops": ".3g", "gbytes_per_second": ".3g", "level": "", "limit": "", "fraction_of_limit": ".0%",
    "times_numpy": ".1f",
}  # fmt: skip
TRAINING = {
    "network": "", "contender": "", "us_per_step": ".0f", "spread": ".0%", "samples_per_second": ",.0f",
    "ratio": ".2f", "ratio_first_epoch": ".2f", "ratio_dense": ".2f", "first_loss": ".3f",
}  # fmt: skip
RATIOS = {
    "group": "", "contender": "", "networks": "", "geometric_mean": ".2f", "worst": ".2f", "worst_at": "",
    "first_epoch": ".2f", "dense": ".2f", "goal": "", "reached": "",
}  # fmt: skip
SWEEP = {
    "arm": "", "contender": "", "together": ".0f", "seconds": ".2f", "ratio": ".2f", "val_accuracy": ".4f",
    "test_accuracy": ".4f", "start_seconds": ".1f",
}  # fmt: skip
SYSTEM = {"figure": "", "value": ".3g", "unit": "", "goal": "", "reached": ""}


class Goal(NamedTuple):
    """How many times longer than ours a contender must take, on the six networks: in the geometric mean, on each by
    itself, and in the geometric mean than ours with the dense first layer.
    """

    mean: float
    each: float
    dense: float = 0.0

    def __str__(self) -> str:
        return f"{self.mean:g}, each {self.each:g}" + (f", dense {self.dense:g}" if self.dense else "")


GOALS = {NUMPY: Goal(4.6, 2.5), TORCH: Goal(6.0, 2.2), JAX: Goal(2.5, 1.8, dense=1.35), SGEMM: Goal(1.8, 1.2)}


def ratios(training: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each group of networks and contender: how many times longer it takes than ours, in the mean and
    at worst. Goals are set for the six networks.
    """
    timed = training[training["ratio"].notna() & (training["contender"] != OURS)]
    by = timed.groupby(["group", "contender"], sort=False)
    return pd.DataFrame([{"group": group, **_ratios(group, name, rows)} for (group, name), rows in by])


def _ratios(group: str, contender: str, rows: pd.DataFrame) -> dict[str, Any]:
    goal = GOALS.get(contender) if group == "six" else None
    worst = rows.loc[rows["ratio"].idxmin()]
    found: dict[str, Any] = {
        "contender": contender,
        "networks": len(rows),
        "geometric_mean": geometric_mean(rows["ratio"]),
        "worst": worst["ratio"],
        "worst_at": worst["network"],
        "first_epoch": geometric_mean(rows["ratio_first_epoch"]),
        "dense": geometric_mean(rows["ratio_dense"]),
        "goal": None,
        "reached": None,
    }
    if goal is not None:
        least = Goal(found["geometric_mean"], found["worst"], found["dense"])
        reached = all(ours >= theirs for ours, theirs in zip(least, goal, strict=True))
        found |= {"goal": str(goal), "reached": "yes" if reached else "no"}
    return found


def kernels_text(kernels: pd.DataFrame) -> str:
    """Return kernels.csv in brief."""
    return _shown(kernels, KERNELS)


def training_text(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return training.csv in brief, below it the ratios beside the goals, the sweep, and the recipe."""
    shown = {"training": TRAINING, "ratios": RATIOS, "sweep": SWEEP}
    parts = [_shown(tables[name], formats) for name, formats in shown.items()]
    return "\n\n".join([*parts, recipe_text(tables["recipe"])])


def recipe_text(recipe: pd.DataFrame) -> str:
    """Return what the recipe reached in how many seconds, with 95 % intervals over seeds."""
    accuracy, seconds, training, target, p = recipe_reached(recipe)
    return (
        f"{recipe['recipe'].iloc[0]}\n"
        f"test accuracy {100 * accuracy.mean:.2f} ± {100 * accuracy.half:.2f} % ({accuracy.n} seeds; p = {p:.1g} that "
        f"the mean is not above {100 * target:g} %) in {seconds.mean:.3f} ± {seconds.half:.3f} s, "
        f"{training.mean:.3f} of them in steps"
    )


def system_text(system: pd.DataFrame) -> str:
    """Return system.csv."""
    return _shown(system, SYSTEM)


def _shown(frame: pd.DataFrame, formats: Mapping[str, str]) -> str:
    """Return the columns that `formats` names as text: each number in its format, "–" where there is none."""
    rows = [[_cell(row[name], form) for name, form in formats.items()] for row in frame.to_dict("records")]
    return table(list(formats), rows)


def _cell(value: Any, form: str) -> str:
    if value is None or value != value:
        return "–"
    return format(value, form)
