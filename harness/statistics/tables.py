"""The statistics of whole results folders: summary.csv and differences.csv as frames, computed from the trials.

Tuning is left out: it chooses a learning rate and compares nothing.
"""

from collections.abc import Hashable

import numpy as np
import pandas as pd

from harness.results.frames import Results
from harness.spec.schema import DIFFERENCES_COLUMNS, SUMMARY_COLUMNS
from harness.statistics.images import errors_by_image, two_way_interval
from harness.statistics.intervals import half_width
from harness.statistics.metrics import lower_is_better, metric_values
from harness.statistics.paired import paired_differences, pairs_of

CELL = ["study", "arm", "phase", "metric"]
SUMMARISED = ("test_error", "val_loss")
COMPARED = ("test_error",)


def summary(results: Results) -> pd.DataFrame:
    """Return a row per study × arm × phase × metric: `n, lost, median, mean, low, high` (95 % t-interval).

    Lost seeds are in every figure, as `metric_values` counts them; where they have no value, median and mean are NaN.
    `low_images` and `high_images` bound the mean test error over seeds and images, where the trials have left their
    predictions.
    """
    values = _values(results, SUMMARISED)
    groups = values.groupby(CELL, sort=False)
    table = groups["value"].agg(n="size", known="count", median="median", mean="mean", std="std")
    figures = ["median", "mean", "std"]
    table[figures] = table[figures].where(table["known"] == table["n"])  # pandas leaves NaN out; a lost seed stays in
    half = half_width(table["std"], table["n"])
    table = table.assign(lost=groups["lost"].sum(), low=table["mean"] - half, high=table["mean"] + half)
    bounds = _bounds_over_images(results, values)
    low, high = ([bounds.get(cell, (np.nan, np.nan))[side] for cell in table.index] for side in (0, 1))
    table = table.assign(low_images=low, high_images=high)
    return table.reset_index()[list(SUMMARY_COLUMNS)]


def _bounds_over_images(results: Results, values: pd.DataFrame) -> dict[Hashable, tuple[float, float]]:
    """Return the bounds of each mean test error whose predictions are kept, by study, arm, phase and metric."""
    if not results.predictions.trials:
        return {}
    bounds = {}
    tested = values[values["metric"] == "test_error"].join(results.trials[["trial_id", "weights_sha256"]])
    for cell, rows in tested.groupby(CELL, sort=False):
        if (errors := errors_by_image(rows, results.predictions)) is not None:
            interval = two_way_interval(errors)
            bounds[cell] = (interval.low, interval.high)
    return bounds


def differences(results: Results) -> pd.DataFrame:
    """Return the paired differences of every study, phase and metric, as `paired_differences` has them.

    Each arm is compared with the study's reference, and every pair of up to six arms; Holm's adjustment is made
    within study, phase and metric. An arm without trials in a phase keeps its rows, with n = 0.
    """
    parts = []
    for key, values in _values(results, COMPARED).groupby(["study", "phase", "metric"], sort=False):
        name, phase, metric = map(str, key)
        study = results.studies[name]
        pairs = pairs_of([arm.name for arm in study.arms], study.reference)
        table = paired_differences(values, pairs, lower_is_better(metric))
        parts.append(table.assign(study=name, phase=phase, metric=metric))
    return pd.concat(parts or [pd.DataFrame()]).reindex(columns=list(DIFFERENCES_COLUMNS)).reset_index(drop=True)


def _values(results: Results, metrics: tuple[str, ...]) -> pd.DataFrame:
    """Return the values of several metrics, trial by trial in the order of the trials; those of tuning are left out."""
    values = pd.concat([metric_values(results.trials, metric).assign(metric=metric) for metric in metrics])
    return values[values["phase"] != "tune"].sort_index(kind="stable")
