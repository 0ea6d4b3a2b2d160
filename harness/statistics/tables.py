"""The statistics of whole results folders: summary.csv and differences.csv as frames, computed from the trials.

Tuning is left out: it chooses a learning rate and compares nothing.
"""

import itertools
from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.results.frames import Results
from harness.spec.claim_metrics import metric_named
from harness.spec.probes import PROBES
from harness.spec.schema import DIFFERENCES_COLUMNS, SUMMARY_COLUMNS
from harness.spec.study import Study
from harness.statistics.claim_values import Measure, claim_values, measure_of
from harness.statistics.images import errors_by_image, two_way_interval
from harness.statistics.intervals import half_width
from harness.statistics.metrics import metric_values
from harness.statistics.paired import paired_differences, pairs_of

CELL = ["study", "arm", "phase", "metric"]
SUMMARISED = ("test_error", "val_loss")
COMPARED = "test_error"


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
    tested = values[values["metric"] == "test_error"].join(results.trials[["trial_id", "weights_sha256", "dataset"]])
    for cell, rows in tested.groupby(CELL, sort=False):
        if (errors := errors_by_image(rows, results.predictions)) is not None:
            interval = two_way_interval(errors)
            bounds[cell] = (interval.low, interval.high)
    return bounds


def differences(results: Results, every_pair: bool = False) -> pd.DataFrame:
    """Return the paired differences of every study, phase and metric, as `paired_differences` has them.

    The metrics are the test error and those that claims name, but for metrics that reduce arms. Each arm is compared
    with the study's reference, and every pair of up to six arms, or of any number with `every_pair`; Holm's adjustment
    is made within study, phase and metric. A time that was missed counts as the larger budget of the two arms. An arm
    without trials in a phase keeps its rows, with n = 0.
    """
    parts = []
    for name, study in results.studies.items():
        pairs = pairs_of([arm.name for arm in study.arms], study.reference, every_pair)
        phases = results.trials.loc[results.trials["study"] == name, "phase"].drop_duplicates()
        for phase, (metric, compared) in itertools.product(phases[phases != "tune"], compared_metrics(study).items()):
            values = claim_values(results, name, compared.measure, phase)
            table = paired_differences(values, pairs, compared.lower_is_better)
            parts.append(table.assign(study=name, phase=phase, metric=metric))
    return pd.concat(parts or [pd.DataFrame()]).reindex(columns=list(DIFFERENCES_COLUMNS)).reset_index(drop=True)


class Compared(NamedTuple):
    """A metric in which arms are compared one by one."""

    measure: Measure
    lower_is_better: bool


def compared_metrics(study: Study) -> dict[str, Compared]:
    """Return the metrics of a study's differences by name: the test error (of a probe, its own), then those that claims
    name.

    Where claims read one metric in several ways, each is told with what it reads: `time_to_target (0.97, epochs)`.
    """
    always = PROBES[study.probe].METRICS if study.probe else (COMPARED,)
    found = {metric: Compared(Measure(metric), True) for metric in always}
    claims = [claim for claim in study.claims if not metric_named(claim.metric).reduces]
    for claim in claims:
        measure = measure_of(claim)
        alike = {measure_of(other) for other in claims if other.metric == claim.metric}
        name = metric_name(measure) if len(alike) > 1 else claim.metric
        low = metric_named(claim.metric).lower_is_better if claim.lower_is_better is None else claim.lower_is_better
        found.setdefault(name, Compared(measure, low is not False))
    return found


def metric_name(measure: Measure) -> str:
    """Return a metric with what it reads: `time_to_target (0.97, val_accuracy, epochs)`."""
    return f"{measure.metric} ({', '.join(str(value) for value in measure[1:] if value is not None)})"


def _values(results: Results, metrics: tuple[str, ...]) -> pd.DataFrame:
    """Return the values of several metrics, trial by trial in the order of the trials; those of tuning are left out.

    Of a study that probes, they are the metrics of its probe.
    """
    parts = []
    for name, study in results.studies.items():
        trials, own = results.trials_of(name), PROBES[study.probe].METRICS if study.probe else metrics
        parts += [metric_values(trials, metric).assign(metric=metric) for metric in own]
    values = pd.concat(parts)
    return values[values["phase"] != "tune"].sort_index(kind="stable")
