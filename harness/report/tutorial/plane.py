"""A loss on a plane through weights: as contours and as a surface, with the way of a training on it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from harness.report.figures import style

LEVELS = 14


def loss_plane(plane: pd.DataFrame, path: pd.DataFrame) -> Figure:
    """Return a figure of the `loss` at `x`, `y`, with the points of `path` numbered by their `epoch`."""
    figure, [[ax]] = style.new_figure(4.0)
    contours(plane, ax=ax)
    ax.plot(path["x"], path["y"], "-o", color=style.INK, markersize=4, linewidth=1.4)
    shown = path[path["epoch"].isin((0, 1, 2, 3, 4, 6, 10, path["epoch"].iloc[-1]))]
    for row in shown.itertuples():
        beside = (6, -12) if row.epoch < 3 else (4, 5)  # off the line
        ax.annotate(str(row.epoch), (row.x, row.y), beside, textcoords="offset points", fontsize=9, color=style.INK)
    ax.plot(path["x"].iloc[-1], path["y"].iloc[-1], "*", color=style.ALARM, markersize=13, zorder=5)
    ax.set(xlabel="first direction", ylabel="second direction")
    return figure


def contours(plane: pd.DataFrame, *, ax: Axes) -> Axes:
    """Draw a loss as filled contours whose levels are even in its logarithm."""
    x, y = plane["x"].unique(), plane["y"].unique()
    loss = plane["loss"].to_numpy().reshape(len(y), len(x))
    levels = np.geomspace(loss.min(), loss.max() * (1 + 1e-9), LEVELS)
    shown = ax.contourf(x, y, loss, levels=levels, norm="log", cmap="viridis_r", alpha=0.75)
    ax.contour(x, y, loss, levels=levels, colors="white", linewidths=0.5)
    ax.figure.colorbar(shown, ax=ax, label="loss", ticks=levels[::3], format=FuncFormatter(lambda v, _: f"{v:.2g}"))
    ax.grid(visible=False)
    return ax
