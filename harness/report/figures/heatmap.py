"""Heatmap: a metric over two fields; in each cell the mean, and below it a square a seed in its own colour."""

from collections.abc import Hashable, Mapping
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, to_hex
from matplotlib.figure import Figure

from harness.report.figures import findings, panels, style
from harness.report.figures.marks import is_finite, means, note, nothing, pooled
from harness.report.figures.view import Form, View, levels, spoken
from harness.report.labels import (
    field_title,
    in_two_lines,
    in_words,
    metric_title,
    metric_unit,
    panel_title,
    shortened,
    wrapped,
)

DEFAULT = "test_error"
BY = ["panel", "across", "down"]
RAMP = matplotlib.colormaps["viridis_r"]
LOG_FROM = 6.0


def heatmap(
    data: pd.DataFrame,
    *,
    x: str,
    y: str,
    value: str = "test_error",
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a cell for each value of `x` and of `y`, in order of appearance, in the colour of the mean of `value`.

    `data` has a row per seed with `status` and `trial_id`. Below the mean stands a square a seed, a red cross where it
    was lost. `limits` are the values at the ends of the colours; the colours go by the logarithm where they lie far
    apart.
    """
    from seaborn import heatmap as coloured_cells  # half a second, which figures of other forms need not wait for

    ax = ax if ax is not None else style.new_figure(3.5)[1][0][0]
    data = data.assign(**{value: data[value].astype(float)})
    norm = _norm(limits or _limits([data], value))
    across, down = list(dict.fromkeys(data[x])), list(dict.fromkeys(data[y]))
    table = means(data, [x, y], value)
    places = findings.digits(value, table["mean"])
    table = table.assign(said=[_said(cell, places) for cell in table.to_dict("records")]).set_index([y, x])
    said = table["said"].unstack().reindex(index=down, columns=across)
    ax.set_facecolor("#F0F2F5")  # of cells without a mean
    shown = table["mean"].unstack().reindex(index=down, columns=across)
    coloured_cells(
        shown,
        **{"cmap": RAMP, "norm": norm, "cbar": False, "linewidths": 1.5, "linecolor": "white", "ax": ax},
        **{"annot": said, "fmt": "", "annot_kws": {"fontsize": 8}, "xticklabels": False, "yticklabels": False},
    )
    for text in ax.texts:  # in the ink that is read better
        column, row = map(int, text.get_position())
        face = style.contrast(to_hex(RAMP(norm(shown.iat[row, column]))))
        text.set_color("white" if face > style.contrast(style.INK) / face else style.INK)
    for (column, row), seeds in data.groupby([x, y], sort=False):
        at = across.index(column) + 0.5, down.index(row) + 0.5
        if not table.loc[(row, column), "n"]:
            ax.text(*at, "all lost", ha="center", va="center", fontsize=8, color=style.INK)
        _seeds(ax, seeds[value].to_numpy(), *at, norm)
    ax.set(xlabel="", ylabel="")
    ax.grid(False)
    ax.tick_params(length=0)
    texts = shortened(map(str, [*across, *down]), 30)
    style.ticks_at(
        ax.xaxis, [place + 0.5 for place in range(len(across))], [wrapped(texts[str(name)], 14, 3) for name in across]
    )
    style.ticks_at(
        ax.yaxis, [place + 0.5 for place in range(len(down))], [in_two_lines(texts[str(name)], 18) for name in down]
    )
    return ax


def _said(cell: Mapping[Hashable, Any], places: int) -> str:
    """Return the mean and, where seeds were lost, of how many it is one."""
    lost = cell["total"] - cell["n"]
    return f"{cell['mean']:.{places}f}" + (f" ({cell['n']} of {cell['total']})" if lost else "")


def _seeds(ax: Axes, values: np.ndarray, x: float, y: float, norm: Normalize) -> None:
    """Draw a square a seed in the lower part of a cell."""
    places = x + 0.8 * ((np.arange(len(values)) + 0.5) / len(values) - 0.5)
    finite = np.isfinite(values)
    ax.scatter(places[finite], np.full(finite.sum(), y + 0.3), s=14, marker="s", color=RAMP(norm(values[finite])),
               edgecolors="white", linewidths=0.6, zorder=3)  # fmt: skip
    ax.scatter(places[~finite], np.full((~finite).sum(), y + 0.3), s=14, marker="x", color=style.ALARM, zorder=3)


def _norm(limits: tuple[float, float]) -> Normalize:
    """Return how far along the ramp a value lies: by its logarithm where the limits lie far apart."""
    low, high = limits
    return (LogNorm if low > 0 and high > LOG_FROM * low else Normalize)(low, high, clip=True)


def _limits(parts: list[pd.DataFrame], value: str) -> tuple[float, float]:
    found = np.concatenate([part[value].to_numpy(dtype=float) for part in parts])
    found = found[np.isfinite(found)]
    return (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)


def draw(view: View) -> tuple[Figure, str]:
    """A column a panel; the ramp of colours stands beside the last."""
    metric, every = view.table.colour or DEFAULT, _placed(view)
    data = pooled(every, BY, [metric])
    down = data["down"].nunique()
    figure, cells = panels.grid(view, [metric], 0.6 + 0.5 * max(down, 1.4))
    for cell in cells:
        _panel(cell.ax, cell.rows(data), metric, data)
        title = panel_title(str(view.table.panels), cell.panel) if cell.panel else metric_title(metric)
        panels.headed(cell.ax, title, cell.width)
        cell.ax.set_xlabel(field_title(str(view.table.x)))
        if panels.starts_row(cell.ax):
            cell.ax.set_ylabel(field_title(view.table.y[0]))
    if is_finite(data, metric).any():
        _ramp(figure, [cell.ax for cell in cells], _limits([data], metric), metric)
    return figure, _caption(view, every, data, metric)


def headline(ax: Axes, view: View) -> str:
    """The first panel."""
    metric, panel = view.table.colour or DEFAULT, view.panels()[0]
    data = pooled(_placed(view), BY, [metric])
    _panel(ax, data[data["panel"] == panel], metric, data)
    ax.set(xlabel=field_title(str(view.table.x)), ylabel=field_title(view.table.y[0]))
    return metric_title(metric) + (f", {panel_title(str(view.table.panels), panel)}" if panel else "")


def _placed(view: View) -> pd.DataFrame:
    """Return the rows with `across` and `down`, the words of the two fields, sorted by them."""
    data, trials = view.trials(), view.frames.trials
    words: Mapping[str, str] = {"across": str(view.table.x), "down": view.table.y[0]}
    for name, field in words.items():
        found = levels(trials, field)
        order = {text: place for place, text in enumerate(found.values())}
        data = data.assign(**{name: spoken(data, field, found)})
        data = data.sort_values(name, key=lambda c, order=order: c.map(order), kind="stable")
    return data


def _panel(ax: Axes, part: pd.DataFrame, metric: str, data: pd.DataFrame) -> None:
    if not is_finite(part, metric).any():
        note(ax, nothing(part, metric))
        return
    heatmap(part, x="across", y="down", value=metric, limits=_limits([data], metric), ax=ax)


def _ramp(figure: Figure, axes: list[Axes], limits: tuple[float, float], metric: str) -> None:
    norm = _norm(limits)
    bar = figure.colorbar(matplotlib.cm.ScalarMappable(norm, RAMP), ax=axes, label=metric_title(metric), pad=0.02)
    style.fit(bar.ax.yaxis, limits, ratio=LOG_FROM if isinstance(norm, LogNorm) else float("inf"))
    bar.ax.set_ylim(*limits)
    bar.ax.grid(False)


def _caption(view: View, every: pd.DataFrame, data: pd.DataFrame, metric: str) -> str:
    data = data.assign(cell=[f"{a} and {b}" for a, b in zip(data["across"], data["down"], strict=True)])
    what = in_words(metric)
    return (
        f"{what[0].upper()}{what[1:]} by {field_title(str(view.table.x))} and {field_title(view.table.y[0])}, "
        f"{panels.seeds_said(every, BY)} each: the mean in the colour of its cell, below it a "
        f"square a seed. Lowest and highest mean: {findings.extremes(data, 'cell', metric, metric_unit(metric))}."
        f"{findings.lost(every)}"
    )


FORM = Form(draw, headline)
