"""Time: when each seed first reached a validation accuracy; a miss stays visible at the end of its budget."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from harness.report.effect_words import TIMES
from harness.report.figures import findings, panels, style
from harness.report.figures.marks import (
    SEED,
    Colours,
    extent,
    is_finite,
    lost_counts,
    mean_style,
    name_rows,
    note,
    nothing,
    palette_of,
)
from harness.report.figures.style import ALARM, FAINT, markers, readable
from harness.report.figures.view import Form, View
from harness.report.labels import panel_title
from harness.statistics.curve_metrics import UNIT_COLUMNS, first_at_target
from harness.statistics.intervals import summarise


def time(
    data: pd.DataFrame,
    *,
    x: str = "reached_at",
    rows: str = "label",
    colour: str | None = None,
    palette: Colours | None = None,
    numbers: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a line per value of `rows` and of `colour`: a dot where a seed reached the target, a hollow one for a miss.

    `data` is what reached() returns. In the margin stand mean ± half the interval, where a miss counts as the largest
    budget, and how many seeds reached the target; where more than half miss there is no mean.
    """
    ax = ax if ax is not None else style.new_figure(0.8 + 0.3 * data[rows].nunique())[1][0][0]
    data, colour, palette = palette_of(data, colour, palette)
    places = {name: place for place, name in enumerate(dict.fromkeys(data[rows]))}
    lanes = {name: place for place, name in enumerate(name for name in palette if name in set(data[colour]))}
    step, shape = 0.8 / len(lanes), markers(palette)
    margin: dict[str, Any] = {
        "xycoords": blended_transform_factory(ax.transAxes, ax.transData), "textcoords": "offset points",
        "va": "center", "fontsize": 7.5,
    }  # fmt: skip
    lost = lost_counts(data, [rows, colour])
    for key, seeds in data.groupby([rows, colour], sort=False):
        shade, at = palette[key[1]], places[key[0]] + (lanes[key[1]] - (len(lanes) - 1) / 2) * step
        hit, missed = seeds[seeds["reached"]], seeds[~seeds["reached"]]
        ax.scatter(hit[x], at + _stacked(hit[x]) * step, s=12, color=shade, **SEED)
        ax.scatter(missed[x], at + _stacked(missed[x]) * step, s=14, facecolors="none", edgecolors=shade,
                   linewidths=0.9, zorder=3)  # fmt: skip
        told = f"reached {len(hit)} of {len(seeds)}" if len(missed) else ""
        if 2 * len(missed) <= len(seeds):
            (mean,) = summarise(seeds.assign(one=""), ["one"], x).to_dict("records")
            ax.plot([mean["low"], mean["high"]], [at - 0.1 * step] * 2, color=shade, linewidth=2, zorder=4)
            look = mean_style(shape[key[1]], shade, whole=not len(missed))
            ax.plot(mean["mean"], at - 0.1 * step, markersize=5.5, zorder=5, **look)
            told = "; ".join(filter(None, [_said(mean), told])) if numbers else told
        ink = readable(shade) if len(hit) else ALARM
        told = f"{told} ({lost[key]})" if key in lost and numbers else told
        ax.annotate(told, (1, at - 0.1 * step), (8, 0), color=ink, **margin)
    for boundary in range(1, len(places)):
        ax.axhline(boundary - 0.5, color="#F0F2F5", linewidth=0.8, zorder=0)
    ax.set_ylim(len(places) - 0.45, -0.55)
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", length=0)
    name_rows(ax, places)
    style.fit(ax.xaxis, extent(data, [rows, colour], x), ratio=30)
    return ax


def _stacked(values: pd.Series) -> pd.Series:
    """Return how far below the mean each dot stands, in lanes: dots of one value stand below each other."""
    place = values.groupby(values).cumcount()
    return 0.14 + place * min(0.1, 0.32 / (place.max() + 1 if len(place) else 1))


