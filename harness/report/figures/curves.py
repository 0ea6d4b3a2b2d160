"""Curves: a metric along the training, with the mean of the seeds that still run, its band and, thin, the seeds."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures import panels, style
from harness.report.figures.marks import (
    LINE,
    Colours,
    absent,
    end_labels,
    is_finite,
    means,
    note,
    nothing,
    palette_of,
    pooled,
)
from harness.report.figures.style import ALARM, markers
from harness.report.figures.view import Form, View
from harness.report.labels import field_title, in_words, listed, panel_title, short_title
from harness.statistics.curve_metrics import UNIT_COLUMNS

DEFAULT = ("val_loss",)
TITLES = {"epochs": "epoch", "samples": "training images seen", "steps": "steps", "seconds": "seconds of training"}
"""Of a training; of a probe, whose rows stand in the place of evaluations, x is a column of its own."""
FEW = 12  # evaluations of a curve that are marked one by one
BANDED = 4  # seeds, of which there is a band: fewer are seen one by one, and their interval hides the lines
APART = 24  # thin lines of a panel that can be told apart
HEIGHT = 3.3


def curves(
    data: pd.DataFrame,
    *,
    y: str = "val_loss",
    x: str = "passes",
    colour: str = "label",
    palette: Colours | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw `y` against `x`: per `colour` the mean over the seeds still running, its interval as a band, and the seeds.

    `data` has a row per seed and evaluation with `status` and `trial_id`. A seed is a thin line where all can be told
    apart, else a dot at its last evaluation. A cross ends a seed that diverged. Where one of several seeds is left,
    the mean goes on as a dotted line, and fewer than BANDED seeds that are lines have no band. Few evaluations are
    marked one by one.
    """
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    data = data[is_finite(data, y)].sort_values(x, kind="stable")
    data, colour, palette = palette_of(data, colour, palette)
    shape = markers(palette)
    few = data[x].nunique() <= FEW
    apart = data["trial_id"].nunique() <= APART
    names = set(data[colour])
    for name, part in data.groupby(colour, sort=False):
        shade = palette[name]
        for _, seed in part.groupby("trial_id", sort=False):
            _seed(ax, seed, x, y, shade, line=apart, dots=few)
        table = means(part, [x], y)
        low, high = (table[end].where((table["n"] >= BANDED) | (not apart)) for end in ("low", "high"))
        ax.fill_between(table[x], low, high, color=shade, alpha=min(0.15, 0.7 / len(names)), linewidth=0, zorder=3)
        alone = (table["n"] == 1) & (table["n"].max() > 1)
        together = table[~alone]
        dots: dict[str, Any] = {"marker": shape[name] if few else "", "markersize": 4, "markeredgecolor": "white"}
        ax.plot(together[x], together["mean"], color=shade, linewidth=1.9, zorder=5, label=str(name), **dots)
        rest = table[alone | alone.shift(-1, fill_value=False)]
        if len(rest):
            ax.plot(rest[x], rest["mean"], color=shade, linewidth=1.4, linestyle=":", zorder=5)
    return ax


def _seed(ax: Axes, seed: pd.DataFrame, x: str, y: str, colour: str, *, line: bool, dots: bool) -> None:
    ends = seed[x].iloc[-1], seed[y].iloc[-1]
    if line:
        ax.plot(seed[x], seed[y], marker="." if dots else "", color=colour, linestyle="-", linewidth=0.6, alpha=0.4,
                markersize=3, zorder=2)  # fmt: skip
    else:
        ax.plot(*ends, ".", color=colour, alpha=0.5, markersize=3.5, markeredgewidth=0, zorder=4)
    if (seed["status"] == "diverged").any():
        ax.plot(*ends, "x", color=ALARM, markersize=5, zorder=6)


