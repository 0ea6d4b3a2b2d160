"""What several seeds say together: the mean and its t-interval. The unit is the seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtrit

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """Mean of `n` seeds with the bounds of its interval; bounds are NaN when one seed (or none) bounds nothing."""

    n: int
    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


def half_width(std: ArrayLike, n: ArrayLike, level: float = LEVEL) -> np.ndarray:
    """Return t(n-1) · s / √n, elementwise; `std` is the sample standard deviation (divisor n-1); NaN where n < 2."""
    std, n = np.asarray(std, dtype=float), np.asarray(n, dtype=float)
    enough = np.maximum(n, 2)
    half = stdtrit(enough - 1, (1 + level) / 2) * std / np.sqrt(enough)
    return np.where(n >= 2, half, np.nan)


def t_interval(values: Sequence[float] | np.ndarray, level: float = LEVEL) -> Interval:
    """Return mean and Student's t-interval of finite `values` (n,); n = 1 has a mean and no interval.

    Raises ValueError for NaN or infinity: whoever leaves a diverged seed out has to say so, not this function.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("t_interval takes finite values; count the seeds without one apart")
    n = values.size
    if n == 0:
        return Interval(0, np.nan, np.nan, np.nan)
    mean = float(values.mean())
    half = float(half_width(values.std(ddof=1), n, level)) if n > 1 else np.nan
    return Interval(n, mean, mean - half, mean + half)


def summarise(frame: pd.DataFrame, by: list[str], value: str, level: float = LEVEL) -> pd.DataFrame:
    """Return a row per group of `by`, in order of appearance: `n, total, mean, low, high` of column `value`.

    `total` counts the rows and `n` those with a finite value, so that a seed without one is never lost from sight.
    """
    columns = [*by, "n", "total", "mean", "low", "high"]
    if frame.empty:
        return pd.DataFrame({column: [] for column in columns})
    finite = frame[by].assign(value=frame[value].astype(float).replace([np.inf, -np.inf], np.nan))
    groups = finite.groupby(by, sort=False, dropna=False)["value"]
    table = groups.agg(n="count", total="size", mean="mean", std="std").reset_index()
    half = half_width(table["std"].to_numpy(), table["n"].to_numpy(), level)
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)[columns]


def largest_share_unseen(n: int, level: float = LEVEL) -> float:
    """Return the largest share of a population that may have a property which none of `n` random draws has.

    Source: the exact interval of a binomial share at 0 of n, Clopper and Pearson (1934); its "rule of three".
    """
    return 1 - (1 - level) ** (1 / n)
