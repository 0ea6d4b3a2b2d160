"""What lays out panels: a grid of metrics × values of a field, titles and legends above, scales that panels share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.report.figures import style
from harness.report.figures.marks import Colours
from harness.report.figures.view import View
from harness.report.labels import metric_title, panel_title, shortened, wrapped

DOTS = "small dots are seeds, bold marks their mean, bars its 95 % t-interval"
LETTER = {8.0: 0.068, 9.0: 0.075, 10.0: 0.09}  # inches, of a letter in this size of type (the last is bold)
MOST_COLUMNS = 3
MOST_NOTES = 3
MOST_LETTERS = 60  # of an entry of a legend


@dataclass(frozen=True)
class Drawing:
    """A figure with its file name (without suffix) and the sentences below it."""

    name: str
    figure: Figure
    caption: str


@dataclass(frozen=True)
class Cell:
    """One panel of a grid: the metric it shows and the value of the field that panels go by."""

    ax: Axes
    metric: str
    panel: str
    width: float  # inches, about

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the panel."""
        return frame[frame["panel"] == self.panel]


def grid(view: View, metrics: Sequence[str], height: float, gap: float = 0.5) -> tuple[Figure, list[Cell]]:
    """Return a figure with a panel for each metric × value: a row a metric, or all in one row where panels are not
    asked for. `height` is that of a row and `gap` what lies between columns, in inches.

    Only the lowest panel of a column has labels on its x axis, and they are never missing there.
    """
    values = view.panels()
    wanted = [(metric, value) for metric in metrics for value in values]
    columns = min(MOST_COLUMNS, len(values) if len(values) > 1 else len(metrics))
    lines = [wanted[i : i + columns] for i in range(0, len(wanted), columns)]
    if len(values) > 1 and len(metrics) > 1:  # each metric begins a row
        by_metric = [[pair for pair in wanted if pair[0] == metric] for metric in metrics]
        lines = [pairs[i : i + columns] for pairs in by_metric for i in range(0, len(pairs), columns)]
    figure, axes = style.new_figure(0.5 + height * len(lines), len(lines), columns)
    width = style.WIDTH / columns - gap
    cells = []
    for line, pairs in zip(axes, lines, strict=True):
        for ax in line[len(pairs) :]:
            ax.set_axis_off()
        cells += [Cell(ax, *pair, width) for ax, pair in zip(line, pairs, strict=False)]
    for below, column in enumerate(zip(*axes, strict=True)):
        used = [ax for ax, pairs in zip(column, lines, strict=True) if below < len(pairs)]
        for ax in used[:-1]:
            ax.tick_params(labelbottom=False)
    return figure, cells


def name_panels(view: View, cells: Sequence[Cell], notes: Callable[[Cell], Sequence[str]]) -> None:
    """Write above each panel what it shows and, in red, what it cannot show; beside the first of a row its metric.

    Where a row repeats the panels of the row above, their titles are not repeated.
    """
    panels = list(dict.fromkeys(cell.panel for cell in cells))
    repeated = len(panels) <= MOST_COLUMNS
    said = {id(cell): note_lines(notes(cell), cell.width) for cell in cells}
    for cell in cells:
        row = [said[id(other)] for other in cells if _row(other) == _row(cell)]
        title = metric_title(cell.metric)
        if len(panels) > 1:
            title = panel_title(str(view.table.panels), cell.panel)
            title = "" if repeated and _row(cell) > 0 else title
            if starts_row(cell.ax):
                cell.ax.set_ylabel(metric_title(cell.metric))
        headed(cell.ax, title, cell.width, said[id(cell)], max(map(len, row)))


def _row(cell: Cell) -> int:
    spec = cell.ax.get_subplotspec()
    return spec.rowspan.start if spec is not None else 0


def starts_row(ax: Axes) -> bool:
    """Whether the panel is the first of its row."""
    spec = ax.get_subplotspec()
    return spec is None or spec.is_first_col()


