"""The summary: the panels that stand for the studies, three in a row, which a page of the report has room for."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import panels, style
from harness.report.figures.panels import DOTS, LETTER, Drawing
from harness.report.figures.strip import strip
from harness.report.figures.view import View
from harness.report.labels import wrapped
from harness.report.study_frames import SHOWN_PHASES
from harness.statistics.intervals import summarise

WIDTH = 8.0  # inches: as many pixels as any figure, so its type is larger
COLUMNS = 3
ROOM = 12
"""Panels that a reader takes in at a glance."""
Headline = Callable[[Axes, View], str]


def draw(headlines: Sequence[tuple[View, Headline]], more: int = 0) -> Drawing:
    """A panel a study; `headlines` are what draws them, `more` counts the studies without one."""
    columns = min(COLUMNS, len(headlines)) or 1
    rows = -(-len(headlines) // columns) or 1
    figure = style.blank_figure(0.1 + 2.6 * rows, WIDTH)
    cells = [part.subplots() for part in figure.subfigures(rows, columns, squeeze=False).ravel()]
    remarks = [headline(ax, view) for ax, (view, headline) in zip(cells, headlines, strict=False)]
    figure.draw_without_rendering()  # how wide a panel is depends on the names at its left
    for ax, (view, _), remark in zip(cells, headlines, remarks, strict=False):
        _head(ax, view, remark)
        _wrap_labels(ax)
    spare = cells[len(headlines) :]
    for ax in spare:
        ax.set_axis_off()
    if spare:
        how_to_read(spare[0])
    phases = " and ".join(sorted({SHOWN_PHASES[view.frames.final] for view, _ in headlines}))
    which = f"{len(headlines)} of {len(headlines) + more} studies" if more else "Each study"
    caption = (
        f"{which} at a glance: {DOTS}, over the seeds that finished ({phases}); a hollow mark is the mean of seeds "
        "that are left, red numbers are lost seeds. The sections below name every arm and say what was lost."
    )
    return Drawing("summary", figure, caption)


def _wrap_labels(ax: Axes) -> None:
    """Break the labels of the axes where they would reach beyond the panel."""
    width, height = style.inches(ax)
    ax.set_xlabel(wrapped(ax.get_xlabel(), int(width / LETTER[9.0]), 4))
    ax.set_ylabel(wrapped(ax.get_ylabel(), int(0.8 * height / LETTER[9.0])))


def _head(ax: Axes, view: View, remark: str) -> None:
    """Put the study's title above the panel, what part of it is shown, and the legend below the two."""
    width = style.inches(ax)[0]
    trials = view.trials()
    shown = view.shown(trials[trials["panel"] == view.panels()[0]])
    lines = panels.key_above(ax, view.palette, shown, width, view.key_title) if len(shown) > 1 else 0
    title = wrapped(style.drawable(view.frames.study.title), int(width / LETTER[10.0]), 3)
    if remark:
        remark = wrapped(remark, int(width / LETTER[8.0]))
        ax.annotate(remark, (0, 1), (0, 4 + 11.5 * lines), xycoords="axes fraction", textcoords="offset points",
                    fontsize=8, color=style.INK, va="bottom")  # fmt: skip
    ax.set_title(title, pad=6 + 11.5 * (lines + len(remark.splitlines())))


def how_to_read(ax: Axes) -> None:
    """Draw one mark with its parts named."""
    seeds = pd.DataFrame({"value": [1.0, 1.6, 1.9, 2.2, 2.9], "row": "", "trial_id": range(5), "status": "done"})
    strip(seeds, y="value", x="row", numbers=False, ax=ax)
    ax.set(xlim=(-1, 5), ylim=(1.6, -1.6))
    mean, high = summarise(seeds, ["row"], "value")[["mean", "high"]].iloc[0]
    style_of: dict[str, Any] = {"fontsize": 8.5, "color": style.INK, "va": "center", "ha": "center"}
    for text, at, place in (
        ("mean of the seeds", (mean, -0.12), (mean, -0.6)),
        ("95 % t-interval", (high, -0.08), (high + 0.9, 0.6)),
        ("one seed", (1.0, 0.2), (0.6, 0.6)),
    ):
        line: dict[str, Any] = {"arrowstyle": "-", "color": style.FAINT, "linewidth": 0.7, "shrinkB": 4}
        ax.annotate(text, at, place, arrowprops=line, **style_of)
