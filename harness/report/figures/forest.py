"""Forest: a row a verdict, its effect with the 95 % interval, coloured by verdict; shaded where the claim holds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from harness.report.figures import style
from harness.report.figures.marks import mean_style, note
from harness.report.figures.style import ALARM, FAINT, readable
from harness.report.figures.view import Form, View
from harness.report.labels import listed, shortened, wrapped
from harness.report.verdict_words import ORDER, effect, is_level, tally
from harness.spec.claims import questions
from harness.spec.figures import matching
from harness.text import counted

COLOURS = dict(zip(ORDER, ("#009E73", "#D55E00", "#56606B", "#A6B0BA"), strict=True))
SHAPES = dict(zip(ORDER, ("o", "X", "s", "D"), strict=True))
HOLDS = "#E3F3EC"  # where a claim would hold
MOST_ROWS = 3  # of a headline
WIDE = 20  # times the smallest effect or interval, from which of the largest the axis is logarithmic
ROW = 0.36  # inches
LETTERS = 46  # of a line of a row's name


def forest(data: pd.DataFrame, *, numbers: bool = True, ax: Axes | None = None) -> Axes:
    """Draw a row a verdict, from top to bottom; its effect, interval and, in the margin, both in numbers.

    `data` has the columns of `verdict_words.with_words`. A row without an effect says why. Intervals that would dwarf
    all others meet the edge; where effects differ in size by much, the axis is logarithmic but about 0.
    """
    ax = ax if ax is not None else style.new_figure(0.8 + ROW * len(data))[1][0][0]
    linear = linear_within(data)
    limits = _limits(data, linear)
    for place, row in enumerate(data.to_dict("records")):
        _row(ax, place, row, limits)
        if numbers:
            _margin(ax, place, row)
    if not data["form"].map(is_level).all():
        ax.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    _scale(ax, limits, linear)
    ax.set_ylim(len(data) - 0.45, -0.55)
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", length=0)
    style.ticks_at(ax.yaxis, range(len(data)), _names(data, LETTERS))
    return ax


def _scale(ax: Axes, limits: tuple[float, float], linear: float) -> None:
    """Scale the axis: linear, or from ± `linear` on logarithmic with powers of ten, as many as there is room for."""
    if not np.isfinite(linear):
        ax.set_xlim(*limits)
        ax.xaxis.set_major_locator(MaxNLocator(min(max(int(style.inches(ax)[0] / 0.6), 3), 5), steps=[1, 2, 5, 10]))
        return
    ax.set_xscale("symlog", linthresh=linear)
    ax.set_xlim(*limits)
    first, last = (int(np.floor(np.log10(size))) for size in (linear, max(map(abs, limits))))
    sides = 1 + (limits[0] < -linear < linear < limits[1])
    step = -(-sides * (last - first + 1) // max(int(style.inches(ax)[0] / 0.9), 2))
    powers = [10.0**power for power in range(last, first - 1, -step)]
    shown = [at for at in (*(-power for power in powers), 0.0, *powers[::-1]) if limits[0] <= at <= limits[1]]
    style.ticks_at(ax.xaxis, shown)


def linear_within(data: pd.DataFrame) -> float:
    """Return up to which size effects are drawn on a linear axis: a power of ten, or infinity where they are alike.

    The size of an effect is its own or half its interval, whichever is larger; beyond WIDE times the smallest one a
    linear axis would show little but the largest.
    """
    sizes = np.fmax(data["effect"].abs(), (data["high"] - data["low"]) / 2).to_numpy(dtype=float)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if data["form"].map(is_level).any() or not len(sizes) or sizes.max() <= WIDE * sizes.min():
        return np.inf
    return float(10.0 ** np.floor(np.log10(sizes.min())))


def _names(data: pd.DataFrame, letters: int) -> list[str]:
    """Return what each row is called, in two lines of so many letters: the claim, and below it the condition."""
    claims = shortened(data["text"], letters)
    whole = shortened(data["text"], 2 * letters - 4)
    under = shortened(data["under"], letters)
    return [
        f"{claims[row.text]}\n{under[row.under]}" if row.under else wrapped(whole[row.text], letters)
        for row in data.itertuples()
    ]


def _row(ax: Axes, place: int, row: Mapping[Any, Any], limits: tuple[float, float]) -> None:
    low, high = np.clip([row["holds_from"], row["holds_to"]], *limits)
    ax.add_patch(Rectangle((low, place - 0.36), high - low, 0.72, facecolor=HOLDS, edgecolor="none", zorder=0))
    colour = COLOURS[row["verdict"]]
    if np.isfinite(row["low"]):
        ax.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2, zorder=4)
    if np.isfinite(row["effect"]):
        look = mean_style(SHAPES[row["verdict"]], colour, whole=not row["lost"])
        ax.plot(row["effect"], place, markersize=6, zorder=5, **look)


def _margin(ax: Axes, place: int, row: Mapping[Any, Any]) -> None:
    """Write the effect beside the panel in the colour of its verdict; in red why there is none, and lost seeds."""
    beside: dict[str, Any] = {
        "xycoords": blended_transform_factory(ax.transAxes, ax.transData),
        "textcoords": "offset points",
        "fontsize": 7.5,
        "va": "center",
    }
    if not np.isfinite(row["effect"]):
        ax.annotate(row["reason"] or "no effect", (1, place), (8, 0), color=ALARM, **beside)
        return
    up = 5 * bool(row["lost"])
    colour = readable(COLOURS[row["verdict"]])
    ax.annotate(effect({**row, "unit": ""}), (1, place), (8, up), color=colour, **beside)
    if row["lost"]:
        ax.annotate(f"{row['lost']} of {row['n']} seeds lost", (1, place), (8, -up), color=ALARM, **beside)


def _limits(data: pd.DataFrame, linear: float) -> tuple[float, float]:
    """Return the ends of the axis: all effects and bounds, and of intervals at most as much again on either side."""
    bounds = data[["holds_from", "holds_to"]].to_numpy(dtype=float).ravel()
    centres = np.concatenate([data["effect"].to_numpy(dtype=float), bounds])
    if not data["form"].map(is_level).all():
        centres = np.append(centres, 0.0)
    centres = centres[np.isfinite(centres)] if np.isfinite(centres).any() else np.zeros(1)
    ends = data[["low", "high"]].to_numpy(dtype=float)
    ends = ends[np.isfinite(ends).all(axis=1)]
    span = max(np.ptp(centres), 1.5 * float(np.median(np.ptp(ends, axis=1))) if len(ends) else 0.0)
    shown = [*centres, *np.clip(ends.ravel(), centres.min() - span, centres.max() + span)]
    if np.isfinite(linear):
        low, high = np.arcsinh(np.array([min(shown), max(shown)]) / linear)
        room = 0.06 * (high - low)
        return float(linear * np.sinh(low - room)), float(linear * np.sinh(high + room))
    room = 0.06 * (max(shown) - min(shown)) or 1.0
    return min(shown) - room, max(shown) + room


def draw(view: View) -> tuple[Figure, str]:
    """A panel a metric and unit, below each other."""
    data = _rows(view)
    if data.empty:
        figure, ((ax,),) = style.new_figure(1.0)
        note(ax, "no verdict")
        return figure, "No claim of the study is judged here."
    parts = [part for _, part in data.groupby(_panel(data), sort=False)]
    lines = [len(part) for part in parts]
    figure, axes = style.new_figure(
        0.7 + sum(lines) * ROW + 0.75 * len(parts), len(parts), 1, height_ratios=[line + 0.6 for line in lines]
    )
    for (ax,), part in zip(axes, parts, strict=True):
        forest(part, ax=ax)
        ax.set_xlabel(_axis_title(part))
    _key(figure, data)
    return figure, _caption(data)


def headline(ax: Axes, view: View) -> str:
    """The first panel, its first rows."""
    data = _rows(view)
    if data.empty:
        note(ax, "no verdict")
        return ""
    part = next(part for _, part in data.groupby(_panel(data), sort=False))
    shown = part.head(MOST_ROWS)
    forest(shown, numbers=False, ax=ax)
    ax.set_yticks(range(len(shown)), _names(shown, 20))
    ax.set_xlabel(_axis_title(shown))
    return tally(data)


def _rows(view: View) -> pd.DataFrame:
    """Return the verdicts that a figure shows: those of its phases on its arms."""
    study, data = view.frames.study, view.frames.verdicts
    if data.empty:
        return data
    arms = set(matching(view.table.where, [*study.arms, *study.left_out]))
    within = [question.arms() <= arms for question in questions(study)]
    return data[np.array(within) & (data["phase"].isin(view.table.phase) | (not view.table.phase))]


def _panel(data: pd.DataFrame) -> list[pd.Series]:
    """Return what parts the panels: what is measured, in which unit, difference or mean."""
    return [data["measured"], data["unit"], data["form"].map(is_level)]


def _axis_title(part: pd.DataFrame) -> str:
    row, linear = part.iloc[0], linear_within(part)
    what = row["measured"] if is_level(row["form"]) else f"difference in {row['measured']}"
    what = f"rise of {row['measured']}" if row["form"] == "trend" else what
    what = f"{what}, {row['unit']}" if row["unit"] else what
    return what if np.isinf(linear) else f"{what} (log beyond ±{style.number(linear)})"


def _key(figure: Figure, data: pd.DataFrame) -> None:
    """Put a legend of the verdicts above the panels."""
    shown = [word for word in ORDER if word in set(data["verdict"])]
    marks = [figure.axes[0].plot([], [], markersize=6, **mean_style(SHAPES[word], COLOURS[word], whole=True))[0]
             for word in shown]  # fmt: skip
    holds = Rectangle((0, 0), 1, 1, facecolor=HOLDS, edgecolor="none")
    figure.legend([*marks, holds], [*shown, "the claim would hold"], loc="outside upper left", ncols=len(shown) + 1,
                  handletextpad=0.4, columnspacing=1.4)  # fmt: skip


def _caption(data: pd.DataFrame) -> str:
    n = data["n"].max()
    seeds = f"over {n} seeds" if data["n"].nunique() == 1 else f"over up to {n} seeds"
    levels = " or the mean" * bool(data["form"].map(is_level).any())
    return (
        f"{counted(len(data), 'verdict')} on {listed(dict.fromkeys(data['measured']))}: {tally(data)}. "
        f"A mark is the effect {seeds} (the difference at the same seed{levels}), its bar the 95 % t-interval; shaded "
        "are the effects that bear the claim out; a hollow mark counts lost seeds."
    )


FORM = Form(draw, headline)
