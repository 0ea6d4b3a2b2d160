"""A network of which dropout keeps some units."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from harness.report.figures import style
from harness.report.figures.style import ALARM, FAINT, INK, PALETTE

HEIGHT = 3.2
TALL = 0.9  # how much of the height a layer takes


def thinned_network(masks: pd.DataFrame, outputs: int = 10, *, ax: Axes | None = None) -> Axes:
    """Draw hidden layers as columns of units between the pixels and `outputs` classes; a unit that is dropped is a red
    cross without connections.

    `masks` has a row a hidden unit: `layer` and `unit`, both from 1, and `kept` (0 or 1).
    """
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    columns = [list(zip(_heights(len(part)), part["kept"] == 1, strict=True)) for _, part in masks.groupby("layer")]
    columns.append([(height, True) for height in _heights(outputs)])
    before = [(height, True) for height in _heights(8)]
    for x, column in enumerate(columns, start=1):
        lines = [[(x - 1, a), (x, b)] for a, from_kept in before for b, kept in column if from_kept and kept]
        ax.add_collection(LineCollection(lines, colors=FAINT, linewidths=0.45, alpha=0.7, zorder=1))
        for height, kept in column:
            if kept:
                ax.plot(x, height, "o", color=PALETTE[0], markersize=8, zorder=3)
            else:
                ax.plot(x, height, "o", markerfacecolor="white", markeredgecolor=FAINT, markersize=8, zorder=3)
                ax.plot(x, height, "x", color=ALARM, markersize=5.5, markeredgewidth=1.5, zorder=4)
        before = column
    ax.add_patch(Rectangle((-0.07, -TALL / 2 - 0.03), 0.14, TALL + 0.06, facecolor=INK, edgecolor="none", zorder=2))
    ax.set(xlim=(-0.3, len(columns) + 0.3), ylim=(-0.52, 0.52))
    names = ["pixels", *(f"hidden {i}" for i in range(1, len(columns))), "classes"]
    style.ticks_at(ax.xaxis, range(len(names)), names)
    ax.tick_params(length=0)
    ax.set_yticks([])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _heights(units: int) -> list[float]:
    """Where the units of a layer stand, the first one on top."""
    return [TALL * (0.5 - (i + 0.5) / units) for i in range(units)]
