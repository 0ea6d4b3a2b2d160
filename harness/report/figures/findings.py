"""What a figure shows, said in a sentence: the numbers of its caption. Nothing here judges a claim."""

import numpy as np
import pandas as pd

from harness.report.labels import metric_unit
from harness.statistics.intervals import summarise


def means(data: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Return summarise() of the groups that have a mean, with `said`: "8.12 ± 0.30"."""
    table = summarise(data, by, value)
    table = table[table["n"] > 0]
    places = digits(value, table["mean"])
    bounds = zip(table["mean"], table["low"], table["high"], strict=True)
    said = [plus_minus(mean, low, high, places) for mean, low, high in bounds]
    return table.assign(said=said).reset_index(drop=True)


def digits(metric: str, values: pd.Series) -> int:
    """Return how many digits after the point tell these values of a metric: 2, or 4 of fractions and small losses."""
    return 2 if metric_unit(metric) or values.abs().max() >= 1 else 4


def plus_minus(mean: float, low: float, high: float, digits: int = 2) -> str:
    """Return "2.31 ± 0.12", or the mean alone when there is no interval."""
    # a mean that lies between two texts, like 44.645, gets the same one in whatever order it was summed
    mean, half = round(mean, 9), round((high - low) / 2, 9)
    return f"{mean:.{digits}f} ± {half:.{digits}f}" if np.isfinite(half) else f"{mean:.{digits}f}"


def extremes(data: pd.DataFrame, by: str, value: str, unit: str = " %") -> str:
    """Return "A (8.12 ± 0.30 %) to B (9.50 ± 0.41 %)": the groups with the lowest and the highest mean."""
    table = means(data, [by], value)
    if table.empty:
        return "no seed has a result"
    low, high = table.iloc[int(table["mean"].argmin())], table.iloc[int(table["mean"].argmax())]
    ends = [f"{row[by]} ({row['said']}{unit})" for row in (low, high)]
    return ends[0] if low[by] == high[by] else " to ".join(ends)


def lost(data: pd.DataFrame) -> str:
    """Return " 19 of 168 seeds gave no result.", or nothing when each did."""
    count = int((data["status"] != "done").sum())
    return f" {count} of {len(data)} seeds gave no result." if count else ""
