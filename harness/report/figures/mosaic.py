"""Images side by side in one pair of axes: samples, predictions right and wrong, the weights of a first layer.

Pixels are those of the dataset, uint8 from 0 to 255, of shape (n, D) or (n, rows, columns); `shape` is (rows, columns).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from harness.report.figures import style
from harness.report.figures.style import ALARM, FAINT, INK

Array = NDArray[Any]

INK_ON_PAPER = "gray_r"
SIGNED = "RdBu_r"
GAP, CAPTION = 0.12, 0.34  # of an image's width: between images, and for the line below each
FINE = 28  # pixels: smaller images are enlarged to that, so that what lies between them can be narrow
HEIGHT, BAR = 3.0, 0.5  # inches; of the bar at least


def sample_images(
    images: Array,
    labels: Sequence[int] | Array,
    shape: tuple[int, int] = (28, 28),
    *,
    columns: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw images with their labels (n,) below them."""
    ax = _axes(ax)
    _tiles(ax, np.reshape(images, (-1, *shape)), columns, [str(label) for label in labels], INK_ON_PAPER, 0, 255)
    return ax


def predictions(
    images: Array,
    labels: Sequence[int] | Array,
    probabilities: Array,
    shape: tuple[int, int] = (28, 28),
    *,
    columns: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw images with the class predicted for each and its probability; mistakes are red, "9 as 4" a 9 taken for a 4.

    `probabilities` (n, K) are those of the classes, as `result.activations(images)[-1]` has them.
    """
    ax = _axes(ax)
    predicted, surest = np.argmax(probabilities, axis=1), np.max(probabilities, axis=1)
    wrong = predicted != np.asarray(labels)
    told = [
        f"{label} as {p}, {100 * sure:.0f} %" if bad else f"{p}, {100 * sure:.0f} %"
        for p, label, sure, bad in zip(predicted, labels, surest, wrong, strict=True)
    ]
    _tiles(ax, np.reshape(images, (-1, *shape)), columns, told, INK_ON_PAPER, 0, 255, framed=wrong)
    return ax


def first_layer_weights(
    weights: Array, shape: tuple[int, int] = (28, 28), *, columns: int = 10, ax: Axes | None = None
) -> Axes:
    """Draw the weights (D, M) of the first layer as M images: red where ink excites the unit, blue where it inhibits.

    All units share one scale, which ends at the largest hundredth of the absolute weights.
    """
    ax = _axes(ax)
    end = float(np.quantile(np.abs(weights), 0.99)) or 1.0
    image = _tiles(ax, weights.T.reshape(-1, *shape), columns, [], SIGNED, -end, end)
    down, across = image.get_array().shape
    high = max(1.0, BAR / style.inches(ax)[0] * across / down)  # as high as the images turn out, or a little more
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((1.01, (1 - high) / 2, 0.012, high)))
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(lambda value, _: style.number(round(value, 10)))
    return ax


def mistakes(labels: Array, probabilities: Array) -> NDArray[np.int64]:
    """Return the places of the images that are classified wrongly, the most confident mistake first.

    `labels` (n,); `probabilities` (n, K). Ties stand in the order of the images.
    """
    wrong = np.flatnonzero(np.argmax(probabilities, axis=1) != labels)
    return wrong[np.argsort(-np.max(probabilities[wrong], axis=1), kind="stable")]


def room(n: int, shape: tuple[int, int], columns: int, width: float, *, told: bool) -> float:
    """Return the height that n images of a shape (rows, columns) take in rows of `columns`, `width` inches wide."""
    image = width / columns / (1 + GAP)
    return -(-n // columns) * image * (shape[0] / shape[1] + (CAPTION if told else GAP))


def _axes(ax: Axes | None) -> Axes:
    return ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]


def _tiles(
    ax: Axes,
    images: Array,
    columns: int,
    told: Sequence[str],
    colours: str,
    low: float,
    high: float,
    framed: Sequence[bool] | Array = (),
) -> Any:
    """Lay out images (n, rows, columns of pixels) in rows of `columns`, what is told below each; return the image."""
    times = -(-FINE // max(images.shape[1:]))
    images = images.repeat(times, axis=1).repeat(times, axis=2)
    n, height, width = images.shape
    columns = min(columns, n)
    across = width + max(round(GAP * width), 1)
    down = height + max(round((CAPTION if told else GAP) * width), 1)
    sheet = np.full((-(-n // columns) * down, columns * across), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * down, i % columns * across
        sheet[top : top + height, left : left + width] = image
        bad = len(framed) > 0 and bool(framed[i])
        edge = ALARM if bad else FAINT
        ax.add_patch(
            Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=edge, linewidth=1.4 if bad else 0.4)
        )
        if told:
            place = (left + width / 2 - 0.5, top + height + 0.02 * width)
            ax.text(*place, told[i], ha="center", va="top", color=ALARM if bad else INK, fontsize=8)
    shown = ax.imshow(sheet, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    ax.set_axis_off()
    return shown
