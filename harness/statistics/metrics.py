"""One number a seed and arm: the values of a metric, and what a seed counts that was lost.

Errors are in percent, so their differences are percentage points; accuracies are fractions.
"""

import math

import numpy as np
import pandas as pd

LOSS_OF_CHANCE = {
    "cross_entropy": lambda k: math.log(k),
    "mse": lambda k: (k - 1) / (2 * k),
    "binary_cross_entropy": lambda k: math.log(k) + (k - 1) * math.log(k / (k - 1)),
}
"""Loss of a network that gives each of k classes the probability 1/k, whatever the image."""


def lower_is_better(metric: str) -> bool:
    """Tell which way a metric is good."""
    return not metric.endswith("_accuracy")


def chance_value(metric: str, loss: str, classes: float) -> float:
    """Return what guessing among `classes` scores in a metric of a trial with this `loss`.

    NaN where the classes are not known, and for a metric that has no such value.
    """
    of_chance = {
        "error": lambda k: 100 * (1 - 1 / k),
        "accuracy": lambda k: 1 / k,
        "loss": LOSS_OF_CHANCE[loss],
    }.get(metric.rpartition("_")[2])
    return of_chance(classes) if of_chance and classes > 1 else math.nan


def metric_values(trials: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return `study, arm, phase, seed, value, lost` of each trial: the metric, and whether the seed was lost.

    `trials` has the columns of trials.csv; `metric` is one of them, or ``train_error``, ``val_error``, ``test_error``
    (%). A lost seed (diverged, failed, or without a finite value) counts as the worse of chance and the worst finite
    value of the metric in its study; it is NaN where the metric has no chance value, and never left out. Trials without
    validation images have no validation figures to lose: they have no row for those. The index is that of `trials`.
    """
    measured = trials[(trials["val_size"] > 0) | (trials["monitor"] != "validation") | (not metric.startswith("val_"))]
    value = _figure(measured, metric)
    lost = (measured["status"] != "done") | ~np.isfinite(value)
    frame = measured[["study", "arm", "phase", "seed"]].assign(value=value.mask(lost), lost=lost)
    frame.loc[lost, "value"] = _value_of_lost(measured, frame, metric)[lost]
    return frame


def _figure(trials: pd.DataFrame, metric: str) -> pd.Series:
    part, _, kind = metric.rpartition("_")
    if kind == "error":
        return 100 * (1 - trials[f"{part}_accuracy"].astype(float))
    return trials[metric].astype(float)


def _value_of_lost(trials: pd.DataFrame, frame: pd.DataFrame, metric: str) -> pd.Series:
    """Return for each trial what it counts if it was lost."""
    low = lower_is_better(metric)
    worst = frame.groupby("study")["value"].transform("max" if low else "min")
    # a trial that failed never saw its data: the classes are known from another trial on it
    classes = trials["classes"].astype(float).groupby([trials["study"], trials["dataset"]]).transform("max")
    guessed = [chance_value(metric, loss, k) for loss, k in zip(trials["loss"], classes, strict=True)]
    chance = pd.Series(guessed, index=trials.index, dtype=float)
    extreme = np.fmax(chance, worst) if low else np.fmin(chance, worst)
    return extreme.where(chance.notna())
