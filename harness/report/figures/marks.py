"""What the forms share: means and their intervals, lost seeds in words, labels that never touch.

A frame has a row per seed (or per seed and evaluation) with the columns `status` and `trial_id`; the other columns
are named by the caller. A seed without a finite value is counted beside the mark, never left out in silence.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures.style import FAINT, INK, colours, inches, markers, ticks_at
from harness.report.labels import in_two_lines, shortened
from harness.statistics.intervals import summarise

Colours = Mapping[Any, str]
SEED: dict[str, Any] = {"alpha": 0.45, "linewidths": 0, "zorder": 3}
MEAN: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.8}
SHARES = ("dead_units", "distinct_units", "saturated")
SEVERITY = ("done", "diverged", "failed")
LINE = 0.155  # inches, of text at the end of a curve


def means(frame: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Return summarise(); a share of seeds (`lost`) has no interval, for a seed is either lost or not."""
    table = summarise(frame, by, value)
    return table.assign(low=np.nan, high=np.nan) if value == "lost" else table


def is_finite(frame: pd.DataFrame, value: str) -> pd.Series:
    """Whether each row has a finite value."""
    return np.isfinite(frame[value].astype(float))


def pooled(frame: pd.DataFrame, by: list[str], values: Iterable[str]) -> pd.DataFrame:
    """Return a row per seed in each group of `by`, the unit of every interval: where arms share a mark, a seed has its
    mean over them, and none where one of them has none."""
    keys = [*by, "seed"]
    if not frame.duplicated(keys).any():
        return frame
    groups = frame.groupby(keys, sort=False, dropna=False)
    averaged = {value: groups[value].transform(lambda column: column.mean(skipna=False)) for value in values}
    worst = frame["status"].map(SEVERITY.index).groupby([frame[key] for key in keys], dropna=False).transform("max")
    frame = frame.assign(**averaged, status=worst.map(dict(enumerate(SEVERITY))))
    return frame.drop_duplicates(keys).reset_index(drop=True)


def palette_of(frame: pd.DataFrame, colour: str | None, palette: Colours | None) -> tuple[pd.DataFrame, str, Colours]:
    """Return the frame, the column that colours it and a colour a value; without a column all have one colour."""
    if colour is None:
        frame, colour = frame.assign(series=""), "series"
    return frame, colour, palette if palette is not None else colours(frame[colour])


def mean_style(shape: str, colour: str, *, whole: bool) -> dict[str, Any]:
    """Return how a mean is marked: filled, or hollow where it is the mean of the seeds that are left."""
    hollow = {"markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 1.2}
    return {"marker": shape, "color": colour, "linestyle": ""} | (MEAN if whole else hollow)


def lost_counts(frame: pd.DataFrame, by: list[str]) -> dict[Any, str]:
    """Return for each group of `by` that lost seeds a phrase such as "2 of 8 diverged"; other groups are absent."""
    phrases: dict[Any, str] = {}
    seeds = frame.drop_duplicates([*by, "trial_id"])
    for key, group in seeds.groupby(by if len(by) > 1 else by[0], sort=False):
        counts = {status: int((group["status"] == status).sum()) for status in ("diverged", "failed")}
        if any(counts.values()):
            phrases[key] = ", ".join(f"{n} of {len(group)} {status}" for status, n in counts.items() if n)
    return phrases


def absent(trials: pd.DataFrame, rows: pd.DataFrame, value: str) -> list[str]:
    """Return a phrase for each series of `trials` of which `rows` have nothing to show: "normal: 8 of 8 diverged"."""
    shown = set(rows.loc[is_finite(rows, value), "series"])
    lost = lost_counts(trials, ["series"])
    return [
        f"{name}: {lost.get(name, 'not measured')}"
        for name in dict.fromkeys(trials["series"])
        if shown and name not in shown
    ]


def nothing(frame: pd.DataFrame, value: str) -> str:
    """Return why a panel shows nothing: nothing has run, every seed was lost, or the metric was not measured."""
    if frame.empty:
        return "no trial has finished"
    seeds = frame.drop_duplicates("trial_id")
    if (seeds["status"] != "done").all():
        words = {word for word in ("diverged", "failed") if (seeds["status"] == word).any()}
        return f"all {len(seeds)} seeds {' or '.join(sorted(words))}"
    return f"{value.replace('_', ' ')} was not measured"


def extent(frame: pd.DataFrame, by: list[str], value: str) -> list[float]:
    """Return what an axis should show: the finite values and, as far as sense goes, the interval of each group of `by`.

    No error is above 100 %, no share above 1, none below 0, and positive values need no room below half the smallest.
    """
    column = frame[value].astype(float)
    values = column[np.isfinite(column)].tolist()
    ceiling = 100.0 if value.endswith("_error") else 1.0 if value.endswith("_accuracy") or value in SHARES else np.inf
    floor = min(values) / 2 if values and min(values) > 0 else 0.0 if np.isfinite(ceiling) else -np.inf
    ends = means(frame, by, value)[["low", "high"]].to_numpy(dtype=float)
    return [*values, *np.clip(ends[np.isfinite(ends)], floor, ceiling)]


def name_rows(ax: Axes, names: Iterable[object]) -> None:
    """Name the rows 0, 1, … of `ax` at its left, a long name in two lines where a row has room for them."""
    texts = shortened(map(str, names), 40)
    if inches(ax)[1] / max(len(texts), 1) < 2 * LINE:
        texts = shortened(texts, 28)
    ticks_at(ax.yaxis, range(len(texts)), [in_two_lines(text, 28) for text in texts.values()])


def end_labels(ax: Axes, frame: pd.DataFrame, x: str, value: str, series: str, palette: Colours) -> None:
    """Name each series beside the right end of its mean line instead of in a legend; labels never touch.

    Call it last: it needs the final limits of the axes.
    """
    ends = []
    shape = markers(palette)
    for name, part in frame.groupby(series, sort=False):
        table = means(part.sort_values(x, kind="stable"), [x], value).dropna(subset="mean")
        if len(table):
            point = ax.transData.transform((table[x].iloc[-1], table["mean"].iloc[-1]))
            across, up = ax.transAxes.inverted().transform(point)
            ends.append((min(max(up, 0.0), 1.0), across, name))
    ends.sort(key=lambda end: end[0])
    heights = spread([end[0] for end in ends], LINE * ax.figure.dpi / ax.get_window_extent().height)
    texts = shortened((str(name) for _, _, name in ends), 24)
    place: dict[str, Any] = {"transform": ax.transAxes, "clip_on": False}
    for y, (up, across, name) in zip(heights, ends, strict=True):
        ax.plot([across + 0.01, 1.05], [up, y], color=palette[name], linewidth=0.8, **place)
        ax.plot(1.065, y, shape[name], color=palette[name], markersize=4, **place)
        ax.text(1.095, y, texts[str(name)], color=INK, va="center", fontsize=8, **place)


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
    write(ax, text)
    ax.set_xticks([])
    ax.set_yticks([])


def write(ax: Axes, text: str) -> None:
    """Write `text` into the middle of `ax`."""
    around = {"facecolor": "white", "edgecolor": "none", "pad": 2.0}
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=FAINT, bbox=around)
