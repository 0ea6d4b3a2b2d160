"""One number a seed and arm: the values of a metric, and what a seed counts that was lost.

Errors are in percent, so their differences are percentage points; accuracies are fractions.
"""

import math

import numpy as np
import pandas as pd

from harness.spec.figures import NUMBERS

LOSS_OF_CHANCE = {
    "cross_entropy": lambda k: math.log(k),
    "mse": lambda k: (k - 1) / (2 * k),
    "binary_cross_entropy": lambda k: math.log(k) + (k - 1) * math.log(k / (k - 1)),
}
"""Loss of a network that gives each of k classes the probability 1/k, whatever the image."""
AS_IT_IS = (*NUMBERS, "parameters", "classes", "epochs_run")
"""What a lost trial has as well as any other: its settings, how far it came."""


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
    (%), or ``gap`` (test minus training error, points). A lost seed (diverged, failed, or without a finite value)
    counts as the worse of chance and the worst finite value of the metric in its study; it is NaN where the metric has
    no chance value, as no metric of a probe has, and never left out. Of AS_IT_IS, only what has no value is lost.
    Trials without validation images have no validation figures to lose: they have no row for those. The index is that
    of `trials`, which are all trainings or all of one probe.
    """
    measured = trials[has_validation(trials)] if metric.startswith("val_") else trials
    value = _figure(measured, metric)
    lost = ~np.isfinite(value) if metric in AS_IT_IS else is_lost(measured) | ~np.isfinite(value)
    frame = measured[["study", "arm", "phase", "seed"]].assign(value=value, lost=lost)
    return count_lost(frame, chances(measured, metric), lower_is_better(metric))


def has_validation(trials: pd.DataFrame) -> pd.Series:
    """Tell which trials monitor images at all: the validation images, or those of the test set."""
    return (trials["val_size"] > 0) | (trials["monitor"] != "validation")


def is_lost(trials: pd.DataFrame) -> pd.Series:
    """Tell which trials diverged or failed."""
    return trials["status"] != "done"


def chances(trials: pd.DataFrame, metric: str) -> pd.Series:
    """Return for each trial what guessing scores in a metric; a trial that failed never saw how many classes there are,
    so these are taken from another on the same data. Of a probe it is not known."""
    if "probe" in trials:
        return pd.Series(math.nan, index=trials.index)
    classes = trials["classes"].astype(float).groupby([trials["study"], trials["dataset"]]).transform("max")
    guessed = [chance_value(metric, loss, k) for loss, k in zip(trials["loss"], classes, strict=True)]
    return pd.Series(guessed, index=trials.index, dtype=float)


def count_lost(values: pd.DataFrame, chance: pd.Series, low: bool = True) -> pd.DataFrame:
    """Return values (`study, value, lost`) with what each lost trial counts: the worse of chance and the worst finite
    value in its study, NaN without chance; `low` tells whether lower is better."""
    value = values["value"].mask(values["lost"])
    worst = value.groupby(values["study"]).transform("max" if low else "min")
    extreme = np.fmax(chance, worst) if low else np.fmin(chance, worst)
    return values.assign(value=value.mask(values["lost"], extreme.where(chance.notna())))


def _figure(trials: pd.DataFrame, metric: str) -> pd.Series:
    if metric in trials:
        return trials[metric].astype(float)
    if metric == "gap":
        return _figure(trials, "test_error") - _figure(trials, "train_error")
    return 100 * (1 - trials[f"{metric.removesuffix('_error')}_accuracy"].astype(float))
