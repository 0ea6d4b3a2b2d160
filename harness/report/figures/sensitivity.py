"""Sensitivity: what tuning saw, a panel an arm with the others in grey behind it, and a ring around what was chosen."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from harness.report.figures import panels, style
from harness.report.figures.marks import Colours, is_finite, means, note, nothing
from harness.report.figures.response import placed, response, x_axis
from harness.report.figures.view import Form, View
from harness.report.labels import field_title, in_words, metric_title, short_title, shortened, value_text, wrapped
from harness.spec.figures import tuned_fields

DEFAULT = "val_loss"
MOST_COLUMNS = 4
BEHIND = "#D5DAE0"


def sensitivity(
    data: pd.DataFrame,
    *,
    x: str,
    y: str = "val_loss",
    label: str,
    chosen: list[float] | tuple[float, ...] = (),
    palette: Colours | None = None,
    cap: float = np.inf,
    ax: Axes | None = None,
) -> Axes:
    """Draw `y` against `x` for the arm of this `label`, the means of the other arms in grey behind.

    `data` has a row per tuning trial, with `label`. A ring marks each of the `chosen` values of `x`; the share of
    lost seeds stands in red at the top.
    """
    ax = ax if ax is not None else style.new_figure(3.0)[1][0][0]
    palette = palette if palette is not None else style.colours(data["label"])
    table = means(data.sort_values(x, kind="stable"), ["label", x], y).assign(mean=lambda t: t["mean"].clip(upper=cap))
    for _, other in table.groupby("label", sort=False):
        ax.plot(other[x], other["mean"], color=BEHIND, linewidth=1, zorder=1)
    part = data[data["label"] == label]
    if len(part):
        response(part, x=x, y=y, colour="label", palette=palette, cap=cap, ax=ax)
        _lost_at_top(ax, part, x)
    ring = table[(table["label"] == label) & table[x].isin(chosen)]
    ax.plot(ring[x], ring["mean"], "o", markersize=11, markerfacecolor="none", zorder=7, linestyle="",
            markeredgecolor=palette[label], markeredgewidth=1.3)  # fmt: skip
    return ax


def _lost_at_top(ax: Axes, frame: pd.DataFrame, x: str) -> None:
    """Write the share of lost seeds ("2/3") above each position `x` where there were any."""
    lost = frame.assign(lost=frame["status"] != "done").groupby(x)["lost"].agg(["sum", "size"])
    top = blended_transform_factory(ax.transData, ax.transAxes)
    look: dict[str, Any] = {"color": style.ALARM, "fontsize": 6.5, "ha": "center", "va": "bottom", "zorder": 8}
    for row in lost[lost["sum"] > 0].reset_index().to_dict("records"):
        ax.text(row[x], 1.0, f"{row['sum']}/{row['size']}", transform=top, **look)


def draw(view: View) -> tuple[Figure, str]:
    """A panel an arm, four in a row."""
    metric, data = _metric(view), _tuned(view)
    arms = list(dict.fromkeys(data["series"])) or [""]
    columns = min(MOST_COLUMNS, len(arms))
    rows = -(-len(arms) // columns)
    figure, axes = style.new_figure(0.6 + 1.95 * rows, rows, columns)
    cells = [ax for line in axes for ax in line]
    width = style.WIDTH / columns - 0.4
    titles = shortened(arms, max(int(2 * width / 0.1), 8))
    lost = set(data.loc[data["status"] != "done", "series"])
    for place, (ax, arm) in enumerate(zip(cells, arms, strict=False)):
        _panel(ax, view, data, arm, width)
        row = arms[place - place % columns :][:columns]
        ink = style.readable(view.palette.get(arm, style.INK))
        ax.set_title(wrapped(titles[arm], int(width / 0.085)), fontsize=9, pad=14 if lost & set(row) else 6, color=ink)
        ax.tick_params(labelbottom=place + columns >= len(arms), labelleft=place % columns == 0)
    for ax in cells[len(arms) :]:
        ax.set_axis_off()
    figure.supylabel(metric_title(metric), fontsize=9, color=style.INK)
    figure.supxlabel(field_title(_field(view)), fontsize=9, color=style.INK)
    return figure, _caption(view, data, metric)


def headline(ax: Axes, view: View) -> str:
    """The first arm before the others."""
    data = _tuned(view)
    arm = next(iter(dict.fromkeys(data["series"])), "")
    _panel(ax, view, data, arm, 0.8 * style.inches(ax)[0])
    ax.set(xlabel=field_title(_field(view)), ylabel=short_title(_metric(view)))
    return arm


def _metric(view: View) -> str:
    return (view.table.y or (DEFAULT,))[0]


def _field(view: View) -> str:
    return view.table.x or next(iter(tuned_fields(view.frames.study.tune)), "learning_rate")


def _tuned(view: View) -> pd.DataFrame:
    """Return the tuning trials; where further fields were tuned, those of their best values at each value of x."""
    field, metric, data = _field(view), _metric(view), view.trials()
    others = [name for name in tuned_fields(view.frames.study.tune) if name != field]
    if not others or data.empty:
        return data
    table = means(data, ["arm", field, *others], metric).dropna(subset="mean")
    best = table.loc[table.groupby(["arm", field], sort=False, dropna=False)["mean"].idxmin()]
    return data.merge(best[["arm", field, *others]], on=["arm", field, *others])


def _panel(ax: Axes, view: View, data: pd.DataFrame, arm: str, width: float) -> None:
    metric, field = _metric(view), _field(view)
    if not is_finite(data, metric).any():
        note(ax, nothing(data, metric))
        return
    table = view.table.model_copy(update={"x": field})
    rows, words, scale = placed(View(table, view.frames, view.phases, view.colour, view.palette), data)
    rows = rows.assign(label=rows["series"])
    x_axis(ax, words, scale, width)
    cap = panels.cap_of(metric, rows[metric])
    finite = rows[metric].astype(float).dropna().clip(upper=cap)
    panels.scale_values(ax.yaxis, metric, [*finite, finite.max() * 1.1])
    places = _chosen(view, rows, arm)
    sensitivity(rows, x="place", y=metric, label=arm, chosen=places, palette=view.palette, cap=cap, ax=ax)


def _chosen(view: View, rows: pd.DataFrame, arm: str) -> list[float]:
    """Return the places on the axis of what was chosen for an arm."""
    field = _field(view)
    confirm = view.frames.phase("confirm")
    values = confirm.loc[confirm["label"] == arm, field].unique()
    return rows.loc[rows[field].isin(values), "place"].unique().tolist()


def _caption(view: View, data: pd.DataFrame, metric: str) -> str:
    field = _field(view)
    what, against = in_words(metric), field_title(field)
    confirm = view.frames.phase("confirm")
    ends = ""
    if len(confirm):
        values = confirm.groupby("label")[field].first().sort_values(kind="stable")
        ends = f"; chosen: from {value_text(field, values.iloc[0])} ({values.index[0]}) to "
        ends += f"{value_text(field, values.iloc[-1])} ({values.index[-1]})"
    text = (
        f"{what[0].upper()}{what[1:]} against {against} while tuning, "
        f"{panels.seeds_said(data, ['arm', field])} each: {panels.DOTS}; grey: the other arms. "
        f"A ring marks what was chosen by validation loss{ends}."
    )
    if (data["status"] != "done").any():
        text += " Red: the share of seeds that diverged or failed; a hollow mark is the mean of those that are left."
    cap = panels.cap_of(metric, data[metric])
    return text + (f" Triangles lie above {style.number(cap)}." if (data[metric] > cap).any() else "")


FORM = Form(draw, headline)
