"""The marks that figures are made of, each DataFrame → Axes: seeds as dots or thin lines, their mean, its 95 % interval.

A frame has a row per seed (or per seed and evaluation) with the columns `status` and `seed`; the other columns are named by
the caller. A seed without a finite value is counted beside the mark, never left out in silence.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from harness.analysis.figures.style import ALARM, FAINT, INK, MARKERS, number, ticks_at, value_axis
from harness.analysis.statistics import summarise

Colours = Mapping[object, str]


def strip(ax: Axes, frame: pd.DataFrame, value: str, row: str, series: str, colour: Colours) -> None:
    """Draw a line of dots per `row` × `series` with mean and interval, rows from top to bottom in order of appearance.

    The numbers (mean ± half interval, and the lost seeds) stand in the right margin.
    """
    rows = {name: i for i, name in enumerate(dict.fromkeys(frame[row]))}
    lanes = {name: i for i, name in enumerate(dict.fromkeys(frame[series]))}
    step = 0.78 / len(lanes)

    def height(name: object, lane: object) -> float:
        return rows[name] + (lanes[lane] - (len(lanes) - 1) / 2) * step

    finite = frame[np.isfinite(frame[value])]
    for (name, lane), seeds in finite.groupby([row, series], sort=False):
        nudge = np.where(np.arange(len(seeds)) % 2, 0.09, -0.09) * step
        ax.scatter(
            seeds[value], height(name, lane) + nudge, s=13, color=colour[lane], alpha=0.5, linewidths=0, zorder=3
        )
    right = blended_transform_factory(ax.transAxes, ax.transData)
    text = {"transform": right, "va": "center", "fontsize": 7.5, "clip_on": False}
    lost = lost_counts(frame, [row, series])
    for _, group in summarise(frame, [row, series], value).iterrows():
        y, lane = height(group[row], group[series]), group[series]
        if group["n"]:
            ax.plot([group["low"], group["high"]], [y, y], color=colour[lane], linewidth=2.2, zorder=4)
            ax.plot(
                group["mean"], y, "o", color=colour[lane], markersize=6, markeredgecolor="white", zorder=5,
                markeredgewidth=0.9,
            )  # fmt: skip
            ax.text(1.015, y, plus_minus(group["mean"], group["low"], group["high"]), color=INK, **text)
        gone = lost.get((group[row], lane), "")
        ax.text(1.015 if not group["n"] else 1.17, y, gone, color=ALARM, **text)
    for boundary in range(1, len(rows)):
        ax.axhline(boundary - 0.5, color="#F0F2F5", linewidth=0.8, zorder=0)
    ax.set_ylim(len(rows) - 0.45, -0.55)
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", length=0)
    ticks_at(ax.yaxis, list(rows.values()), [str(name) for name in rows])
    if len(finite):
        value_axis(ax.xaxis, finite[value])


def response(
    ax: Axes, frame: pd.DataFrame, x: str, value: str, series: str, colour: Colours, *, cap: float = np.inf
) -> None:
    """Draw `value` against the numeric column `x`, a line through the means per `series`, a dot per seed.

    Values above `cap` are drawn on it as triangles; series stand slightly apart so that dots do not cover each other.
    """
    names = list(dict.fromkeys(frame[series]))
    positions = np.sort(frame[x].unique()).astype(float)
    log = ax.get_xscale() == "log"
    gap = np.diff(np.log(positions) if log else positions).min() if len(positions) > 1 else 1.0
    for i, name in enumerate(names):
        shift = 0.12 * gap * (i - (len(names) - 1) / 2) / max(len(names) / 2, 1)
        part = frame[frame[series] == name]

        def place(at: pd.Series, shift: float = shift) -> pd.Series:
            return at * np.exp(shift) if log else at + shift

        marker = MARKERS[i // 10 % len(MARKERS)]
        over = part[value] > cap
        inside = part[~over & np.isfinite(part[value])]
        ax.scatter(place(inside[x]), inside[value], s=12, color=colour[name], alpha=0.5, linewidths=0, zorder=3)
        ax.scatter(place(part[x][over]), [cap] * over.sum(), s=26, marker="^", color=colour[name], alpha=0.6, zorder=3)
        means = summarise(part.sort_values(x), [x], value)
        means = means[means["n"] > 0]
        means[["mean", "low", "high"]] = means[["mean", "low", "high"]].clip(upper=cap)
        at = place(means[x])
        ax.plot(at, means["mean"], color=colour[name], linewidth=1.6, zorder=4, marker=marker, markersize=4.5,
                markeredgecolor="white", markeredgewidth=0.7, label=str(name))  # fmt: skip
        ax.vlines(at, means["low"], means["high"], color=colour[name], linewidth=1.6, zorder=4)


def curves(ax: Axes, frame: pd.DataFrame, x: str, value: str, series: str, colour: Colours) -> None:
    """Draw a thin line per seed, the mean over the seeds still running as a thick one, its interval as a band.

    A cross ends the line of a seed that diverged.
    """
    for name, part in frame.groupby(series, sort=False):
        part = part[np.isfinite(part[value])]
        for _, seed in part.groupby("trial_id", sort=False):
            ax.plot(seed[x], seed[value], color=colour[name], linewidth=0.6, alpha=0.45, zorder=2)
            if (seed["status"] == "diverged").any():
                ax.plot(seed[x].iloc[-1], seed[value].iloc[-1], "x", color=ALARM, markersize=5, zorder=6)
        means = summarise(part.sort_values(x), [x], value)
        ax.fill_between(means[x], means["low"], means["high"], color=colour[name], alpha=0.18, linewidth=0, zorder=3)
        ax.plot(means[x], means["mean"], color=colour[name], linewidth=1.9, zorder=5, label=str(name))


def lost_share(ax: Axes, frame: pd.DataFrame, x: str, series: str, colour: Colours) -> None:
    """Draw the share (%) of seeds that diverged or failed against the numeric column `x`, a line per `series`."""
    share = frame.assign(lost=100.0 * (frame["status"] != "done")).groupby([series, x], sort=False)["lost"].mean()
    for name in dict.fromkeys(frame[series]):
        part = share[name].sort_index()
        ax.plot(part.index, part.to_numpy(), color=colour[name], linewidth=1.6, marker="o", markersize=4.5,
                markeredgecolor="white", markeredgewidth=0.7, label=str(name))  # fmt: skip
    ax.set_ylim(-4, 104)
    ticks_at(ax.yaxis, [0, 50, 100])


def lost_at_top(ax: Axes, frame: pd.DataFrame, x: str) -> None:
    """Write the share of lost seeds ("2/3") above each position `x` where there were any."""
    lost = frame.assign(lost=frame["status"] != "done").groupby(x)["lost"].agg(["sum", "size"])
    top = blended_transform_factory(ax.transData, ax.transAxes)
    for at, count in lost[lost["sum"] > 0].iterrows():
        ax.text(at, 0.97, f"{count['sum']}/{count['size']}", transform=top, color=ALARM, fontsize=7, ha="center",
                va="top", zorder=8)  # fmt: skip


def lost_counts(frame: pd.DataFrame, by: list[str]) -> dict[object, str]:
    """Return for each group of `by` that lost seeds a phrase such as "2 of 8 diverged"; other groups are absent."""
    phrases: dict[object, str] = {}
    for key, group in frame.groupby(by, sort=False):
        counts = [f"{n} of {len(group)} {status}" for status in ("diverged", "failed")
                  if (n := int((group["status"] == status).sum()))]  # fmt: skip
        if counts:
            phrases[key] = ", ".join(counts)
    return phrases


def end_labels(ax: Axes, frame: pd.DataFrame, x: str, value: str, series: str, colour: Colours) -> None:
    """Name each series at the right end of its mean line instead of in a legend; labels are pushed apart, in order.

    Call it last: it needs the final limits of the axes.
    """
    ends = []
    for name, part in frame.groupby(series, sort=False):
        means = summarise(part.sort_values(x), [x], value).dropna(subset="mean")
        if len(means):
            last = ax.transData.transform((means[x].iloc[-1], means["mean"].iloc[-1]))
            ends.append((ax.transAxes.inverted().transform(last)[1], str(name), colour[name]))
    ends.sort(key=lambda end: end[0])
    line = 0.135 / ax.get_window_extent().height * ax.figure.dpi  # the height of a line of text, in axes
    heights = spread([min(max(end[0], 0.0), 1.0) for end in ends], line)
    for y, (_, name, shade) in zip(heights, ends, strict=True):
        ax.text(1.015, y, name, transform=ax.transAxes, color=shade, va="center", fontsize=8, clip_on=False)


def spread(heights: list[float], gap: float) -> list[float]:
    """Return sorted `heights` moved as little as need be so that neighbours are at least `gap` apart.

    Neighbours that touch move as one block about their common centre (pool adjacent violators).
    """
    blocks: list[tuple[float, int]] = []  # (centre, size)
    for height in heights:
        blocks.append((height, 1))
        while len(blocks) > 1 and blocks[-1][0] - blocks[-2][0] < gap * (blocks[-1][1] + blocks[-2][1]) / 2 - 1e-12:
            (b, m), (a, n) = blocks.pop(), blocks.pop()
            blocks.append(((a * n + b * m) / (n + m), n + m))
    return [centre + gap * (i - (size - 1) / 2) for centre, size in blocks for i in range(size)]


def plus_minus(mean: float, low: float, high: float) -> str:
    """Return "2.31 ± 0.12", with as many digits as the interval carries; the mean alone when there is none."""
    half = (high - low) / 2
    if not np.isfinite(half):
        return f"{mean:.3g}"
    digits = max(0, min(4, 1 - int(np.floor(np.log10(half))))) if half > 0 else 2
    return f"{mean:.{digits}f} ± {half:.{digits}f}"


def note(ax: Axes, text: str) -> None:
    """Write `text` into the empty middle of `ax` (for a panel that has nothing to show)."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=FAINT)
    ax.set(xticks=[], yticks=[])


def rate_axis(ax: Axes, rates: pd.Series, label: str = "learning rate") -> None:
    """Make x a log axis with a tick at each rate that was used, thinned where labels would touch."""
    ax.set_xscale("log")
    used = sorted({float(rate) for rate in rates})
    ax.set_xlim(used[0] / 1.5, used[-1] * 1.5)
    decades = np.log10(used[-1] / used[0]) if len(used) > 1 else 1.0
    room = ax.figure.get_figwidth() * ax.get_position().width / 0.45  # labels that fit side by side
    keep: list[float] = []
    for rate in used:
        if not keep or np.log10(rate / keep[-1]) * room >= decades:
            keep.append(rate)
    ticks_at(ax.xaxis, keep, [number(rate) for rate in keep])
    ax.set_xlabel(label)
