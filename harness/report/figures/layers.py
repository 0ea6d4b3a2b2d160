"""Layers: what diagnostics measured in each layer at one evaluation, from the first hidden layer to the output."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures import panels, style
from harness.report.figures.marks import Colours, absent, extent, is_finite, note, nothing, pooled
from harness.report.figures.response import response
from harness.report.figures.view import Form, View
from harness.report.labels import field_title, in_words, listed, panel_title, short_title

DEFAULT = ("activation_variance", "gradient_norm")
NUMBER = 0.22  # inches that the number of a layer takes
LOG_FROM = 30.0  # ratio of the largest to the smallest value from which the axis is logarithmic


def layers(
    data: pd.DataFrame,
    *,
    colour: str = "label",
    palette: Colours | None = None,
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw `value` against `layer`: per `colour` a line through the means, intervals, a dot a seed.

    `data` has a row per seed and layer of one metric and one epoch. With `log`, means and intervals are those of the
    logarithms, and what is not above zero has no place.
    """
    ax = ax if ax is not None else style.new_figure(3.0)[1][0][0]
    if log:
        data = data[data["value"] > 0].assign(value=lambda t: np.log10(t["value"].astype(float)))
    response(data, x="layer", y="value", colour=colour, palette=palette, ax=ax)
    if log:
        style.powers_axis(ax.yaxis, extent(data, [colour, "layer"], "value"))
    _number_layers(ax, sorted(data["layer"].unique()), style.inches(ax)[0])
    return ax


def draw(view: View) -> tuple[Figure, str]:
    """A row a metric, a column a panel."""
    metrics, data = view.table.y or DEFAULT, _rows(view)
    figure, cells = panels.grid(view, metrics, 2.55)
    for metric in metrics:
        group = [cell for cell in cells if cell.metric == metric]
        of_metric = data[data["metric"] == metric]
        log = _is_log(of_metric)
        for cell in group:
            _panel(cell.ax, view, cell.rows(of_metric), metric, log=log)
        _scale(view, group, of_metric, log=log)
    panels.name_panels(view, cells, lambda cell: _unseen(view, cell, data))
    seen = [float(layer) for layer in sorted(data["layer"].unique())] or [1.0]
    for cell in cells:
        if is_finite(cell.rows(data), "value").any():
            cell.ax.set_xlim(seen[0] - 0.45, seen[-1] + 0.45)
            _number_layers(cell.ax, seen, cell.width)
        if cell.ax.xaxis.get_tick_params()["labelbottom"]:
            cell.ax.set_xlabel("layer")
    panels.key(figure, view.palette, view.shown(data), view.key_title)
    return figure, _caption(view, data, metrics)


def headline(ax: Axes, view: View) -> str:
    """The first metric in the first panel."""
    metric, panel, data = (view.table.y or DEFAULT)[0], view.panels()[0], _rows(view)
    part = data[(data["panel"] == panel) & (data["metric"] == metric)]
    _panel(ax, view, part, metric, log=_is_log(part))
    ax.set(xlabel="layer", ylabel=short_title(metric))
    return panel_title(str(view.table.panels), panel) if panel else ""


def _rows(view: View) -> pd.DataFrame:
    """Return the rows of the epoch that is shown."""
    data = view.layers()
    epoch = view.table.epoch if view.table.epoch is not None else data["epoch"].min()
    data = data[(data["epoch"] == epoch) & is_finite(data, "value")]
    return pooled(data, ["panel", "series", "metric", "layer"], ["value"])


def _number_layers(ax: Axes, seen: list[float], width: float) -> None:
    """Put a tick at every layer of a panel of `width` inches, or at every second, third, … where they would touch."""
    step = math.ceil(NUMBER * len(seen) / width)
    style.ticks_at(ax.xaxis, seen[::step])


def _is_log(data: pd.DataFrame) -> bool:
    positive = data.loc[data["value"] > 0, "value"]
    negative = (data["value"] < 0).any()
    return len(positive) > 0 and not negative and bool(positive.max() > LOG_FROM * positive.min())


def _panel(ax: Axes, view: View, part: pd.DataFrame, metric: str, *, log: bool) -> None:
    if part.empty or (log and not (part["value"] > 0).any()):
        note(ax, nothing(view.trials(), metric) if part.empty else "0 in every layer")
        return
    layers(part, colour="series", palette=view.palette, log=log, ax=ax)


def _scale(view: View, group: list[panels.Cell], data: pd.DataFrame, *, log: bool) -> None:
    """Give the panels of a metric one scale, and the numbers of it to the first of a row."""
    if not log:
        panels.scale_panels(view, group, lambda cell: extent(cell.rows(data), ["series", "layer"], "value"))
        return
    powers = data[data["value"] > 0].assign(value=lambda t: np.log10(t["value"].astype(float)))
    for cell in group:
        if cell.rows(powers).empty:
            continue
        shown = cell.rows(powers) if view.own_scale else powers
        style.powers_axis(cell.ax.yaxis, extent(shown, ["arm", "layer"], "value"))
        if not view.own_scale and not panels.starts_row(cell.ax):
            cell.ax.tick_params(labelleft=False)


def _unseen(view: View, cell: panels.Cell, data: pd.DataFrame) -> list[str]:
    """Return which series a panel cannot show: those without rows, and on a log axis those without a positive value."""
    of_metric = data[data["metric"] == cell.metric]
    part = cell.rows(of_metric)
    largest = part.groupby("series", sort=False)["value"].max()
    zero = largest.index[largest <= 0] if _is_log(of_metric) else []
    return [*(f"{name}: 0 in every layer" for name in zero), *absent(cell.rows(view.trials()), part, "value")]


def _caption(view: View, data: pd.DataFrame, metrics: tuple[str, ...]) -> str:
    if data.empty:
        return "What passes through the layers: nothing was recorded there; diagnostics = true records it."
    epoch = int(data["epoch"].iloc[0])
    when = "before training" if epoch == 0 else f"after epoch {epoch}"
    what = listed(in_words(metric) for metric in metrics)
    logs = [metric for metric in metrics if _is_log(data[data["metric"] == metric])]
    text = (
        f"{what[0].upper()}{what[1:]} layer by layer {when}, by {field_title(str(view.colour))}, "
        f"{panels.seeds_said(view.trials(), ['panel', 'series'])} each: {panels.DOTS}"
    )
    text += ", taken of the logarithms; zeros have no place on a log axis." if logs else "."
    flat = _flattest(data[(data["metric"] == logs[0]) & (data["value"] > 0)]) if logs else ""
    return text + (f" Flattest {in_words(logs[0])}: {flat}." if flat else "")


def _flattest(rows: pd.DataFrame) -> str:
    """Return for each panel the series that changes least from the first layer to the last."""
    rows = rows.assign(power=np.log10(rows["value"].astype(float)))
    ends = rows[rows["layer"].isin([rows["layer"].min(), rows["layer"].max()])]
    table = ends.groupby(["panel", "series", "layer"], sort=False)["power"].mean().unstack("layer").dropna()
    if table.shape[1] < 2:
        return ""
    change = (table.iloc[:, -1] - table.iloc[:, 0]).rename("change").reset_index()
    best = change.loc[change["change"].abs().groupby(change["panel"], sort=False).idxmin()]
    return ", ".join(
        f"{row['series']}{' with ' * bool(row['panel'])}{row['panel']} (last layer / first {10 ** row['change']:.2f})"
        for row in best.to_dict("records")
    )


FORM = Form(draw, headline)
