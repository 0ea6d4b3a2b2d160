"""Response: a metric against a field that arms vary, with a line through the means and a dot a seed beside them."""

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import CARETDOWN
from matplotlib.patheffects import withStroke
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from harness.report.figures import findings, panels, style
from harness.report.figures.marks import (
    SEED,
    Colours,
    absent,
    extent,
    is_finite,
    mean_style,
    means,
    note,
    nothing,
    palette_of,
    pooled,
)
from harness.report.figures.style import ALARM, markers, number, ticks_at
from harness.report.figures.view import Form, View, column, is_numeric, levels
from harness.report.labels import (
    field_title,
    in_words,
    listed,
    metric_unit,
    panel_title,
    short_title,
    shortened,
    wrapped,
)

DEFAULT = ("test_error",)
BY = ["panel", "series", "place"]
BESIDE = 3.5  # points between a mean and the dots of its seeds
LOG_FROM = 10  # ratio of the largest to the smallest position from which a log axis is thought of
HALO = [withStroke(linewidth=2, foreground="white")]
SLANTED = 26  # letters of a slanted name below an axis
STEEP = 0.3  # inches between names, below which they stand upright
UPRIGHT = 14  # letters of such a name: it takes no more than a third of a panel's height
CLOSE = 0.16  # inches that an upright name takes
MOST_SAID = 8  # series whose extremes a caption tells one by one


