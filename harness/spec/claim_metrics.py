"""The metrics that a claim may name: which way each is better, and which keys of the claim it reads.

Each gives one number a seed and arm, or, where it `reduces`, one number a seed of several arms that differ in a field.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from harness.spec.figures import LAYER_METRICS, TRIAL_METRICS

NEEDED = object()
"""Instead of a default: the claim has to say."""


class ClaimMetric(NamedTuple):
    """What a metric is to a claim."""

    lower_is_better: bool | None = None  # None: neither way is better by itself, so the claim says which
    reads: Mapping[str, Any] = MappingProxyType({})  # its keys of a claim, and their defaults
    reduces: str = ""  # the field whose values it takes together; "field": the one that the claim names
    seeds: int = 1  # that it takes for one value


def _direction(metric: str) -> bool | None:
    kind = metric.rpartition("_")[2]
    return {"error": True, "loss": True, "gap": True, "seconds": True, "accuracy": False}.get(kind)


TARGET = {"target": NEEDED, "of": "val_accuracy"}
LAYER = {"layer": NEEDED, "epoch": "last"}
LAYER_IS_BETTER_LOW = {
    "dead_units": True,
    "saturated": True,
    "distinct_units": False,
    "mean_drift": True,
    "variance_drift": True,
}

METRICS: dict[str, ClaimMetric] = {
    **{metric: ClaimMetric(_direction(metric)) for metric in TRIAL_METRICS if metric != "lost"},
    **{metric: ClaimMetric(LAYER_IS_BETTER_LOW.get(metric), LAYER) for metric in LAYER_METRICS},
    "diverged": ClaimMetric(True),  # 1 or 0
    "reached": ClaimMetric(False, TARGET),  # 1 or 0
    "time_to_target": ClaimMetric(True, TARGET | {"unit": "epochs"}),
    "after_best": ClaimMetric(True),  # how far the validation loss rises after its minimum
    "area_under_loss": ClaimMetric(True),
    "gap_at": ClaimMetric(True, {"target": NEEDED}),  # of the training loss
    "churn": ClaimMetric(True, seeds=2),  # share of the test images on which two seeds disagree
    "best_rate": ClaimMetric(None, reduces="learning_rate"),
    "highest_stable_rate": ClaimMetric(False, reduces="learning_rate"),
    "rate_sensitivity": ClaimMetric(True, reduces="learning_rate"),
    "smallest": ClaimMetric(True, TARGET | {"field": NEEDED}, reduces="field"),
}
"""Errors and gaps are in percentage points, accuracies are fractions."""

OF_A_PROBE = ClaimMetric(True)


def metric_named(name: str) -> ClaimMetric:
    """Return what a metric is to a claim; what is not in METRICS is a probe's own, of which less is better."""
    return METRICS.get(name, OF_A_PROBE)


METRIC_KEYS = ("target", "of", "unit", "epoch", "layer", "field")
