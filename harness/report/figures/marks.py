"""The marks that figures are made of, DataFrame → Axes: seeds as dots or thin lines, their mean, its 95 % interval.

A frame has a row per seed (or per seed and evaluation) with the columns `status` and `trial_id`; the other columns
are named by the caller. A seed without a finite value is counted beside the mark, never left out in silence.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from harness.report.figures.findings import plus_minus
from harness.report.figures.style import ALARM, FAINT, INK, markers, ticks_at, value_axis
from harness.report.labels import drawable
from harness.statistics.intervals import summarise

Colours = Mapping[Any, str]
SEED: dict[str, Any] = {"alpha": 0.45, "linewidths": 0, "zorder": 3}
BESIDE = 3.5  # points between a mean and the dots of its seeds
FEW = 12  # evaluations of a curve that are marked one by one
MEAN: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.8}


def strip(
    ax: Axes, frame: pd.DataFrame, value: str, row: str, series: str, colour: Colours, *, numbers: bool = True
) -> None:
    """Draw a line per `row` × `series`, from top to bottom in order of appearance: mean and interval above its dots.

    Mean ± half the interval stands in the right margin with how many seeds were lost, in red; without `numbers` only
    the lost seeds are written, into the panel.
    """
    rows = {name: place for place, name in enumerate(dict.fromkeys(frame[row]))}
    lanes = {name: place for place, name in enumerate(dict.fromkeys(frame[series]))}
    step = 0.8 / len(lanes)

    def height(name: object, lane: object) -> float:
        return rows[name] + (lanes[lane] - (len(lanes) - 1) / 2) * step

    finite = frame[np.isfinite(frame[value])]
    shape = markers(colour)
    for (name, lane), seeds in finite.groupby([row, series], sort=False):
        below = np.full(len(seeds), height(name, lane) + 0.22 * step)
        ax.scatter(seeds[value], below, s=12 if numbers else 6, color=colour[lane], **SEED)
    margin: dict[str, Any] = {"transform": blended_transform_factory(ax.transAxes, ax.transData), "va": "center"}
    lost = lost_counts(frame, [row, series])
    for group in summarise(frame, [row, series], value).to_dict("records"):
        name, lane, n = group[row], group[series], group["n"]
        y = height(name, lane) - 0.1 * step
        ax.plot([group["low"], group["high"]], [y, y], color=colour[lane], linewidth=2 if numbers else 1.3, zorder=4)
        ax.plot(group["mean"], y, shape[lane], color=colour[lane], markersize=5.5 if numbers else 4, zorder=5, **MEAN)
        told = [plus_minus(group["mean"], group["low"], group["high"])] if n and numbers else []
        told += [lost[name, lane]] if (name, lane) in lost else []
        at, side, size = (1.015, "left", 7.5) if numbers else (0.99, "right", 6)
        ink = ALARM if (name, lane) in lost else INK
        ax.text(at, y, "; ".join(told), ha=side, fontsize=size, color=ink, **margin)
    for boundary in range(1, len(rows)):
        ax.axhline(boundary - 0.5, color="#F0F2F5", linewidth=0.8, zorder=0)
    ax.set_ylim(len(rows) - 0.45, -0.55)
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", length=0)
    ticks_at(ax.yaxis, list(rows.values()), [drawable(name) for name in rows])
    if len(finite):
        value_axis(ax.xaxis, extent(frame, [row, series], value))
    else:
        ax.set_xticks([])


def response(
    ax: Axes, frame: pd.DataFrame, x: str, value: str, series: str, colour: Colours, *, cap: float = np.inf
) -> None:
    """Draw `value` against the numeric column `x`: per `series` a line through the means, intervals, a dot a seed.

    Values above `cap` are drawn on it as triangles. Series stand slightly apart, and the dots of the seeds a little to
    the right of their mean, so that nothing covers them.
    """
    shape = markers(colour)
    beside = ax.transData + ScaledTranslation(BESIDE / 72, 0, ax.figure.dpi_scale_trans)
    for name, part in dodged(ax, frame, x, series).groupby(series, sort=False):
        over = part[part[value] > cap]
        inside = part[part[value] <= cap]
        ax.scatter(inside["at"], inside[value], s=9, color=colour[name], transform=beside, **SEED)
        ax.scatter(over["at"], np.full(len(over), cap), s=22, marker="^", color=colour[name], transform=beside, **SEED)
        means = summarise(part.sort_values("at", kind="stable"), ["at"], value)
        means = means[means["n"] > 0]
        bounds = means[["mean", "low", "high"]].clip(upper=cap)
        ax.vlines(means["at"], bounds["low"], bounds["high"], color=colour[name], linewidth=1.4, zorder=4)
        ax.plot(means["at"], bounds["mean"], color=colour[name], marker=shape[name], linewidth=1.6, markersize=4.5,
                zorder=5, label=str(name), **MEAN)  # fmt: skip


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


def curves(ax: Axes, frame: pd.DataFrame, x: str, value: str, series: str, colour: Colours) -> None:
    """Draw a thin line per seed, the mean over the seeds still running as a thick one, its interval as a band.

    A cross ends the line of a seed that diverged. Few evaluations are marked one by one.
    """
    frame = frame[np.isfinite(frame[value])].sort_values(x, kind="stable")
    shape = markers(colour)
    few = frame[x].nunique() <= FEW
    for name, part in frame.groupby(series, sort=False):
        for _, seed in part.groupby("trial_id", sort=False):
            ax.plot(seed[x], seed[value], marker="." if few else "", color=colour[name], linestyle="-", linewidth=0.6,
                    alpha=0.4, markersize=3, zorder=2)  # fmt: skip
            if (seed["status"] == "diverged").any():
                ax.plot(seed[x].iloc[-1], seed[value].iloc[-1], "x", color=ALARM, markersize=5, zorder=6)
        means = summarise(part, [x], value)
        ax.fill_between(means[x], means["low"], means["high"], color=colour[name], alpha=0.15, linewidth=0, zorder=3)
        ax.plot(means[x], means["mean"], color=colour[name], marker=shape[name] if few else "", markersize=4,
                linewidth=1.9, zorder=5, label=str(name), **MEAN)  # fmt: skip


def lost_share(ax: Axes, frame: pd.DataFrame, x: str, series: str, colour: Colours) -> None:
    """Draw the share (%) of seeds that diverged or failed against the numeric column `x`, a line per `series`."""
    shape = markers(colour)
    frame = dodged(ax, frame, x, series).assign(lost=100.0 * (frame["status"] != "done"))
    for name, part in frame.groupby(series, sort=False):
        share = part.groupby("at")["lost"].mean()
        ax.plot(share.index, share, color=colour[name], marker=shape[name], linewidth=1.6, markersize=4.5,
                label=str(name), **MEAN)  # fmt: skip
    ax.set_ylim(-5, 105)
    ticks_at(ax.yaxis, [0, 25, 50, 75, 100])


def lost_at_top(ax: Axes, frame: pd.DataFrame, x: str) -> None:
    """Write the share of lost seeds ("2/3") above each position `x` where there were any."""
    lost = frame.assign(lost=frame["status"] != "done").groupby(x)["lost"].agg(["sum", "size"])
    top = blended_transform_factory(ax.transData, ax.transAxes)
    style: dict[str, Any] = {"color": ALARM, "fontsize": 6.5, "ha": "center", "va": "top", "zorder": 8}
    for row in lost[lost["sum"] > 0].reset_index().to_dict("records"):
        ax.text(row[x], 0.97, f"{row['sum']}/{row['size']}", transform=top, **style)


def lost_counts(frame: pd.DataFrame, by: list[str]) -> dict[Any, str]:
    """Return for each group of `by` that lost seeds a phrase such as "2 of 8 diverged"; other groups are absent."""
    phrases: dict[Any, str] = {}
    for key, group in frame.groupby(by, sort=False):
        counts = {status: int((group["status"] == status).sum()) for status in ("diverged", "failed")}
        if any(counts.values()):
            phrases[key] = ", ".join(f"{n} of {len(group)} {status}" for status, n in counts.items() if n)
    return phrases


def extent(frame: pd.DataFrame, by: list[str], value: str) -> list[float]:
    """Return what an axis should show: the finite values and, as far as sense goes, the interval of each group of `by`.

    No error is above 100 %, and positive values need no room below half the smallest of them.
    """
    values = frame[value][np.isfinite(frame[value])].tolist()
    floor = min(values) / 2 if values and min(values) > 0 else -np.inf
    ceiling = 100.0 if value.endswith("_error") else np.inf
    ends = summarise(frame, by, value)[["low", "high"]].to_numpy(dtype=float)
    return [*values, *np.clip(ends[np.isfinite(ends)], floor, ceiling)]


def end_labels(ax: Axes, frame: pd.DataFrame, x: str, value: str, series: str, colour: Colours) -> None:
    """Name each series beside the right end of its mean line instead of in a legend; labels never touch.

    Call it last: it needs the final limits of the axes.
    """
    ends = []
    shape = markers(colour)
    for name, part in frame.groupby(series, sort=False):
        means = summarise(part.sort_values(x, kind="stable"), [x], value).dropna(subset="mean")
        if len(means):
            point = ax.transData.transform((means[x].iloc[-1], means["mean"].iloc[-1]))
            across, up = ax.transAxes.inverted().transform(point)
            ends.append((min(max(up, 0.0), 1.0), across, name))
    ends.sort(key=lambda end: end[0])
    line = 0.155 * ax.figure.dpi / ax.get_window_extent().height  # of text, in heights of the axes
    heights = spread([end[0] for end in ends], line)
    place: dict[str, Any] = {"transform": ax.transAxes, "clip_on": False}
    for y, (up, across, name) in zip(heights, ends, strict=True):
        ax.plot([across + 0.01, 1.05], [up, y], color=colour[name], linewidth=0.8, **place)
        ax.plot(1.065, y, shape[name], color=colour[name], markersize=4, **place)
        ax.text(1.095, y, drawable(name), color=INK, va="center", fontsize=8, **place)


def spread(heights: list[float], gap: float, low: float = 0.0, high: float = 1.0) -> list[float]:
    """Return sorted `heights` moved as little as need be: `gap` apart (less if they would not fit), within the bounds.

    Neighbours that touch move as one block about their common centre.
    """
    n = len(heights)
    gap = min(gap, (high - low) / max(n - 1, 1))
    blocks: list[tuple[float, int]] = []  # (centre, size)
    for height in heights:
        blocks.append((height, 1))
        while len(blocks) > 1 and blocks[-1][0] - blocks[-2][0] < gap * (blocks[-1][1] + blocks[-2][1]) / 2:
            (upper, m), (lower, k) = blocks.pop(), blocks.pop()
            blocks.append(((lower * k + upper * m) / (k + m), k + m))
    apart = [centre + gap * (i - (size - 1) / 2) for centre, size in blocks for i in range(size)]
    return [min(max(y, low + gap * i), high - gap * (n - 1 - i)) for i, y in enumerate(apart)]


def note(ax: Axes, text: str) -> None:
    """Write `text` into the empty middle of `ax` (for a panel that has nothing to show)."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=FAINT)
