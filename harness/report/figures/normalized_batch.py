"""The values of one layer on one batch as a matrix, an image a row, with what a normalization averages over."""

from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from harness.report.figures import style

HEIGHT = 3.0
COLOURS = "RdBu_r"


def normalized_batch(
    values: pd.DataFrame,
    framed: Literal["unit", "image"] | None = None,
    *,
    end: float = 3.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw `value` by `image` (down) and `unit` (across), from -end (blue) to end (red).

    What is `framed` is what one mean and one variance are taken over: the column of a unit, or the row of an image.
    """
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    matrix = values.pivot(index="image", columns="unit", values="value").to_numpy()
    ax.imshow(matrix, cmap=COLOURS, vmin=-end, vmax=end, aspect="auto")
    rows, columns = matrix.shape
    thick: dict[str, Any] = {"fill": False, "edgecolor": style.INK, "linewidth": 2.2, "clip_on": False}
    if framed == "unit":
        ax.add_patch(Rectangle((columns // 2 - 0.5, -0.5), 1, rows, **thick))
    if framed == "image":
        ax.add_patch(Rectangle((-0.5, rows // 2 - 0.5), columns, 1, **thick))
    for axis, count in ((ax.xaxis, columns), (ax.yaxis, rows)):
        style.ticks_at(axis, [0, count // 2, count - 1], ["1", str(count // 2 + 1), str(count)])
    ax.grid(visible=False)
    ax.set(xlabel="unit", ylabel="image of the batch")
    return ax


def shades_of(ax: Axes) -> AxesImage:
    """Return the image that a colour bar of such axes explains."""
    return ax.images[0]
