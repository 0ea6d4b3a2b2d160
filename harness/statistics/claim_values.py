"""The metric of a claim: one number a seed and arm (or, where a metric reduces arms, a seed and group of arms)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from harness.spec.claim_metrics import metric_named
from harness.spec.claim_needs import reads_validation
from harness.spec.claim_table import Claim
from harness.spec.claims import Unit
from harness.statistics import curve_metrics, grid_metrics
from harness.statistics.images import churn
from harness.statistics.layer_metrics import Place, layer_figure
from harness.statistics.metrics import chances, count_lost, has_validation, is_lost, metric_values

if TYPE_CHECKING:
    from harness.results.frames import Results

VALUE_COLUMNS = ("seed", "arm", "value", "lost", "missed")


class Measure(NamedTuple):
    """A metric with what it reads, as the keys of a claim have it."""

    metric: str
    target: float | None = None
    of: str | None = None  # the column of a curve that has to reach the target
    unit: str | None = None  # of a time: epochs, samples, steps, seconds
    epoch: Place | None = None
    layer: Place | None = None
    field: str | None = None  # what `smallest` is the least value of


def measure_of(claim: Claim) -> Measure:
    """Return what a claim measures."""
    return Measure(*(getattr(claim, name) for name in Measure._fields))


def claim_values(
    results: "Results", study: str, measure: Measure, phase: str, units: Sequence[Unit] = ()
) -> pd.DataFrame:
    """Return `seed, arm, value, lost, missed` of some units of a study in a phase; `arm` names the arms of a unit.

    Without `units`, every arm is one. `value` is NaN where a seed has none: it was lost and the metric has no chance
    value. `missed` tells seeds that never reached the target: each counts as the largest budget among these arms (of
    `smallest`: the largest value tried), so two misses tie. A unit without trials has no row. Of `churn`, a row stands
    for a pair of seeds.
    """
    trials = results.trials_of(study)
    if measure.metric == "churn":
        rows = _of_units(trials[trials["phase"] == phase], units)
        return churn(rows.assign(lost=is_lost(rows)), results.predictions).assign(missed=False)
    if metric_named(measure.metric).reduces:
        return _reduced(trials[trials["phase"] == phase], results.curves, measure, units)
    return _chosen(
        trial_values(trials, results.curves, results.layers, measure), trials, results.curves, measure, phase, units
    )


def trial_values(trials: pd.DataFrame, curves: pd.DataFrame, layers: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return `study, arm, phase, seed, value, lost, missed` of each trial, by a metric that reduces no arms.

    A lost trial counts as `metrics.metric_values` says. What it has is taken as it is: whether it diverged, whether it
    reached a target, a layer's figure at an epoch that it ended. A time that was not reached, or of a lost trial, is
    `missed` and has no value yet. Trials without validation images have no row for what is measured on these.
    """
    if measure.layer is None and (measure.metric in trials or measure.metric.endswith(("_error", "gap"))):
        return metric_values(trials, measure.metric).assign(missed=False)
    measured = trials[has_validation(trials) | (not reads_validation(measure))]
    lost = is_lost(measured)
    frame = measured[["study", "arm", "phase", "seed"]].assign(value=np.nan, lost=lost, missed=False)
    if measure.metric == "diverged":
        failed = measured["status"] == "failed"
        return frame.assign(value=(measured["status"] == "diverged").astype(float).mask(failed), lost=failed)
    if measure.layer is not None:
        epoch = "last" if measure.epoch is None else measure.epoch
        value = _of_trials(layer_figure(layers, measure.metric, measure.layer, epoch), measured)
        unended = lost & (epoch in ("last", "mean", "last/first"))  # a lost trial did not come to the last epoch
        return frame.assign(value=value.mask(unended), lost=lost & (value.isna() | unended))
    known = curve_metrics.with_trials(curves, measured)
    if measure.metric in ("reached", "time_to_target"):
        first = curve_metrics.first_at_target(known, str(measure.of), measure.target or 0.0, measure.unit or "epochs")
        time = _of_trials(first, measured)
        if measure.metric == "reached":
            return frame.assign(value=time.notna().astype(float), lost=measured["status"] == "failed")
        return frame.assign(value=time.mask(lost), missed=time.isna() | lost)
    value, chance = _figure_of_curve(known, measured, measure)
    return count_lost(frame.assign(value=value), chance)


def _figure_of_curve(known: pd.DataFrame, trials: pd.DataFrame, measure: Measure) -> tuple[pd.Series, pd.Series]:
    """Return a figure of each trial's curve, and what guessing would have made of it."""
    none = pd.Series(np.nan, index=trials.index)
    match measure.metric:
        case "after_best":
            return _of_trials(curve_metrics.after_best(known), trials), none
        case "area_under_loss":
            area = _of_trials(curve_metrics.area_under_loss(known), trials)
            return area, chances(trials, "val_loss") * trials["epochs"].astype(float)
        case "gap_at":
            return _of_trials(curve_metrics.gap_at(known, measure.target or 0.0), trials), none
    raise ValueError(f"metric {measure.metric!r}: not computed from trials and their curves")