def _said(mean: dict[Any, Any]) -> str:
    digits = 2 if mean["mean"] < 100 else 0
    return findings.plus_minus(mean["mean"], mean["low"], mean["high"], digits)


def reached(curves: pd.DataFrame, target: float, unit: str) -> pd.DataFrame:
    """Return a row per trial with `reached_at`: the time at which the validation accuracy was first `target` or more.

    A trial that never was (`reached` is false) stands at the largest time of any trial, where its budget ended.
    """
    first = first_at_target(curves, "val_accuracy", target, unit)
    rows = curves.drop_duplicates(["arm", "phase", "trial_id"])
    at = rows["trial_id"].map(first).astype(float)
    return rows.assign(reached=at.notna(), reached_at=at.fillna(_end(curves, unit)))


def _end(curves: pd.DataFrame, unit: str) -> float:
    return float(curves[UNIT_COLUMNS[unit]].max()) if len(curves) else np.nan


def draw(view: View) -> tuple[Figure, str]:
    """Panels below each other."""
    data, values = _times(view), view.panels()
    parts = [data[data["panel"] == value] for value in values]
    lines = [max(part["label"].nunique(), 1) for part in parts]
    lane = 0.26 * max(1.2, len(view.palette))
    figure, axes = style.new_figure(
        0.9 + lane * sum(lines) + 0.5 * (len(parts) - 1), len(parts), 1, height_ratios=[line + 1 for line in lines]
    )
    for (ax,), part, value in zip(axes, parts, values, strict=True):
        _panel(ax, view, part)
        if not view.own_scale and len(data):
            style.fit(ax.xaxis, extent(data, ["label", "series"], "reached_at"), ratio=30)
        if value:
            ax.set_title(panel_title(str(view.table.panels), value))
    axes[-1][0].set_xlabel(_title(view))
    if len(view.palette) > 1:
        panels.key(figure, view.palette, view.shown(data), view.key_title)
    return figure, _caption(view, data)


def headline(ax: Axes, view: View) -> str:
    """The first panel."""
    data, panel = _times(view), view.panels()[0]
    _panel(ax, view, data[data["panel"] == panel], numbers=False)
    ax.set_xlabel(_title(view))
    return panel_title(str(view.table.panels), panel) if panel else ""


def _times(view: View) -> pd.DataFrame:
    """Return reached() of every trial; one without a curve missed the target too."""
    unit, trials, curves = view.table.x or "epochs", view.trials(), view.curves()
    found = reached(curves, float(view.table.target or 1), unit)
    times = found.set_index(["arm", "phase", "trial_id"])[["reached", "reached_at"]]
    data = trials.join(times, on=["arm", "phase", "trial_id"])
    return data.assign(reached=data["reached"].eq(True), reached_at=data["reached_at"].fillna(_end(curves, unit)))


def _panel(ax: Axes, view: View, part: pd.DataFrame, *, numbers: bool = True) -> None:
    if part.empty or not is_finite(part, "reached_at").any():
        note(ax, nothing(part, "val_accuracy"))
        return
    time(part, colour="series", palette=view.palette, numbers=numbers, ax=ax)
    ax.axvline(part["reached_at"].max(), color=FAINT, linewidth=0.7, linestyle=":", zorder=1)


def _title(view: View) -> str:
    return f"{TIMES[view.table.x or 'epochs']} to a validation accuracy of {view.table.target:g}"


def _caption(view: View, data: pd.DataFrame) -> str:
    missed = int((~data["reached"]).sum())
    title = _title(view)
    seeds = panels.seeds_said(data, ["panel", "arm", "phase"])
    text = f"{title[0].upper()}{title[1:]}, {seeds} each: {panels.DOTS}, also written in the margin."
    if missed:
        text += (
            f" {missed} of {len(data)} seeds never reached it: hollow dots at the end of the longest budget, as which "
            "they count in the mean; where more than half miss there is no mean."
        )
    return text


FORM = Form(draw, headline)
