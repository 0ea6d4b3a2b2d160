"""The effects of an ablation in words: what they are measured by, in which unit, an effect with its interval."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.report.labels import in_words, metric_unit
from harness.statistics.claim_values import Measure
from harness.text import rounded

TIMES = {"epochs": "epochs", "samples": "training images", "steps": "steps", "seconds": "seconds of training"}
"""What a time to a target counts, by its unit."""


def measured(measure: Measure) -> str:
    """Return what effects are measured by: "test error", "epochs to a validation accuracy of 0.97"."""
    if measure.target is None:
        return in_words(measure.metric)
    return f"{unit(measure)} to a {in_words(measure.of or 'val_accuracy')} of {measure.target:g}"


def unit(measure: Measure) -> str:
    """Return the unit of an effect: "points", "epochs" or nothing."""
    if measure.target is not None:
        return TIMES[measure.unit or "epochs"]
    return "points" if metric_unit(measure.metric) == " %" else metric_unit(measure.metric).strip()


def effect(row: Mapping[Hashable, Any] | pd.Series) -> str:
    """Return "-0.35 (-0.60 to -0.10)"; the effect alone at one seed, a dash where there is none."""
    if np.isnan(row["effect"]):
        return "–"
    told = [row[name] for name in ("effect", "low", "high")]
    digits = next((d for d in range(2, 6) if all(value == 0 or round(value, d) for value in told)), 6)  # no bound is 0
    mean, low, high = (rounded(value, digits, "+") for value in told)
    return mean if np.isnan(row["low"]) else f"{mean} ({low} to {high})"


def helps(lower_is_better: bool) -> str:
    """Return which effects are good: "below 0 it helps"."""
    return f"{'below' if lower_is_better else 'above'} 0 it helps"


def reached(values: pd.DataFrame) -> str:
    """Return "5 of 8 trainings reached the target" of the values of an ablation; "" where none missed one."""
    missed = int(values["missed"].sum())
    return f"{len(values) - missed} of {len(values)} trainings reached the target" if missed else ""
