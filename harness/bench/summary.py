"""What the benchmarks found: times against those of each contender beside the goals, and the text that is printed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from harness.bench.contenders import JAX, NUMPY, OURS, SGEMM, TORCH
from harness.bench.recipes import RECIPES
from harness.bench.timing import geometric_mean
from harness.text import table

KERNELS = {
    "kernel": "", "size": "", "backend": "", "us": ".3g", "spread": ".0%", "noise": ".1%", "compile_seconds": ".2f",
    "gflops": ".3g", "gbytes_per_second": ".3g", "level": "", "limit": "", "fraction_of_limit": ".0%",
    "times_numpy": ".1f",
}  # fmt: skip
TRAINING = {
    "network": "", "contender": "", "us_per_step": ".0f", "spread": ".0%", "samples_per_second": ",.0f",
    "ratio": ".2f", "ratio_first_epoch": ".2f", "ratio_dense": ".2f", "first_epoch_loss": ".3f",
}  # fmt: skip
RATIOS = {
    "contender": "", "networks": "", "geometric_mean": ".2f", "worst": ".2f", "worst_at": "", "first_epoch": ".2f",
    "dense": ".2f", "goal": "", "reached": "",
}  # fmt: skip
SYSTEM = {"figure": "", "value": ".3g", "unit": "", "goal": "", "reached": ""}


class Goal(NamedTuple):
    """How many times longer than ours a contender must take: in the geometric mean, and on each network by itself."""

    mean: float
    each: float = 0.0
    network: str | None = None  # the only one that counts

    def __str__(self) -> str:
        each = f", each {self.each:g}" if self.each else ""
        return f"{self.mean:g}{each}" + (f" on {self.network}" if self.network else "")


GOALS = {NUMPY: Goal(3.0), TORCH: Goal(6.0), JAX: Goal(2.0, each=1.2), SGEMM: Goal(1.25, network=RECIPES[0].name)}


def ratios(training: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each contender: how many times longer it takes than ours, in the mean and at worst."""
    timed = training[training["ratio"].notna() & (training["contender"] != OURS)]
    return pd.DataFrame([_ratios(str(name), rows) for name, rows in timed.groupby("contender", sort=False)])


def _ratios(contender: str, rows: pd.DataFrame) -> dict[str, Any]:
    goal = GOALS.get(contender)
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
        counted = rows if goal.network is None else rows[rows["network"] == goal.network]
        reached = geometric_mean(counted["ratio"]) >= goal.mean and counted["ratio"].min() >= goal.each
        found |= {"goal": str(goal), "reached": "yes" if reached else "no"}
    return found


def kernels_text(kernels: pd.DataFrame) -> str:
    """Return kernels.csv in brief."""
    return _shown(kernels, KERNELS)


def training_text(training: pd.DataFrame) -> str:
    """Return training.csv in brief, and below it the ratios beside the goals."""
    return f"{_shown(training, TRAINING)}\n\n{_shown(ratios(training), RATIOS)}"


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
