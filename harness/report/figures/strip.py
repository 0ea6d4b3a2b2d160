"""Strip: a row an arm (or a value of a field), every seed a dot, mean and interval above them and in the margin."""

import re
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from harness.report.figures import findings, panels, style
from harness.report.figures.marks import (
    SEED,
    Colours,
    extent,
    is_finite,
    lost_counts,
    mean_style,
    means,
    name_rows,
    note,
    nothing,
    palette_of,
    pooled,
    write,
)
from harness.report.figures.style import ALARM, markers, readable
from harness.report.figures.view import Form, View, levels, spoken
from harness.report.labels import (
    field_title,
    in_two_lines,
    in_words,
    listed,
    metric_title,
    metric_unit,
    panel_title,
    short_title,
    shortened,
)

DEFAULT = ("test_error",)
BY = ["panel", "row", "series"]
MOST_ROWS = 10  # of a headline
LETTER = 4.9  # points, of a letter in the margin


def strip(
    data: pd.DataFrame,
    *,
    y: str = "test_error",
    x: str = "label",
    colour: str | None = None,
    palette: Colours | None = None,
    numbers: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw `y` along the x axis, a line per value of `x` and of `colour`, from top to bottom in order of appearance.

    `data` has a row per seed with `status` and `trial_id`. Mean ± half the interval stands in the right margin, with
    the lost seeds in red; without `numbers` only these ("3/8"). A hollow mean is one of the seeds that are left.
    """
    ax = ax if ax is not None else style.new_figure(0.8 + 0.3 * data[x].nunique())[1][0][0]
    data, colour, palette = palette_of(data, colour, palette)
    data = data.assign(**{y: data[y].astype(float)})
    rows = {name: place for place, name in enumerate(dict.fromkeys(data[x]))}
    heights, step = _heights(data, x, colour, rows, palette)
    shape = markers(palette)
    for key, seeds in data[is_finite(data, y)].groupby([x, colour], sort=False):
        below = np.full(len(seeds), heights[key] + 0.22 * step)
        ax.scatter(seeds[y], below, s=12 if numbers else 8, color=palette[key[1]], **SEED)
    for group in means(data, [x, colour], y).to_dict("records"):
        key = group[x], group[colour]
        at, shade = heights[key] - 0.1 * step, palette[key[1]]
        ax.plot([group["low"], group["high"]], [at, at], color=shade, linewidth=2 if numbers else 1.5, zorder=4)
        whole = y == "lost" or group["n"] == group["total"]
        look = mean_style(shape[key[1]], shade, whole=whole)
        ax.plot(group["mean"], at, markersize=5.5 if numbers else 4.5, zorder=5, **look)
    _margin(ax, data, y, x, colour, palette, heights, step, numbers=numbers)
    for boundary in range(1, len(rows)):
        ax.axhline(boundary - 0.5, color="#F0F2F5", linewidth=0.8, zorder=0)
    ax.set_ylim(len(rows) - 0.45, -0.55)
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", length=0)
    name_rows(ax, rows)
    if is_finite(data, y).any():
        panels.scale_values(ax.xaxis, y, extent(data, [x, colour], y))
    else:
        ax.set_xticks([])
    return ax


def _heights(
    data: pd.DataFrame, x: str, colour: str, rows: dict[Any, int], palette: Colours
) -> tuple[dict[Any, float], float]:
    """Return the height of each row × colour and the step between two: lanes in the order of the palette."""
    found = data.groupby([x, colour], sort=False).size().index
    lanes = {row: [shade for shade in palette if (row, shade) in found] for row in rows}
    step = 0.8 / max(map(len, lanes.values()), default=1)
    return {
        (row, shade): rows[row] + (lane - (len(shades) - 1) / 2) * step
        for row, shades in lanes.items()
        for lane, shade in enumerate(shades)
    }, step


def _margin(
    ax: Axes, data: pd.DataFrame, y: str, x: str, colour: str, palette: Colours, heights: dict[Any, float],
    step: float, *, numbers: bool,
) -> None:  # fmt: skip
    """Write beside the panel the means in the colours of their series and, in a further column, the lost seeds."""
    table = means(data, [x, colour], y)
    places = findings.digits(y, table["mean"])
    told = {
        (group[x], group[colour]): findings.plus_minus(group["mean"], group["low"], group["high"], places)
        for group in table.to_dict("records")
        if group["n"] and numbers
    }
    lost = lost_counts(data, [x, colour]) if y != "lost" else {}
    beside = max((len(text) for key, text in told.items() if key in lost), default=0)
    beside_axes = blended_transform_factory(ax.transAxes, ax.transData)
    frame: dict[str, Any] = {"xycoords": beside_axes, "textcoords": "offset points"}
    for key, height in heights.items():
        at = (1, height - 0.1 * step)
        if key in told:
            ax.annotate(told[key], at, (8, 0), fontsize=7.5, color=readable(palette[key[1]]), va="center", **frame)
        if key in lost:
            shift = 8 + (LETTER * beside + 5) * (key in told)
            said = lost[key] if numbers else re.sub(r"(\d+) of (\d+) \w+", r"\1/\2", lost[key])
            ax.annotate(said, at, (shift if numbers else 3, 0), fontsize=7.5, color=ALARM, va="center", **frame)


def draw(view: View) -> tuple[Figure, str]:
    """A column a metric, and panels below each other."""
    every, metrics, values = _rows(view), view.table.y or DEFAULT, view.panels()
    data = pooled(every, BY, metrics)
    parts = [data[data["panel"] == value] for value in values]
    lines = [max(_lines(part), 1) for part in parts]
    figure, axes = style.new_figure(
        0.9 + sum(lines) * (0.26 if sum(lines) <= 40 else 0.2) + 0.5 * (len(parts) - 1), len(parts), len(metrics),
        height_ratios=[line + 1 for line in lines],
    )  # fmt: skip
    for metric, column_of in zip(metrics, zip(*axes, strict=True), strict=True):
        for ax, part, value in zip(column_of, parts, values, strict=True):
            _panel(ax, view, part, metric)
            if len(values) > 1 and metric == metrics[0]:
                ax.set_title(panel_title(str(view.table.panels), value))
            if metric != metrics[0]:
                ax.tick_params(labelleft=False)
        if not view.own_scale and is_finite(data, metric).any():
            for ax in column_of:
                panels.scale_values(ax.xaxis, metric, extent(data, ["row", "series"], metric))
        column_of[-1].set_xlabel(metric_title(metric))
    if len(view.palette) > 1:
        panels.key(figure, view.palette, view.shown(data), view.key_title)
    return figure, _caption(view, every, data, metrics)


def headline(ax: Axes, view: View) -> str:
    """The first metric of the first panel; of many rows those with the lowest and the highest means."""
    metric, panel = (view.table.y or DEFAULT)[0], view.panels()[0]
    remark = panel_title(str(view.table.panels), panel) if panel else ""
    data = pooled(_rows(view), BY, [metric])
    data = data[data["panel"] == panel]
    table = means(data, ["row"], metric)
    if len(table) > MOST_ROWS:
        order = table.sort_values("mean", kind="stable")["row"].tolist()
        kept = [*order[: MOST_ROWS // 2], *order[-MOST_ROWS // 2 :]]
        data = data[data["row"].isin(kept)].sort_values("row", key=lambda c: c.map(order.index), kind="stable")
        remark = ", ".join(filter(None, [remark, f"lowest and highest of {len(order)}"]))
    _panel(ax, view, data, metric, numbers=False)
    lines = 1 if data["row"].nunique() > MOST_ROWS // 2 + 1 else 2  # of a row's name
    texts = shortened(dict.fromkeys(data["row"]), 14 + 6 * lines).values()
    ax.set_yticks(range(len(texts)), [in_two_lines(text, 20 if lines == 1 else 15) for text in texts])
    ax.set_xlabel(short_title(metric))
    return remark


def _rows(view: View) -> pd.DataFrame:
    """Return the trials with `row`, the word of the field that rows go by."""
    data, field = view.trials(), view.table.x or "arm"
    return data.assign(row=spoken(data, field, levels(view.frames.trials, field)))


def _panel(ax: Axes, view: View, part: pd.DataFrame, metric: str, *, numbers: bool = True) -> None:
    if part.empty:
        note(ax, nothing(part, metric))
        return
    strip(part, y=metric, x="row", colour="series", palette=view.palette, numbers=numbers, ax=ax)
    if not is_finite(part, metric).any():
        write(ax, nothing(part, metric))


def _lines(part: pd.DataFrame) -> float:
    lanes = part.groupby("row", sort=False)["series"].nunique()
    return float(len(lanes) * max(lanes.max(), 1.15)) if len(lanes) else 1.0


def _caption(view: View, every: pd.DataFrame, data: pd.DataFrame, metrics: tuple[str, ...]) -> str:
    by = f"each {field_title(view.table.x or 'arm')}" + (f", by {view.key_title}" if view.key_title else "")
    what = listed(in_words(metric) for metric in metrics)
    parts = [f"{what[0].upper()}{what[1:]} of {by}"]
    parts.append(f"{panels.seeds_said(every, BY)} each: {panels.DOTS}, also written in the margin.")
    for metric in metrics:
        seen = "; ".join(
            (f"{', '.join(name for name in names if name)}: " if any(names) else "")
            + findings.extremes(part, "row", metric, metric_unit(metric))
            for names, part in data.groupby(["panel", "series"], sort=False)
        )
        parts.append(f"Lowest and highest mean of the {in_words(metric)}: {seen}.")
    return f"{parts[0]}, {' '.join(parts[1:])}{findings.lost(every)}"


FORM = Form(draw, headline)
