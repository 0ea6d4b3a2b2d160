"""The summary: the main panel of every study, side by side."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import marks, style
from harness.report.figures.panels import DOTS, Drawing
from harness.report.study_frames import SHOWN_PHASES, Frames
from harness.statistics.intervals import summarise

Headline = Callable[[Axes, Frames], None]


def draw(frames: Mapping[str, Frames], headlines: Mapping[str, Headline]) -> Drawing:
    """A panel a study, three in a row."""
    columns = min(3, len(frames)) or 1
    rows = -(-len(frames) // columns) or 1
    figure, axes = style.new_figure(0.2 + 2.75 * rows, rows, columns)
    cells = [ax for line in axes for ax in line]
    for ax, (name, study) in zip(cells, frames.items(), strict=False):
        ax.set_title(study.study.title)
        headlines[name](ax, study)
        ax.tick_params(labelsize=7)
        ax.xaxis.label.set_fontsize(8)
        ax.yaxis.label.set_fontsize(8)
    spare = cells[len(frames) :]
    for ax in spare:
        ax.set_axis_off()
    if spare:
        how_to_read(spare[0])
    phases = " and ".join(sorted({SHOWN_PHASES[study.final] for study in frames.values()}))
    caption = (
        f"Each study at a glance: {DOTS}, over the seeds that finished ({phases}). "
        "The sections below name every arm and say what was lost."
    )
    return Drawing("summary", figure, caption)


def how_to_read(ax: Axes) -> None:
    """Draw one mark with its parts named."""
    seeds = pd.DataFrame({"value": [1.0, 1.6, 1.9, 2.2, 2.9], "row": "", "series": "", "status": "done"})
    marks.strip(ax, seeds, "value", "row", "series", {"": style.PALETTE[0]}, numbers=False)
    ax.set(xlim=(-1, 5), ylim=(1.6, -1.6))
    mean, high = summarise(seeds, ["row"], "value")[["mean", "high"]].iloc[0]
    style_of: dict[str, Any] = {"fontsize": 8, "color": style.INK, "va": "center", "ha": "center"}
    for text, at, place in (
        ("mean of the seeds", (mean, -0.12), (mean, -0.6)),
        ("95 % t-interval", (high, -0.08), (high + 0.9, 0.6)),
        ("one seed", (1.0, 0.2), (0.6, 0.6)),
    ):
        line: dict[str, Any] = {"arrowstyle": "-", "color": style.FAINT, "linewidth": 0.7, "shrinkB": 4}
        ax.annotate(text, at, place, arrowprops=line, **style_of)
