"""Dropout: the gap between test and training error against the rate, by the size of the training set and the width."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import findings, marks, panels, style
from harness.report.figures.panels import Drawing
from harness.report.labels import widths
from harness.report.study_frames import Frames

VALUES = {"gap": "gap: test − training error (points)", "test_error": "test error (%)"}


def draw(frames: Frames) -> list[Drawing]:
    """Gap and test error against the rate, and those of the arms that try something else."""
    data = frames.phase(frames.final)
    grid = rate_grid(frames)
    drawings = [against_rate(grid)] if len(grid) else []
    rest = data[~data["arm"].isin(grid["arm"])]
    if len(rest):
        drawings.append(other_arms(rest))
    return drawings


def headline(ax: Axes, frames: Frames) -> None:
    """Gap against the rate in the widest network."""
    grid = rate_grid(frames)
    if grid.empty:
        marks.note(ax, "no arm at several rates")
        return
    widest = max(grid["hidden"].unique(), key=hidden_widths)
    gap_panel(ax, grid[grid["hidden"] == widest], "gap")
    style.fit(
        ax.yaxis, marks.extent(grid[grid["hidden"] == widest], ["arm"], "gap"), ratio=float("inf")
    )  # a difference may be zero
    ax.set(
        xlabel=f"dropout rate ({widths(hidden_widths(widest))} hidden units)", ylabel="test − training error (points)"
    )
    style.small_legend(ax, sizes(grid), "training images")


def rate_grid(frames: Frames) -> pd.DataFrame:
    """Return the trials of the networks that were trained at three dropout rates or more, smallest data first."""
    data = frames.phase(frames.final)
    data = data[data.groupby(["train_size", "hidden"], dropna=False)["dropout"].transform("nunique") > 2]
    data = data.sort_values("train_size", na_position="last", kind="stable")
    return data.assign(images=data["train_size"].map(lambda n: "all" if pd.isna(n) else f"{int(n):,}"))


def gap_panel(ax: Axes, data: pd.DataFrame, value: str) -> None:
    """`value` against the dropout rate, a colour a training-set size."""
    marks.response(ax, data, "dropout", value, "images", sizes(data))
    style.ticks_at(ax.xaxis, sorted(data["dropout"].unique()))
    if value == "gap":
        ax.axhline(0, color=style.FAINT, linewidth=0.8, zorder=1)


def sizes(data: pd.DataFrame) -> dict[Any, str]:
    """Return a shade for each size of the training set, darker for more images."""
    return style.shades(data["images"])


def against_rate(data: pd.DataFrame) -> Drawing:
    """Rows: gap, test error; columns: hidden widths; a colour a training-set size."""
    networks = sorted(data["hidden"].unique(), key=hidden_widths)
    figure, axes = style.new_figure(5.6, 2, len(networks), sharex=True, sharey="row")
    for line, (value, title) in zip(axes, VALUES.items(), strict=True):
        for ax, network in zip(line, networks, strict=True):
            gap_panel(ax, data[data["hidden"] == network], value)
        style.fit(line[0].yaxis, marks.extent(data, ["arm"], value), ratio=8 if value == "test_error" else float("inf"))
        line[0].set_ylabel(title)
    for ax, network in zip(axes[0], networks, strict=True):
        ax.set_title(f"hidden units: {widths(hidden_widths(network))}")
    for ax in axes[-1]:
        ax.set_xlabel("dropout rate")
    panels.key(figure, sizes(data), "training images")
    caption = (
        "Above: how much worse the network does on test images than on its training images; below: the test error; by "
        f"hidden width and number of training images, {panels.seeds_said(data, ['arm'])} each: {panels.DOTS}. "
        f"{seen(data)}"
    )
    return Drawing("dropout", figure, caption)


def seen(data: pd.DataFrame) -> str:
    """Return what the highest rate does to gap and test error, network by network."""
    parts = []
    for (network, images), part in data.groupby(["hidden", "images"], sort=False):
        ends = part[part["dropout"].isin([part["dropout"].min(), part["dropout"].max()])]
        gap, error = (findings.means(ends, ["dropout"], value) for value in VALUES)
        if len(gap) == len(error) == 2:
            arrows = [" → ".join(table["said"]) for table in (gap, error)]
            parts.append(
                f"{widths(hidden_widths(str(network)))} units on {images} images: gap {arrows[0]}, error {arrows[1]}"
            )
    low, high = data["dropout"].min(), data["dropout"].max()
    return f"From rate {low:g} to {high:g}: {'; '.join(parts)}."


def other_arms(data: pd.DataFrame) -> Drawing:
    """Gap and test error of the arms outside the grid, a line each."""
    colour = style.colours(data["phase"])
    figure, [axes] = style.new_figure(0.8 + 0.34 * data["arm"].nunique(), 1, 2, sharey=True)
    for ax, (value, title) in zip(axes, VALUES.items(), strict=True):
        marks.strip(ax, data, value, "label", "phase", colour)
        ax.set_xlabel(title)
    caption = (
        f"Gap and test error of the other arms, {panels.seeds_said(data, ['arm'])} each: {panels.DOTS}. "
        f"Lowest and highest mean of the gap: {findings.extremes(data, 'label', 'gap', ' points')}; of the test error: "
        f"{findings.extremes(data, 'label', 'test_error')}.{findings.lost(data)}"
    )
    return Drawing("dropout-arms", figure, caption)


def hidden_widths(hidden: str) -> tuple[int, ...]:
    """Return the widths in "128,64"."""
    return tuple(int(width) for width in hidden.split(",") if width)