def draw(view: View) -> tuple[Figure, str]:
    """A row a metric, a column a panel; the curves are named at their ends, or above where they are many."""
    metrics, (x, title) = view.table.y or DEFAULT, _across(view)
    data, trials = pooled(view.curves(), ["panel", "series", x], metrics), view.trials()
    named = data.groupby("panel")["series"].nunique().max() if len(data) else 0
    at_ends = named * LINE < HEIGHT - 0.6
    figure, cells = panels.grid(view, metrics, HEIGHT, gap=1.6 if at_ends else 0.5)
    for cell in cells:
        _panel(cell.ax, view, cell.rows(data), cell.metric, x, cell.rows(trials))
    panels.scale_panels(view, cells, lambda cell: _values(cell.rows(data), cell.metric, x))
    panels.name_panels(view, cells, lambda cell: absent(cell.rows(trials), cell.rows(data), cell.metric))
    for cell in cells:
        part = cell.rows(data)
        part = part[is_finite(part, cell.metric)]
        if cell.ax.xaxis.get_tick_params()["labelbottom"]:
            cell.ax.set_xlabel(title)
        if at_ends and len(part) and view.colour:
            end_labels(cell.ax, part, x, cell.metric, "series", view.palette)
    if not at_ends:
        panels.key(figure, view.palette, view.shown(data), view.key_title)
    return figure, _caption(view, data, metrics)


def headline(ax: Axes, view: View) -> str:
    """The first metric in the first panel."""
    metric, panel, (x, title) = (view.table.y or DEFAULT)[0], view.panels()[0], _across(view)
    data, trials = pooled(view.curves(), ["panel", "series", x], [metric]), view.trials()
    part = data[data["panel"] == panel]
    _panel(ax, view, part, metric, x, trials[trials["panel"] == panel])
    panels.scale_values(ax.yaxis, metric, _values(part, metric, x))
    ax.set(xlabel=title, ylabel=short_title(metric))
    return panel_title(str(view.table.panels), panel) if panel else ""


def _across(view: View) -> tuple[str, str]:
    """Return the column that the curves are drawn against, and what the axis calls it."""
    x = view.table.x or "epochs"
    return UNIT_COLUMNS.get(x, x), TITLES.get(x, field_title(x))


def _panel(ax: Axes, view: View, part: pd.DataFrame, metric: str, x: str, trials: pd.DataFrame) -> None:
    if not is_finite(part, metric).any():
        note(ax, nothing(trials, metric))
        return
    curves(part, y=metric, x=x, colour="series", palette=view.palette, ax=ax)
    measured = part.loc[is_finite(part, metric), x]
    first, last = float(measured.min()), float(measured.max())
    if x == "passes":
        style.ticks_at(ax.xaxis, range(0, int(np.ceil(last)) + 1, max(-(-int(np.ceil(last)) // 10), 1)))
    margin = 0.03 * (last - first or 1)
    ax.set_xlim(first - margin, last + margin)


def _values(part: pd.DataFrame, metric: str, x: str) -> list[float]:
    """Return what the axis should show: every seed, and the bands."""
    finite = part[is_finite(part, metric)]
    if finite.empty:
        return []
    values = finite[metric].astype(float)
    bands: Any = means(finite, ["series", x], metric)[["mean", "low", "high"]].to_numpy(dtype=float)
    inside = np.clip(bands[np.isfinite(bands)], values.min() / 1.5 if values.min() > 0 else -np.inf, values.max())
    if finite["trial_id"].nunique() > APART:
        values = values[~finite.sort_values(x, kind="stable")["trial_id"].duplicated(keep="last").sort_index()]
    return [*values, *inside]


def _caption(view: View, data: pd.DataFrame, metrics: tuple[str, ...]) -> str:
    what = listed(in_words(metric) for metric in metrics)
    by = field_title(view.colour) if view.colour else "arm"
    seeds = panels.seeds_said(view.trials(), ["panel", "series"])
    single = all(part["trial_id"].nunique() <= APART for _, part in data.groupby("panel"))
    lines = "thin lines are seeds" if single else "dots are seeds at their last evaluation"
    text = (
        f"{what[0].upper()}{what[1:]} by {by}, {seeds} each: {lines}, thick ones their mean, bands its 95 % t-interval"
        + f" (of {BANDED} seeds or more)" * single
    )
    if (data["status"] == "diverged").any():
        text += "; a red cross ends a seed that diverged, and a mean of one seed that is left is dotted"
    return f"{text}."


FORM = Form(draw, headline)
