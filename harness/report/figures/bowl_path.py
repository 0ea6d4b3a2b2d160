"""The way of an update rule down a bowl of two variables."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import style

HEIGHT = 2.8
LEVELS = 9


def bowl_path(points: pd.DataFrame, curvatures: tuple[float, float], *, colour: str, ax: Axes | None = None) -> Axes:
    """Draw the points `x`, `y` that a rule visits, in order, over the contours of ½(c₁x² + c₂y²) for `curvatures` c.

    y runs along the axis that is drawn across. A ring marks the start, a star the minimum.
    """
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    across, up = float(points["y"].abs().max()) * 1.1, float(points["x"].abs().max()) * 1.25
    y, x = np.meshgrid(np.linspace(-across, across, 161), np.linspace(-up, up, 121))
    loss = 0.5 * (curvatures[0] * x**2 + curvatures[1] * y**2)
    levels = loss.max() * np.geomspace(0.002, 1, LEVELS)
    ax.contour(y, x, loss, levels=levels, colors=style.FAINT, linewidths=0.6, alpha=0.6)
    ax.plot(points["y"], points["x"], color=colour, linewidth=1.2, marker=".", markersize=4)
    ring: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": style.INK}
    ax.plot(points["y"].iloc[0], points["x"].iloc[0], "o", markersize=6, zorder=5, **ring)
    ax.plot(0, 0, "*", color=style.INK, markersize=9, zorder=4)
    ax.grid(visible=False)
    return ax
