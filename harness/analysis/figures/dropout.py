"""Dropout: the gap between test and training error against the rate, by the size of the training set and the width."""

import pandas as pd

from harness.analysis.figures import marks, panels, style
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import Frames

VALUES = {"gap": "gap: test − training error (points)", "test_error": "test error (%)"}


def draw(frames: Frames) -> list[Drawing]:
    """Gap and test error against the rate, and those of the arms that try something else."""
    data = frames.phase(frames.final)
    grid = data[data.groupby(["train_size", "hidden"], dropna=False)["dropout"].transform("nunique") > 2]
    drawings = [against_rate(grid)] if len(grid) else []
    rest = data[~data["arm"].isin(grid["arm"])]
    if len(rest):
        drawings.append(other_arms(rest))
    return drawings


def against_rate(data: pd.DataFrame) -> Drawing:
    """Rows: gap, test error; columns: hidden widths; a colour a training-set size."""
    data = data.assign(images=data["train_size"].map(images)).sort_values(
        "train_size", na_position="last", kind="stable"
    )
    colour = style.shades(data["images"])
    networks = sorted(data["hidden"].unique(), key=lambda hidden: [int(width) for width in hidden.split(",") if width])
    figure, axes = style.new_figure(5.6, 2, len(networks), sharex=True, sharey="row")
    for line, (value, title) in zip(axes, VALUES.items(), strict=True):
        for ax, network in zip(line, networks, strict=True):
            marks.response(ax, data[data["hidden"] == network], "dropout", value, "images", colour)
            if value == "gap":
                ax.axhline(0, color=style.FAINT, linewidth=0.8, zorder=1)
                ax.set_title(f"hidden units: {network.replace(',', '-') or 'none'}")
        style.ticks_at(line[0].xaxis, sorted(data["dropout"].unique()))
        finite = data[value].dropna()
        if len(finite):
            style.value_axis(line[0].yaxis, finite, ratio=8 if value == "test_error" else float("inf"))
        line[0].set_ylabel(title)
    for ax in axes[-1]:
        ax.set_xlabel("dropout rate")
    panels.key(figure, colour, "training images")
    caption = (
        "Top: how much worse the network does on test images than on its training images; bottom: the test error itself, by "
        f"hidden width and number of training images; {panels.seeds_said(data, ['arm'])} each. {panels.SEEDS}."
    )
    return Drawing("dropout", figure, caption)


def other_arms(data: pd.DataFrame) -> Drawing:
    """Gap and test error of the arms outside the grid, one line each."""
    arms = list(dict.fromkeys(data["arm"]))
    colour = style.colours(data["phase"])
    figure, [axes] = style.new_figure(0.9 + 0.32 * len(arms), 1, 2, sharey=True)
    for ax, (value, title) in zip(axes, VALUES.items(), strict=True):
        marks.strip(ax, data, value, "arm", "phase", colour)
        ax.set_xlabel(title)
    caption = f"Gap and test error of the forms of dropout, {panels.seeds_said(data, ['arm'])} each. {panels.SEEDS}."
    return Drawing("dropout-forms", figure, caption)


def images(size: float | None) -> str:
    """Return "1,000" or "all"."""
    return "all" if pd.isna(size) else f"{int(size):,}"