def _of_trials(by_trial: pd.Series, trials: pd.DataFrame) -> pd.Series:
    return trials["trial_id"].map(by_trial).astype(float)


def _chosen(
    values: pd.DataFrame,
    trials: pd.DataFrame,
    curves: pd.DataFrame,
    measure: Measure,
    phase: str,
    units: Sequence[Unit],
) -> pd.DataFrame:
    """Return the values of the named arms in the phase; misses count as the largest budget among these."""
    rows = _of_units(values[values["phase"] == phase], units)
    if rows["missed"].any():
        compared = trials.loc[rows.index]
        known = curve_metrics.with_trials(curves, compared)
        given = np.fmax(curve_metrics.budgets(known, compared, measure.unit or "epochs"), rows["value"])
        rows = rows.assign(
            value=rows["value"].mask(rows["missed"], given.max()), most=given.groupby(rows["arm"]).transform("max")
        )
    return rows[[*VALUE_COLUMNS, *(name for name in ("most",) if name in rows)]].reset_index(drop=True)


def _of_units(rows: pd.DataFrame, units: Sequence[Unit]) -> pd.DataFrame:
    """Return the rows of the named arms; without units, all of them."""
    return rows[rows["arm"].isin([arm for unit in units for arm in unit])] if units else rows


def _reduced(trials: pd.DataFrame, curves: pd.DataFrame, measure: Measure, units: Sequence[Unit]) -> pd.DataFrame:
    """Return one value a seed and unit, from the trials of a phase."""
    measured = trials[has_validation(trials) | (not reads_validation(measure))]
    figures = _grid_figures(measured, curves, measure)
    parts = [pd.DataFrame({name: [] for name in VALUE_COLUMNS})]
    most = -np.inf
    for unit in units:
        rows = figures[figures["arm"].isin(unit)]
        tables = {name: rows.pivot(index="seed", columns="arm", values=name).reindex(columns=list(unit))
                  for name in figures.columns[2:]}  # fmt: skip
        there = tables["there"].notna().all(axis=1)
        arrays = {name: table[there].to_numpy(dtype=float) for name, table in tables.items()}
        if there.any():
            values = arrays["field"][0]
            most = max(most, values.max())
            found = _reduce(measure.metric, arrays, values)
            parts.append(pd.DataFrame({"seed": there.index[there], "arm": unit_name(unit), "value": found}))
    frame = pd.concat(parts[1:] or parts, ignore_index=True)
    missed = frame["value"].isna() & (measure.metric == "smallest")
    return frame.assign(value=frame["value"].mask(missed, most), lost=frame["value"].isna() & ~missed, missed=missed)[
        list(VALUE_COLUMNS)
    ]


def unit_name(unit: Unit) -> str:
    """Return what the arms of a unit are called in a frame of values."""
    return ", ".join(unit)


def _grid_figures(trials: pd.DataFrame, curves: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return `seed, arm` and what the figures of a grid read of each trial, a column each."""
    field = measure.field if measure.metric == "smallest" else "learning_rate"
    number = pd.to_numeric(_field(trials, str(field)), errors="coerce").astype(float)
    known = curve_metrics.with_trials(curves, trials)
    if number.isna().any():  # "full" and "none" stand for all training images
        number = number.fillna(_of_trials(curve_metrics.images(known).groupby(known["trial_id"]).max(), trials))
    figures = trials[["seed", "arm"]].assign(there=1.0, field=number)
    if measure.metric == "smallest":
        time = curve_metrics.first_at_target(known, str(measure.of), measure.target or 0.0, "samples")
        return figures.assign(reached=_of_trials(time, trials).notna().astype(float))
    failed, diverged = trials["status"] == "failed", trials["status"] == "diverged"
    loss = trials["val_loss"].astype(float).mask(is_lost(trials))
    return figures.assign(
        diverged=diverged.astype(float).mask(failed),
        loss=loss.replace([np.inf, -np.inf], np.nan),
        chance=chances(trials, "val_loss").mask(failed),
    )


def _field(trials: pd.DataFrame, field: str) -> pd.Series:
    """Return a column of the trials, or what `hidden` says of the shape of their networks."""
    if field in trials:
        return trials[field]
    widths = trials["hidden"].map(lambda text: [int(width) for width in text.split(",") if width])
    return widths.map(len) if field == "depth" else widths.map(lambda all_of: all_of[0] if all_of else 0)


def _reduce(metric: str, tables: dict[str, np.ndarray], values: np.ndarray) -> np.ndarray:
    match metric:
        case "best_rate":
            return grid_metrics.best_rate(tables["loss"], values)
        case "highest_stable_rate":
            return grid_metrics.highest_stable_rate(tables["diverged"], values)
        case "rate_sensitivity":
            return grid_metrics.rate_sensitivity(tables["loss"], tables["chance"])
        case "smallest":
            return grid_metrics.smallest(tables["reached"], values)
    raise ValueError(f"metric {metric!r}: reduces no arms")
