"""Heatmap: a metric over two fields; in each cell the mean, and below it a square a seed in its own colour."""

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

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
    ax = ax if ax is not None else style.new_figure(3.5)[1][0][0]
    data = data.assign(**{value: data[value].astype(float)})
    low, high = limits or _limits([data], value)
    across = {name: place for place, name in enumerate(dict.fromkeys(data[x]))}
    down = {name: place for place, name in enumerate(dict.fromkeys(data[y]))}
    table = means(data, [x, y], value)
    places = findings.digits(value, table["mean"])
    for cell in table.to_dict("records"):
        at = across[cell[x]], down[cell[y]]
        share = _share(cell["mean"], low, high)
        face = to_hex(RAMP(share)) if cell["n"] else "#F0F2F5"
        ax.add_patch(Rectangle((at[0] - 0.5, at[1] - 0.5), 1, 1, facecolor=face, edgecolor="white", linewidth=1.5))
        ink = "white" if style.contrast(face) > style.contrast(style.INK) / style.contrast(face) else style.INK
        told = f"{cell['mean']:.{places}f}"
        lost = cell["total"] - cell["n"]
        said = (told + (f" ({cell['n']} of {cell['total']})" if lost else "")) if cell["n"] else "all lost"
        ax.text(at[0], at[1] - 0.08, said, ha="center", va="center", fontsize=8, color=ink)
    for (column, row), seeds in data.groupby([x, y], sort=False):
        _seeds(ax, seeds[value].to_numpy(), across[column], down[row], (low, high))
    ax.set(xlim=(-0.5, len(across) - 0.5), ylim=(len(down) - 0.5, -0.5))
    ax.grid(False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    texts = shortened(map(str, [*across, *down]), 30)
    style.ticks_at(ax.xaxis, range(len(across)), [wrapped(texts[str(name)], 14, 3) for name in across])
    style.ticks_at(ax.yaxis, range(len(down)), [in_two_lines(texts[str(name)], 18) for name in down])
    return ax


def _seeds(ax: Axes, values: np.ndarray, x: float, y: float, limits: tuple[float, float]) -> None:
    """Draw a square a seed in the lower part of a cell."""
    places = x + 0.8 * ((np.arange(len(values)) + 0.5) / len(values) - 0.5)
    finite = np.isfinite(values)
    colours = [to_hex(RAMP(_share(value, *limits))) for value in values[finite]]
    ax.scatter(places[finite], np.full(finite.sum(), y + 0.3), s=14, marker="s", color=colours, edgecolors="white",
               linewidths=0.6, zorder=3)  # fmt: skip
    ax.scatter(places[~finite], np.full((~finite).sum(), y + 0.3), s=14, marker="x", color=style.ALARM, zorder=3)


def _share(value: float, low: float, high: float) -> float:
    """Return how far along the ramp a value lies, 0 to 1."""
    if not np.isfinite(value) or high <= low:
        return 0.0
    if low > 0 and high > LOG_FROM * low:
        value, low, high = np.log(value), np.log(low), np.log(high)
    return float(np.clip((value - low) / (high - low), 0, 1))


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
    log = limits[0] > 0 and limits[1] > LOG_FROM * limits[0]
    norm = (matplotlib.colors.LogNorm if log else matplotlib.colors.Normalize)(*limits)
    bar = figure.colorbar(matplotlib.cm.ScalarMappable(norm, RAMP), ax=axes, label=metric_title(metric), pad=0.02)
    style.fit(bar.ax.yaxis, limits, ratio=LOG_FROM if log else float("inf"))
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