def response(
    data: pd.DataFrame,
    *,
    x: str,
    y: str = "test_error",
    colour: str | None = None,
    palette: Colours | None = None,
    cap: float = np.inf,
    join: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw `y` against the numeric column `x`: per `colour` a line through the means, intervals, a dot a seed.

    `data` has a row per seed with `status` and `trial_id`. Values above `cap` are drawn on it as triangles. Series
    stand slightly apart, and the dots a little to the right of their mean, so that nothing covers them. The bar of
    positive values that goes on below half the least of its seeds ends there in an arrow. A hollow mean
    is one of the seeds that are left, with their number; where none is left, a red cross stands at the top. `y="lost"`
    is the share (%) of lost seeds, without dots.
    """
    ax = ax if ax is not None else style.new_figure(3.5)[1][0][0]
    data, colour, palette = palette_of(data, colour, palette)
    shape = markers(palette)
    beside = ax.transData + ScaledTranslation(BESIDE / 72, 0, ax.figure.dpi_scale_trans)
    data = dodged(ax, data.assign(**{y: data[y].astype(float)}), x, colour)
    for name, part in data.groupby(colour, sort=False):
        shade = palette[name]
        if y != "lost":
            over, inside = part[part[y] > cap], part[part[y] <= cap]
            dots: dict[str, Any] = {"color": shade, "transform": beside, **SEED}
            ax.scatter(inside["at"], inside[y], s=9, **dots)
            ax.scatter(over["at"], np.full(len(over), cap), s=22, marker="^", **dots)
        table = means(part.sort_values("at", kind="stable"), ["at"], y)
        left = table[table["n"] > 0]
        bounds = left[["mean", "low", "high"]].clip(upper=cap)
        foot = feet(part, left, ["at"], y)
        ax.vlines(left["at"], np.fmax(bounds["low"], foot), bounds["high"], color=shade, linewidth=1.4, zorder=4)
        if foot.notna().any():
            ax.plot(left["at"], foot, marker=CARETDOWN, linestyle="", color=shade, markersize=4, zorder=4)
        if join:  # where every seed was lost the line is broken
            ax.plot(table["at"], table["mean"].clip(upper=cap), color=shade, linewidth=1.6, zorder=4, label=str(name))
        whole = (left["n"] == left["total"]) | (y == "lost")
        for kept in (True, False):
            at = left["at"][whole == kept], bounds["mean"][whole == kept]
            ax.plot(*at, markersize=4.5, zorder=5, **mean_style(shape[name], shade, whole=kept))
        if y != "lost":
            _mark_losses(ax, table, cap)
    return ax


def feet(part: pd.DataFrame, table: pd.DataFrame, by: list[str], y: str) -> pd.Series:
    """Return, for the `means` of groups of positive values, half the least of each whose interval goes on below that;
    NaN for the others."""
    least = (
        table[by]
        .merge(part[y].astype(float).groupby([part[key] for key in by]).min().reset_index(), "left")[y]
        .set_axis(table.index)
    )
    return (least / 2).where((least > 0) & (table["low"] < least / 2))


def _mark_losses(ax: Axes, table: pd.DataFrame, cap: float) -> None:
    """Write "1 of 8" below a mean of one seed that is left, and put a cross at the top where none is."""
    single = table[(table["n"] == 1) & (table["total"] > 1)]
    for row in single.to_dict("records"):
        ax.annotate(f"1 of {row['total']}", (row["at"], min(row["mean"], cap)), (0, -5), textcoords="offset points",
                    ha="center", va="top", fontsize=6.5, color=ALARM, zorder=8, path_effects=HALO)  # fmt: skip
    none = table.loc[table["n"] == 0, "at"]
    top = blended_transform_factory(ax.transData, ax.transAxes)
    ax.plot(none, np.full(len(none), 0.97), "x", color=ALARM, markersize=5, transform=top, zorder=8)


def dodged(ax: Axes, frame: pd.DataFrame, x: str, series: str) -> pd.DataFrame:
    """Return `frame` with a column `at`: `x`, moved a little for each series so that they stand side by side."""
    log = ax.get_xscale() == "log"
    positions = np.sort(frame[x].unique()).astype(float)
    gap = np.diff(np.log(positions) if log else positions).min() if len(positions) > 1 else 1.0
    names = list(dict.fromkeys(frame[series]))
    shift = frame[series].map({
        name: 0.4 * gap * (place - (len(names) - 1) / 2) / max(len(names), 3) for place, name in enumerate(names)
    }).astype(float)  # fmt: skip
    at = frame[x].astype(float)
    return frame.assign(at=at * np.exp(shift) if log else at + shift)


def positions(trials: pd.DataFrame, field: str) -> tuple[dict[Any, float], dict[float, str], str]:
    """Return where each value of a field stands on an axis, the words below the places, and the scale.

    Numbers stand where they are, on a log axis ("log") where that spaces them more evenly over a decade or more. What
    is no number (a text, or none among numbers) stands one after the other ("named", or "ordered" among numbers).
    """
    found = levels(trials, field)
    numeric = is_numeric(found)
    if numeric and None not in found:
        values = [float(value) for value in found]
        if min(values) > 0 and max(values) / min(values) >= LOG_FROM and _uneven(np.log(values)) < _uneven(values):
            return dict(zip(found, values, strict=True)), dict(zip(values, map(number, values), strict=True)), "log"
        if len(values) < 3 or max(np.diff(values)) < LOG_FROM * min(np.diff(values)):
            return dict(zip(found, values, strict=True)), dict(zip(values, map(number, values), strict=True)), "linear"
    places = {value: float(place) for place, value in enumerate(found)}
    return places, dict(zip(places.values(), found.values(), strict=True)), "ordered" if numeric else "named"


def _uneven(values: Any) -> float:
    steps = np.diff(values)
    return float(steps.std() / steps.mean())


def x_axis(ax: Axes, words: dict[float, str], scale: str, width: float) -> None:
    """Put the ticks of a field on the x axis of a panel of `width` inches, as many as can be read."""
    places = list(words)
    if scale == "log":
        style.log_axis(ax, places, width)
        return
    steps = np.diff(sorted(places))
    margin = max(0.05 * steps.sum(), 0.35 * steps.min()) if scale == "linear" and len(steps) else 0.5
    low, high = min(places) - margin, max(places) + margin
    ax.set_xlim(low, high)
    inch = width / (high - low)
    if scale == "linear":
        kept = [places[0]]
        for place in places[1:]:
            if (place - kept[-1]) * inch > 0.07 * len(words[place]) + 0.12:
                kept.append(place)
        ticks_at(ax.xaxis, kept, [words[place] for place in kept])
        return
    texts = [wrapped(word, int(inch / 0.075), 3) for word in words.values()]
    if all(len(line) * 0.075 < inch and "…" not in line for text in texts for line in text.split("\n")):
        ticks_at(ax.xaxis, places, texts)
        return
    names = list(shortened(words.values(), UPRIGHT if inch < STEEP else SLANTED).values())
    step = math.ceil(CLOSE / inch)
    ticks_at(ax.xaxis, places[::step], names[::step])
    for label in ax.get_xticklabels():
        if inch < STEEP:
            label.set(rotation=90)
        else:
            label.set(rotation=35, ha="right", rotation_mode="anchor")


def placed(view: View, data: pd.DataFrame) -> tuple[pd.DataFrame, dict[float, str], str]:
    """Return the rows with `place` (where their value of x stands), the words below the places, and the scale."""
    field = str(view.table.x)
    present = data if len(data) else view.frames.trials
    where, words, scale = positions(present, field)
    values = data[column(field)]
    place = values.map(where).astype(float).fillna(where.get(None, np.nan))
    return data.assign(place=place), words, scale


def draw(view: View) -> tuple[Figure, str]:
    """A row a metric, a column a panel."""
    metrics = view.table.y or DEFAULT
    every, words, scale = placed(view, view.trials())
    data = pooled(every, BY, metrics)
    figure, cells = panels.grid(view, metrics, 3.1 if len(metrics) * len(view.panels()) > 1 else 3.4)
    for cell in cells:
        _panel(cell.ax, view, cell.rows(data), cell.metric, words, scale, cell.width, data)
    panels.scale_panels(view, cells, lambda cell: _extent(cell.rows(data), cell.metric))
    panels.name_panels(view, cells, lambda cell: absent(cell.rows(data), cell.rows(data), cell.metric))
    _label_x(view, cells)
    if len(view.shown(data)) > 1:
        panels.key(figure, view.palette, view.shown(data), view.key_title)
    return figure, _caption(view, every, data, metrics)


def _label_x(view: View, cells: list[panels.Cell]) -> None:
    for cell in cells:
        if cell.ax.xaxis.get_tick_params()["labelbottom"]:
            cell.ax.set_xlabel(field_title(str(view.table.x)))


def headline(ax: Axes, view: View) -> str:
    """The first metric in the first panel."""
    metric, panel = (view.table.y or DEFAULT)[0], view.panels()[0]
    every, words, scale = placed(view, view.trials())
    data = pooled(every, BY, [metric])
    part = data[data["panel"] == panel]
    _panel(ax, view, part, metric, words, scale, 0.8 * style.inches(ax)[0], data)
    panels.scale_values(ax.yaxis, metric, _extent(part, metric))
    ax.set(xlabel=field_title(str(view.table.x)), ylabel=short_title(metric))
    return panel_title(str(view.table.panels), panel) if panel else ""


def _panel(
    ax: Axes, view: View, part: pd.DataFrame, metric: str, words: dict[float, str], scale: str, width: float,
    data: pd.DataFrame,
) -> None:  # fmt: skip
    if metric != "lost" and not is_finite(part, metric).any():
        note(ax, nothing(part, metric))
        return
    x_axis(ax, words, scale, width)
    cap = panels.cap_of(metric, data[metric])
    join = scale != "named"
    response(part, x="place", y=metric, colour="series", palette=view.palette, cap=cap, join=join, ax=ax)
    if metric == "gap":
        ax.axhline(0, color=style.FAINT, linewidth=0.8, zorder=1)


def _extent(part: pd.DataFrame, metric: str) -> list[float]:
    return extent(part, ["series", "place"], metric)


def _caption(view: View, every: pd.DataFrame, data: pd.DataFrame, metrics: tuple[str, ...]) -> str:
    by = [f"by {view.key_title or view.colour}"] * (view.colour is not None)
    by += [f"in panels by {field_title(view.table.panels)}"] if view.table.panels else []
    what = listed(in_words(metric) for metric in metrics)
    against = " ".join([f"{what[0].upper()}{what[1:]} against {field_title(str(view.table.x))}", *by])
    parts = [f"{against}; {panels.seeds_said(every, BY)} each: {panels.DOTS}."]
    if "lost" not in metrics:
        parts += [findings.lost(every).strip()]
    for metric in metrics:
        if metric.endswith("_loss") and (data[metric] > panels.cap_of(metric, data[metric])).any():
            parts.append(f"Triangles lie above a loss of {number(panels.cap_of(metric, data[metric]))}.")
    if any(feet(data, means(data, BY, metric), BY, metric).notna().any() for metric in metrics):
        parts.append("A bar that ends in an arrow goes on below.")
    if (data["status"] != "done").any():
        parts.append("A hollow mark is the mean of the seeds that are left; a red cross stands where none is.")
    most = 2 if data.groupby(["panel", "series"]).ngroups <= MOST_SAID // 2 - 1 else 1
    parts += [_seen(view, data, metric) for metric in metrics if metric != "lost"][:most]
    return " ".join(filter(None, parts))


def _seen(view: View, data: pd.DataFrame, metric: str) -> str:
    """Return the places of the lowest and the highest mean, series by series as far as there is room."""
    words = levels(data, str(view.table.x)) if len(data) else {}
    data = data.assign(at_value=[_word(words, value) for value in data[column(str(view.table.x))]])
    groups = list(data.groupby(["panel", "series"], sort=False))
    if len(groups) > MOST_SAID:
        groups = [(("", ""), data)]
    told = []
    for names, part in groups:
        name = ", ".join(name for name in names if name)
        lost = part.loc[part["status"] != "done", "place"]
        ends = findings.extremes(part, "at_value", metric, metric_unit(metric))
        first = next(itertools.islice(part.loc[part["place"] == lost.min(), "at_value"], 1), "")
        told.append(f"{name}: " * bool(name) + ends + (f", seeds lost from {first} on" if first else ""))
    return f"Lowest and highest mean of the {in_words(metric)}: {'; '.join(told)}."


def _word(words: dict[Any, str], value: Any) -> str:
    return words[None] if value is pd.NA or value is None or value != value else words[value]


FORM = Form(draw, headline)
