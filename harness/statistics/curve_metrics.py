"""Figures of a learning curve: one number a trial, from its evaluations in order.

Each function takes `curves`, a row an evaluation with the columns of curves.csv and those of its trial, in order of
samples, and returns a Series by `trial_id`; a trial without such a figure has none.
"""

import numpy as np
import pandas as pd

UNIT_COLUMNS = {"epochs": "passes", "samples": "samples", "steps": "steps", "seconds": "seconds"}
"""What a time is measured in, and the column of a curve that has it."""
DATA = ("dataset", "train_size", "val_size", "batch_size", "drop_last")
"""Settings that decide how many training images there are in an epoch."""


def passes(curves: pd.DataFrame) -> pd.Series:
    """Return how often each trial had seen its training images: evaluations within an epoch lie between its ends.

    In epoch e at most e · images have been seen, and exactly that many at its end; so the largest ratio is the images,
    taken over all trials on as many, for some may end within their first epoch.
    """
    return (curves["samples"] / images(curves)).round(4)


def images(curves: pd.DataFrame) -> pd.Series:
    """Return how many training images an epoch of each evaluation's trial has."""
    alike = [curves[name] for name in DATA]
    return (curves["samples"] / curves["epoch"]).groupby(alike, dropna=False).transform("max")


def with_trials(curves: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Return the curves of some trials, in order, with errors (%), `passes` and the columns of DATA.

    The training images are always evaluated at the end, so the last evaluation has their figures in any case.
    """
    ends = ["train_loss", "train_accuracy"]
    once = trials.drop_duplicates("trial_id").set_index("trial_id")
    known = curves[curves["trial_id"].isin(once.index)].sort_values(["trial_id", "samples"], ignore_index=True)
    last = ~known.duplicated("trial_id", keep="last")
    for name in ends:
        known[name] = known[name].astype(float).fillna(known["trial_id"].map(once[name].astype(float)).where(last))
    known = known.join(once[list(DATA)], on="trial_id")
    errors = {f"{part}_error": 100 * (1 - known[f"{part}_accuracy"].astype(float)) for part in ("train", "val")}
    return known.assign(passes=passes(known), **errors)


def first_at_target(curves: pd.DataFrame, of: str, target: float, unit: str) -> pd.Series:
    """Return the time, in `unit`, of the first evaluation at which column `of` is as good as `target`.

    An accuracy is as good where it is at least the target, everything else where it is at most that.
    """
    there = curves[of] >= target if of.endswith("_accuracy") else curves[of] <= target
    return curves[there].groupby("trial_id")[UNIT_COLUMNS[unit]].min().astype(float)


def budgets(curves: pd.DataFrame, trials: pd.DataFrame, unit: str) -> pd.Series:
    """Return the time that each of the trials was given, in `unit`, by row; NaN where it is not known.

    A trial is given its epochs, whether or not it diverged or stopped before; seconds are those that were spent.
    """
    epochs = trials["epochs"].astype(float)
    if unit == "epochs":
        return epochs
    if unit == "seconds":
        return trials["trial_id"].map(curves.groupby("trial_id")["seconds"].max()).astype(float)
    an_epoch = (curves[unit] / curves["epoch"]).groupby(curves["trial_id"]).max()
    return trials["trial_id"].map(an_epoch).astype(float) * epochs


def after_best(curves: pd.DataFrame) -> pd.Series:
    """Return how far the validation loss has risen at the end from its least."""
    losses = curves.groupby("trial_id")["val_loss"]
    return losses.last() - losses.min()


def area_under_loss(curves: pd.DataFrame) -> pd.Series:
    """Return the area under the validation loss over epochs; an evaluation stands for the time since the one before."""
    width = curves.groupby("trial_id")["passes"].diff().fillna(curves["passes"])
    return (curves["val_loss"] * width).groupby(curves["trial_id"]).sum(min_count=1)


def gap_at(curves: pd.DataFrame, target: float) -> pd.Series:
    """Return validation minus training error (points) where the training loss is first at most `target`."""
    first = curves[curves["train_loss"] <= target].drop_duplicates("trial_id").set_index("trial_id")
    return (first["val_error"] - first["train_error"]).replace([np.inf, -np.inf], np.nan)
