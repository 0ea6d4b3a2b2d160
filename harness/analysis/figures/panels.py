"""Panels that several studies share: Frames → Drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.analysis.figures import marks, style
from harness.analysis.frames import SHOWN_PHASES, Frames

Colours = marks.Colours
MAX_CURVES = 10  # more arms than the palette has colours are read from the dots, not from curves
SEEDS = "Thin marks are single seeds, bold ones their mean, bars and bands its 95 % t-interval over the seeds"


@dataclass(frozen=True)
class Drawing:
    """A figure with the file name it gets (without suffix) and the sentence below it."""

    name: str
    figure: Figure
    caption: str


def seeds_said(frame: pd.DataFrame, by: list[str]) -> str:
    """Return "n = 8 seeds an arm" or the range where arms differ."""
    counts = frame.groupby(by, sort=False).size()
    low, high = int(counts.min()), int(counts.max())
    return f"n = {low if low == high else f'{low} to {high}'} seeds"


def arms_strip(frames: Frames, name: str, arms: Sequence[str] | None = None) -> Drawing:
    """Test error of `arms` (all of them), as written and, where there was tuning, at the tuned rate."""
    arms = frames.arms if arms is None else arms
    data = frames.phase("default", "confirm").assign(phase=lambda t: t["phase"].map(SHOWN_PHASES))
    data = data[data["arm"].isin(arms)]
    phases = list(dict.fromkeys(data["phase"]))
    colour = dict(zip(phases, (style.PALETTE[0], style.PALETTE[1]), strict=False))
    figure, [[ax]] = style.new_figure(0.9 + len(arms) * max(0.3, 0.24 * len(phases)))
    marks.strip(ax, data, "test_error", "arm", "phase", colour)
    ax.set_xlabel("test error (%)")
    if len(phases) > 1:
        key(figure, colour)
    caption = f"Test error of each arm, {seeds_said(data, ['arm', 'phase'])} an arm. {SEEDS}."
    return Drawing(name, figure, caption)


def learning_curves(ax: Axes, data: pd.DataFrame, value: str, series: str, colour: Colours) -> None:
    """One panel of curves against epochs, their limits are set by share_limits()."""
    data = data[np.isfinite(data[value])]
    if data.empty:
        marks.note(ax, "no finite values")
        return
    marks.curves(ax, data, "epoch", value, series, colour)
    epochs = sorted(data["epoch"].unique())
    style.ticks_at(ax.xaxis, epochs[:: -(-len(epochs) // 10)] if len(epochs) > 10 else epochs)
    ax.set_xlim(epochs[0] - 0.02 * (epochs[-1] - epochs[0] or 1), epochs[-1])
    ax.set_xlabel("epoch")


def share_limits(axes: list[Axes], values: pd.Series) -> None:
    """Give panels that share their y axis the limits that fit all `values`."""
    finite = values[np.isfinite(values)]
    if len(finite):
        style.value_axis(axes[0].yaxis, finite.clip(upper=loss_cap(finite)))


def loss_cap(values: pd.Series) -> float:
    """The highest loss a panel shows: far above guessing (ln 10 = 2.3) everything is equally lost."""
    finite = values[np.isfinite(values)]
    return float(max(np.nanquantile(finite, 0.5) * 4, 10.0)) if len(finite) else 10.0


def sensitivity(frames: Frames, name: str) -> Drawing:
    """Validation loss against the tuned rates, a panel an arm with the others in grey behind."""
    tune = frames.phase("tune")
    arms = list(dict.fromkeys(tune["arm"]))
    colour = style.colours(frames.arms)
    columns = min(4, len(arms))
    rows = -(-len(arms) // columns)
    figure, axes = style.new_figure(0.6 + 1.75 * rows, rows, columns, sharex=True, sharey=True)
    cells = [ax for line in axes for ax in line]
    cap = loss_cap(tune["val_loss"])
    means = {arm: part.groupby("learning_rate")["val_loss"].mean().clip(upper=cap)
             for arm, part in tune.groupby("arm", sort=False)}  # fmt: skip
    chosen = tuned_rates(frames)
    for ax, arm in zip(cells, arms, strict=False):
        marks.rate_axis(ax, tune["learning_rate"], "")
        for other in arms:
            ax.plot(means[other].index, means[other].to_numpy(), color="#D5DAE0", linewidth=1, zorder=1)
        part = tune[tune["arm"] == arm]
        marks.response(ax, part, "learning_rate", "val_loss", "arm", colour, cap=cap)
        if arm in chosen:
            best = means[arm].get(chosen[arm])
            if best is not None and np.isfinite(best):
                ax.plot(chosen[arm], best, "o", markersize=11, markerfacecolor="none", markeredgecolor=colour[arm],
                        markeredgewidth=1.4, zorder=7)  # fmt: skip
        marks.lost_at_top(ax, part, "learning_rate")
        ax.set_title(str(arm), color=colour[arm], fontsize=9)
    finite = tune["val_loss"].dropna().clip(upper=cap)
    if len(finite):
        style.value_axis(cells[0].yaxis, [*finite, finite.max() * 1.15], ratio=3)
    for ax in cells[len(arms) :]:
        ax.set_axis_off()
    for line in axes:
        line[0].set_ylabel("validation loss")
    figure.supxlabel("learning rate", fontsize=9, color=style.INK)
    caption = (
        f"Validation loss against the learning rate while tuning, {seeds_said(tune, ['arm', 'learning_rate'])} a rate "
        "(dots), line through their means, grey: the other arms. A ring marks the rate that was chosen; red: the share "
        f"of seeds that diverged or failed; triangles lie above {style.number(cap)}."
    )
    return Drawing(name, figure, caption)


def tuned_rates(frames: Frames) -> dict[str, float]:
    """The learning rate that each arm was confirmed with."""
    confirm = frames.phase("confirm")
    return {arm: float(part["learning_rate"].iloc[0]) for arm, part in confirm.groupby("arm", sort=False)}


def key(figure: Figure, colour: Colours, title: str | None = None) -> None:
    """A legend above the panels, one entry a colour."""
    dots = [Line2D([], [], linestyle="", marker="o", color=shade, markersize=6) for shade in colour.values()]
    legend = figure.legend(dots, [str(name) for name in colour], loc="outside upper left", ncols=len(dots),
                           title=title, handletextpad=0.2, columnspacing=1.2, alignment="left")  # fmt: skip
    legend.get_title().set_fontsize(8.5)
