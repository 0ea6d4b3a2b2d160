"""Two bench folders side by side: which kernel, which network's training became slower or faster?

A bench knows the noise within its process (`spread` over the rounds, `noise` between two timings of one function), and
not what a process brings: where buffers lie, what else the machine does. That shows in how much the changes of all
kernels, or of all trainings, differ from each other. So the noise floor of a time is both together, that scatter as a
robust standard deviation about the median change; a kernel of k sizes has 1/√k of it. A change is `same` where two
noise floors about it lie within the margin, `worse` or `better` where it is beyond the margin by a normal test whose
two-sided p, adjusted by Holm over the rows of the table, is at most 0.05, else `undecided`. Many kernels that change by
different amounts widen the floor; all that change alike do not.

Source of the robust deviation: Rousseeuw and Croux (1993), Alternatives to the median absolute deviation.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from harness.errors import InputError
from harness.results.files import read_json
from harness.spec.names import BACKENDS
from harness.statistics.machines import unlike
from harness.statistics.paired import holm

COLUMNS = ("table", "name", "by", "n", "a", "b", "change", "low", "high", "noise_floor", "p_adjusted", "verdict")
MARGIN = 0.1
LEVEL = 0.05
FLOORS = 2


class BenchTable(NamedTuple):
    """Where times stand: the columns that name what is timed, that say who computes it and at which size, the time."""

    name: str
    by: str
    sizes: tuple[str, ...]
    time: str


TABLES = {
    "kernels": BenchTable("kernel", "backend", ("size", "dtype"), "us"),
    "training": BenchTable("network", "contender", (), "us_per_step"),
}


class BenchComparison(NamedTuple):
    """`rows` has COLUMNS, `machines` tells in what the machines are unlike (nothing: they are alike)."""

    rows: pd.DataFrame
    machines: list[str]


def is_bench(folder: Path | str) -> bool:
    """Tell whether a folder holds the tables of a benchmark."""
    return any((Path(folder) / f"{name}.csv").is_file() for name in TABLES)


def compare_bench(a: Path | str, b: Path | str) -> BenchComparison:
    """Compare bench folders `a` and `b`: a row per kernel × backend and per network × contender, the worst first.

    `n` counts the sizes that both have, `a` and `b` are the geometric means of microseconds over them, `change` that
    of b / a, less 1; `low` and `high` lie two noise floors from it. `verdict` is worse, better, same or undecided,
    None on unlike machines. Raises InputError when nothing is shared or a table is damaged.
    """
    environments = [read_json(Path(folder) / "environment.json") for folder in (a, b)]
    machines = unlike(*environments)
    parts = [_rows(name, *(_read(Path(folder), name, table) for folder in (a, b)))
             for name, table in TABLES.items()]  # fmt: skip
    rows = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=list(COLUMNS))])
    if rows.empty:
        raise InputError(f"compare {a} {b}: no kernel and no training is timed in both")
    if machines:
        rows = rows.assign(verdict=None)
    return BenchComparison(rows[list(COLUMNS)].reset_index(drop=True), machines)


def slower(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a comparison in which something of ours (no other library's training) got slower."""
    ours = np.array([str(by).partition(" ")[0] in BACKENDS for by in rows["by"]])
    return rows[(rows["verdict"] == "worse") & ours]


def _read(folder: Path, name: str, table: BenchTable) -> pd.DataFrame:
    """Return `name, by, size, us, noise` of each time; nothing where there is no such table."""
    path = folder / f"{name}.csv"
    columns = [table.name, table.by, *table.sizes, table.time, "spread"]
    if not path.is_file():
        return pd.DataFrame(columns=["name", "by", "size", "us", "noise"])
    try:
        found = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: damaged, not a table ({str(error).splitlines()[0]})") from None
    if absent := [column for column in columns if column not in found]:
        raise InputError(f"{path}: has no column {absent[0]}")
    noise = found[[column for column in ("spread", "noise") if column in found]].max(axis=1)
    sizes = found[list(table.sizes)].astype(str).agg(" ".join, axis=1) if table.sizes else ""
    frame = pd.DataFrame(
        {"name": found[table.name], "by": found[table.by], "size": sizes, "us": found[table.time], "noise": noise}
    )
    return frame[frame["us"] > 0]  # a peer that learns something else is not timed


def _rows(name: str, a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    both = a.merge(b, on=["name", "by", "size"], suffixes=("_a", "_b"))
    if both.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    both = both.assign(
        log=np.log(both["us_b"] / both["us_a"]),
        within=np.hypot(both["noise_a"], both["noise_b"]),
        **{side: np.log(both[f"us_{side}"]) for side in "ab"},
    )
    groups = both.groupby(["name", "by"], sort=False)
    rows = groups[["log", "within", "a", "b"]].mean().assign(n=groups.size())
    floor = np.hypot(rows["within"], scatter(both["log"])) / np.sqrt(rows["n"])
    low, high, margin = rows["log"] - FLOORS * floor, rows["log"] + FLOORS * floor, np.log1p(MARGIN)
    p = holm(np.minimum(1.0, 2 * ndtr(-(rows["log"].abs() - margin) / np.maximum(floor, 1e-12))))
    moved, within = p <= LEVEL, (low >= -margin) & (high <= margin)
    verdict = np.select([moved & (rows["log"] > 0), moved, within], ["worse", "better", "same"], "undecided")
    rows = rows.assign(
        table=name, noise_floor=floor, p_adjusted=p, verdict=verdict, a=np.exp(rows["a"]), b=np.exp(rows["b"]),
        change=np.expm1(rows["log"]), low=np.expm1(low), high=np.expm1(high),
    )  # fmt: skip
    return rows.sort_values("log", ascending=False, kind="stable").reset_index()


def scatter(logs: pd.Series) -> float:
    """Return the robust standard deviation of changes about their median."""
    return float(1.4826 * (logs - logs.median()).abs().median())