def headed(ax: Axes, title: str, width: float, lines: Sequence[str] = (), room: int = 0) -> None:
    """Put a title above a panel of about `width` inches; red `lines` between the two, with room for `room` of them."""
    if lines:
        ax.annotate("\n".join(lines), (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points",
                    fontsize=7.5, color=style.ALARM, va="bottom", annotation_clip=False)  # fmt: skip
    ax.set_title(wrapped(title, int(width / LETTER[10.0])), pad=6 + 11 * max(room, len(lines)))


def note_lines(notes: Sequence[str], width: float) -> list[str]:
    """Return the lines that notes take above a panel; of many the first few."""
    more = [f"and {len(notes) - MOST_NOTES} more"] if len(notes) > MOST_NOTES else []
    told = [*notes[:MOST_NOTES], *more]
    return [line for note in told for line in wrapped(note, int(width / LETTER[8.0])).split("\n")]


def scale_panels(view: View, cells: Sequence[Cell], values: Callable[[Cell], Sequence[float]]) -> None:
    """Give the y axes of panels of one metric the same scale, or each its own where the view says so.

    `values(cell)` is what a panel has to show. Only the first panel of a row repeats the numbers of a shared scale.
    """
    for metric in dict.fromkeys(cell.metric for cell in cells):
        group = [cell for cell in cells if cell.metric == metric]
        everything = [value for cell in group for value in values(cell)]
        for cell in group:
            scale_values(cell.ax.yaxis, metric, values(cell) if view.own_scale else everything)
            if len(group) > 1 and not view.own_scale and not starts_row(cell.ax):
                cell.ax.tick_params(labelleft=False)


def scale_values(axis: Axis, metric: str, values: Sequence[float]) -> None:
    """Scale the axis of a metric to the finite `values`: losses to the cap, shares from 0 to 100, gaps from below 0."""
    finite = [value for value in values if np.isfinite(value)]
    if metric == "lost":
        set_limits = axis.axes.set_xlim if axis is axis.axes.xaxis else axis.axes.set_ylim
        set_limits(-5, 105)
        style.ticks_at(axis, [0, 25, 50, 75, 100])
    elif metric.endswith("_loss"):
        cap = loss_cap(pd.Series(finite, dtype=float))
        style.fit(axis, [min(value, cap) for value in finite], ratio=3)
    elif metric == "gap" or metric.endswith("_accuracy"):
        style.fit(axis, finite, ratio=float("inf"))
    else:
        style.fit(axis, finite)


def loss_cap(values: pd.Series) -> float:
    """Return the highest loss a panel shows: far above guessing (ln 10 = 2.3) everything is equally lost."""
    finite = values[np.isfinite(values)]
    return float(max(4 * finite.median(), 10.0)) if len(finite) else 10.0


def cap_of(metric: str, values: pd.Series) -> float:
    """Return the cap of a loss; other metrics have none."""
    return loss_cap(values.astype(float)) if metric.endswith("_loss") else float("inf")


def seeds_said(frame: pd.DataFrame, by: Sequence[str]) -> str:
    """Return "n = 8 seeds", or the range where the groups of `by` differ, and over how many arms a seed is averaged."""
    if frame.empty:
        return "no seed yet"
    groups = frame.groupby(list(by), sort=False, dropna=False)
    counts, arms = groups["seed"].nunique(), int(groups["arm"].nunique().max())
    low, high = int(counts.min()), int(counts.max())
    said = f"n = {low if low == high else f'{low} to {high}'} seed{'s' * (high != 1)}"
    return said if arms == 1 else f"{said} (each the mean of up to {arms} arms)"


def key(figure: Figure, palette: Colours, shown: Sequence[str], title: str = "") -> None:
    """Put a legend above the panels: the title, then an entry for each name `shown`, in as many lines as they take."""
    short = shortened(shown, MOST_LETTERS if len(shown) < len(style.PALETTE) else MOST_LETTERS // 2)
    dots, names = style.legend_marks(palette, 6, shown), [short[name] for name in shown]
    if not names:
        return
    widest = max(map(len, names), default=0) * 0.078 + 0.42  # inches
    columns = max(int((figure.get_figwidth() - 0.3) / widest), 1)
    inline = sum(map(len, names)) * 0.078 + 0.42 * len(names) + 0.09 * len(title) < figure.get_figwidth()
    if title and inline:
        dots, names, columns = [Line2D([], [], linestyle=""), *dots], [f"{title}:", *names], len(dots) + 1
    elif inline:
        columns = len(dots)
    figure.set_figheight(figure.get_figheight() + 0.18 * (-(-len(names) // columns) - 1))
    figure.legend(
        *_by_rows(dots, names, columns), loc="outside upper left", ncols=columns, handletextpad=0.2, columnspacing=1.2,
        title=None if inline or not title else title, alignment="left",
    )  # fmt: skip


def _by_rows(dots: list[Line2D], names: list[str], columns: int) -> tuple[list[Line2D], list[str]]:
    """Order the entries of a legend, which Matplotlib fills column by column, so that its rows are read in order."""
    lines = -(-len(names) // columns)
    tall = len(names) - (lines - 1) * columns  # columns that reach the last line
    heights = [lines if column < tall else lines - 1 for column in range(columns)]
    order = [row * columns + column for column, height in enumerate(heights) for row in range(height)]
    return [dots[i] for i in order], [names[i] for i in order]


def key_above(ax: Axes, palette: Colours, shown: Sequence[str], width: float, title: str = "") -> int:
    """Put a legend between a panel of `width` inches and its title; return the number of its lines."""
    short = shortened(shown, 20)
    fit = 5 * max(int(width / (max(map(len, short.values())) * LETTER[8.0] + 0.28)), 1)
    kept = list(shown if len(shown) <= fit else shown[: fit - 1])
    names = [short[name] for name in kept] + ["…"] * (len(kept) < len(shown))
    dots = style.legend_marks(palette, 5, kept) + [Line2D([], [], linestyle="")] * (len(kept) < len(shown))
    long = sum(map(len, names)) * LETTER[8.0] + 0.28 * len(names)
    inline = long + (len(title) * LETTER[8.0] + 0.28) * bool(title) < width + 0.3
    columns = len(names) if long < width else max(int(width / (max(map(len, names)) * LETTER[8.0] + 0.28)), 1)
    if title and inline:
        dots, names, columns = [Line2D([], [], linestyle=""), *dots], [f"{title}:", *names], columns + 1
    ax.legend(
        *_by_rows(dots, names, columns), loc="lower left", bbox_to_anchor=(-0.1 if title and inline else -0.02, 1.0),
        ncols=columns, fontsize=8, handletextpad=0.0, columnspacing=0.6, borderaxespad=0.1, labelspacing=0.2,
        title=None if inline or not title else f"{title}:", title_fontsize=8, alignment="left",
    )  # fmt: skip
    return -(-len(names) // columns) + bool(title and not inline)
