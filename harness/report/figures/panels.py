"""Panels and figures that several studies share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.report.figures import findings, marks, style
from harness.report.figures.marks import Colours
from harness.report.labels import drawable
from harness.report.study_frames import SHOWN_PHASES, Frames
from harness.statistics.intervals import summarise

DOTS = "small dots are seeds, bold marks their mean, bars its 95 % t-interval"
LINES = "thin lines are seeds, thick ones their mean, bands its 95 % t-interval; a red cross ends a seed that diverged"


@dataclass(frozen=True)
class Drawing:
    """A figure with its file name (without suffix) and the sentences below it."""

    name: str
    figure: Figure
    caption: str


def seeds_said(frame: pd.DataFrame, by: Sequence[str]) -> str:
    """Return "n = 8 seeds", or the range where the groups of `by` differ."""
    counts = frame.groupby(list(by), sort=False, dropna=False)["seed"].nunique()
    low, high = int(counts.min()), int(counts.max())
    return f"n = {low if low == high else f'{low} to {high}'} seed{'s' * (high != 1)}"


def arms_strip(frames: Frames, name: str, arms: Sequence[str] | None = None) -> Drawing:
    """Test error of `arms` (all of them), as written and, where there was tuning, at the tuned rate."""
    data = frames.phase("default", "confirm")
    data = data if arms is None else data[data["arm"].isin(arms)]
    data = data.assign(phase=data["phase"].map(SHOWN_PHASES))
    colour = style.colours(data["phase"])
    seen = "; ".join(
        f"{phase}: " * (len(colour) > 1) + findings.extremes(part, "label", "test_error")
        for phase, part in data.groupby("phase", sort=False)
    )
    figure, [[ax]] = style.new_figure(0.8 + data["arm"].nunique() * max(0.3, 0.26 * len(colour)))
    marks.strip(ax, data, "test_error", "label", "phase", colour)
    ax.set_xlabel("test error (%)")
    if len(colour) > 1:
        key(figure, colour)
    caption = (
        f"Test error of each arm, {seeds_said(data, ['arm', 'phase'])} each: {DOTS}, also written in the margin. "
        f"Lowest and highest mean: {seen}.{findings.lost(data)}"
    )
    return Drawing(name, figure, caption)


def has_curves(data: pd.DataFrame) -> bool:
    """Whether trials were evaluated more than once: a single point is no curve."""
    return data["passes"].nunique() > 1


def learning_curves(ax: Axes, data: pd.DataFrame, value: str, series: str, colour: Colours) -> None:
    """One panel of curves against epochs; its limits are set by share_limits()."""
    data = data[np.isfinite(data[value])]
    if data.empty:
        marks.note(ax, "no finite values")
        return
    marks.curves(ax, data, "passes", value, series, colour)
    first, last = data["passes"].min(), int(np.ceil(data["passes"].max()))
    style.ticks_at(ax.xaxis, range(0, last + 1, -(-last // 10)))
    margin = 0.03 * (last - first or 1)
    ax.set_xlim(first - margin, last + margin)
    ax.set_xlabel("epoch")


def share_limits(axes: Sequence[Axes], values: Sequence[float] | pd.Series) -> None:
    """Give panels that share their y axis the limits that fit all `values`, as far as they are below the cap."""
    values = pd.Series(values, dtype=float)
    finite = values[np.isfinite(values)]
    if len(finite):
        style.value_axis(axes[0].yaxis, finite.clip(upper=loss_cap(finite)), ratio=3)


def loss_cap(values: pd.Series) -> float:
    """Return the highest loss a panel shows: far above guessing (ln 10 = 2.3) everything is equally lost."""
    finite = values[np.isfinite(values)]
    return float(max(4 * finite.median(), 10.0)) if len(finite) else 10.0


def sensitivity(frames: Frames, name: str) -> Drawing:
    """Validation loss against the rates that were tried, a panel an arm with the others in grey behind."""
    tune = frames.phase("tune")
    arms = list(dict.fromkeys(tune["label"]))
    colour = style.colours(dict.fromkeys(frames.trials["label"]))
    columns = min(4, len(arms))
    rows = -(-len(arms) // columns)
    figure, axes = style.new_figure(0.6 + 1.9 * rows, rows, columns, sharex=True, sharey=True)
    cells = [ax for line in axes for ax in line]
    cap = loss_cap(tune["val_loss"])
    means = summarise(tune, ["label", "learning_rate"], "val_loss").assign(mean=lambda t: t["mean"].clip(upper=cap))
    chosen = frames.phase("confirm").groupby("label")["learning_rate"].first()
    for ax, arm in zip(cells, arms, strict=False):
        style.rate_axis(ax, tune["learning_rate"], style.WIDTH / columns - 0.4)
        for _, other in means.groupby("label", sort=False):
            ax.plot(other["learning_rate"], other["mean"], color="#D5DAE0", linewidth=1, zorder=1)
        part = tune[tune["label"] == arm]
        marks.response(ax, part, "learning_rate", "val_loss", "label", colour, cap=cap)
        ring = means[(means["label"] == arm) & (means["learning_rate"] == chosen.get(arm))]
        ax.plot(ring["learning_rate"], ring["mean"], "o", markersize=11, markerfacecolor="none", zorder=7,
                markeredgecolor=colour[arm], markeredgewidth=1.3)  # fmt: skip
        marks.lost_at_top(ax, part, "learning_rate")
        ax.set_title(drawable(arm), color=colour[arm], fontsize=9)
    finite = tune["val_loss"].dropna().clip(upper=cap)
    if len(finite):
        style.value_axis(cells[0].yaxis, [*finite, finite.max() * 1.25], ratio=3)
    for ax in cells[len(arms) :]:
        ax.set_axis_off()
    figure.supylabel("validation loss", fontsize=9, color=style.INK)
    figure.supxlabel("learning rate", fontsize=9, color=style.INK)
    rates = chosen.sort_values(kind="stable")
    ends = (
        f"; chosen: from {rates.iloc[0]:g} ({rates.index[0]}) to {rates.iloc[-1]:g} ({rates.index[-1]})"
        if len(rates)
        else ""
    )
    caption = (
        f"Validation loss against the learning rate while tuning, {seeds_said(tune, ['arm', 'learning_rate'])} a rate: "
        f"{DOTS}; grey: the other arms. A ring marks the chosen rate{ends}. Red: the share of "
        f"seeds that diverged or failed; triangles lie above {style.number(cap)}."
    )
    return Drawing(name, figure, caption)


def key(figure: Figure, colour: Colours, title: str = "") -> None:
    """Put a legend above the panels: the title, then an entry a colour, in one line."""
    dots = style.legend_marks(colour, 6)
    names = [str(name) for name in colour]
    if title:
        dots, names = [Line2D([], [], linestyle=""), *dots], [f"{title}:", *names]
    figure.legend(dots, names, loc="outside upper left", ncols=len(dots), handletextpad=0.2, columnspacing=1.2)
