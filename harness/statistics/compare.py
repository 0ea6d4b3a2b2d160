"""Two results folders side by side: did accuracy, time to target or speed get worse from A to B?

Each study × arm that both hold is compared by seed, as written and (where tuned) confirmed, so that what a seed brings
cancels out. A metric is
`worse` when the whole 95 % t-interval of the paired change lies beyond its margin on the bad side, `better` when it
does so on the good side, `same` otherwise; with one pair of seeds there is no interval and the verdict is `unknown`.
Accuracies change by their difference, times by their ratio. A seed that ended well in A and not in B is `worse`, too.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.errors import InputError
from harness.results.files import read_study, study_folders
from harness.results.frames import Results, load_results
from harness.spec.study import Study
from harness.statistics.intervals import t_interval

CELL = ["study", "arm", "phase"]
COLUMNS = (*CELL, "metric", "seeds", "a", "b", "change", "low", "high", "verdict")


class Metric(NamedTuple):
    """A column to compare; `margin` is a difference, or a share for a ratio, that does not matter."""

    name: str
    higher_is_better: bool
    ratio: bool
    margin: float


ACCURACY = Metric("test_accuracy", higher_is_better=True, ratio=False, margin=0.002)
SPEED = Metric("seconds", higher_is_better=False, ratio=True, margin=0.10)
ENDED_WELL = "ended well"


def compare(a: Path | str, b: Path | str) -> pd.DataFrame:
    """Return a row per study × arm × phase × metric that results folders `a` and `b` share, the worst verdicts first.

    `a` and `b` hold means over the paired seeds, `change` the mean of b - a, or of b / a - 1 for times, with its
    interval `low`, `high`; `verdict` is worse, unknown, same or better. Raises InputError when nothing is
    shared, or a study was run with different profiles.
    """
    before, after = load_results(a), load_results(b)
    for name in before.studies.keys() & after.studies.keys():
        profiles = before.studies[name].profile, after.studies[name].profile
        if profiles[0] != profiles[1]:
            raise InputError(f"compare {a} {b}: '{name}' was run with profile {profiles[0]} there, {profiles[1]} here")
    targets = _targets(before)
    pairs = _with_targets(before, targets).merge(
        _with_targets(after, targets), on=[*CELL, "seed"], suffixes=("_a", "_b"), validate="one_to_one"
    )
    if pairs.empty:
        raise InputError(f"compare {a} {b}: no study, arm, phase and seed is in both")
    metrics = [ACCURACY, *(Metric(name, False, True, 0.10) for name, *_ in targets), SPEED]
    rows = [row for cell, group in pairs.groupby(CELL, sort=False) for row in _rows(cell, group, metrics)]
    order = {"worse": 0, "unknown": 1, "same": 2, "better": 3}
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values("verdict", key=lambda column: column.map(order), kind="stable", ignore_index=True)


def regressions(comparison: pd.DataFrame) -> list[str]:
    """Return a line for every row of a comparison that got worse."""
    worse = comparison[comparison["verdict"] == "worse"]
    return [
        f"{row.study}, {row.arm}, {row.phase}: {row.metric} {row.a:.4g} -> {row.b:.4g}" for row in worse.itertuples()
    ]


def changed_settings(a: Path | str, b: Path | str) -> list[str]:
    """Return a line for every study of both folders whose baseline differs: then not only the code has changed."""
    before, after = ({study.name: study for study in _studies(folder)} for folder in (a, b))
    lines = []
    for name in before.keys() & after.keys():
        old, new = before[name].baseline.model_dump(mode="json"), after[name].baseline.model_dump(mode="json")
        changes = ", ".join(f"{field} {old[field]} -> {new[field]}" for field in old if old[field] != new[field])
        if changes:
            lines.append(f"'{name}' was run with other settings: {changes}")
    return sorted(lines)


def _studies(folder: Path | str) -> list[Study]:
    return [read_study(path)[0] for path in study_folders(Path(folder))]


def _rows(cell: Iterable, group: pd.DataFrame, metrics: list[Metric]) -> Iterator[tuple]:
    well_a, well_b = group["status_a"] == "done", group["status_b"] == "done"
    lost = (well_a & ~well_b).any()
    yield (*cell, ENDED_WELL, len(group), well_a.mean(), well_b.mean(), well_b.mean() - well_a.mean(), np.nan, np.nan,
           "worse" if lost else "same")  # fmt: skip
    paired = group[well_a & well_b]
    for metric in metrics:
        values = paired[[f"{metric.name}_a", f"{metric.name}_b"]].dropna()
        if len(values):
            yield (*cell, metric.name, len(values), *_judged(metric, *values.to_numpy(dtype=float).T))


def _judged(metric: Metric, a: np.ndarray, b: np.ndarray) -> tuple:
    """Return mean of a, mean of b, change, low, high and verdict."""
    if metric.ratio:
        interval = t_interval(np.log(np.maximum(b, 1e-9)) - np.log(np.maximum(a, 1e-9)))
        change, low, high = (np.expm1(value) for value in (interval.mean, interval.low, interval.high))
    else:
        interval = t_interval(b - a)
        change, low, high = interval.mean, interval.low, interval.high
    return a.mean(), b.mean(), change, low, high, _verdict(metric, low, high)


def _verdict(metric: Metric, low: float, high: float) -> str:
    if np.isnan(low):
        return "unknown"
    up, down = low > metric.margin, high < -metric.margin
    if not (up or down):
        return "same"
    return "better" if up == metric.higher_is_better else "worse"


def _targets(results: Results) -> list[tuple[str, str, float]]:
    """Return column, study and accuracy of each target that a claim is about."""
    stated = [
        (name, claim.target)
        for name, study in results.studies.items()
        for claim in study.claims
        if claim.target is not None and claim.of == "val_accuracy"
    ]
    return [(f"samples to {target:g} of {name}", name, target) for name, target in dict.fromkeys(stated)]


def _with_targets(results: Results, targets: list[tuple[str, str, float]]) -> pd.DataFrame:
    """Return the trials with a column per target: training samples until it is first met; all of them if never."""
    trials = results.trials.loc[results.trials["phase"] != "tune"]
    trials = trials[["trial_id", *CELL, "seed", "status", "test_accuracy", "seconds"]]
    curves = results.curves
    spent = curves.groupby("trial_id")["samples"].max()
    for column, study, target in targets:
        met = curves[curves["val_accuracy"] >= target].groupby("trial_id")["samples"].min()
        taken = trials["trial_id"].map(met).fillna(trials["trial_id"].map(spent))
        trials = trials.assign(**{column: taken.where(trials["study"] == study)})
    return trials
