"""One network on a page: its training curves, what it gets right and wrong, the weights of its first layer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from harness.report.figures import style
from harness.report.figures.learning import ROLES, learning_curve
from harness.report.figures.marks import note
from harness.report.figures.mosaic import BAR, first_layer_weights, mistakes, predictions, room
from harness.text import counted

Part = tuple[float, Callable[[SubFigure], Any]]
"""A part of the page: its height in inches, and what draws it."""
CURVES, LINE, HEAD = 2.7, 0.4, 0.45  # inches: curves, a line of words, the title above a panel with what is around it
COLUMNS, ROWS = 5, 2  # of predictions
UNITS, IN_A_ROW, LEAST = (
    48,
    16,
    8,
)  # of the first layer: shown, and as how many in a row they are drawn at most, at least
UNMEASURED = "no curve: there are no validation images, and training images are measured with evaluate_train=true"


def one_network(
    curve: pd.DataFrame,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.floating] | None,
    weights: NDArray[np.floating],
    shape: tuple[int, int],
) -> Figure:
    """Draw one network from its `curve` and what it makes of test `images` (n, D) with `labels` (n,).

    `probabilities` (n, K) are None where it diverged; `weights` (D, M) are the first layer's, of which 48 units
    are shown. What there is none of takes a line.
    """
    if probabilities is None:
        parts = [_curves(curve)] if len(curve) else []
        parts.append((LINE, lambda part: note(part.subplots(), "the training diverged")))
    else:
        parts = [_curves(curve), _samples(images, labels, probabilities, shape), _weights(weights, shape)]
    heights = [height for height, _ in parts]
    figure = style.blank_figure(sum(heights))
    for (_, draw), part in zip(
        parts, figure.subfigures(len(parts), 1, squeeze=False, height_ratios=heights)[:, 0], strict=True
    ):
        draw(part)
    return figure


def _curves(curve: pd.DataFrame) -> Part:
    """Loss and accuracy side by side, where anything was measured on the way."""
    if curve[[f"{role}_loss" for role in ROLES]].isna().all(axis=None):
        return LINE, lambda part: note(part.subplots(), UNMEASURED)

    def draw(part: SubFigure) -> None:
        left, right = part.subplots(1, 2)
        learning_curve(curve, "loss", ax=left)
        learning_curve(curve, "accuracy", ax=right)

    return CURVES, draw


def _samples(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.floating],
    shape: tuple[int, int],
) -> Part:
    """The first test images that are classified rightly, and the most confident mistakes."""
    missed = mistakes(labels, probabilities)
    places = np.setdiff1d(np.arange(len(labels)), missed)[: COLUMNS * ROWS], missed[: COLUMNS * ROWS]
    titles = "The first that are right", f"Most confident mistakes, of {len(missed):,} in {len(labels):,}"

    def draw(part: SubFigure) -> None:
        for ax, chosen, title in zip(part.subplots(1, 2), places, titles, strict=True):
            ax.set_title(title)
            if len(chosen):
                predictions(images[chosen], labels[chosen], probabilities[chosen], shape, columns=COLUMNS, ax=ax)
                ax.set_anchor("NW")
            else:
                note(ax, "none")

    return HEAD + room(max(map(len, places)), shape, COLUMNS, style.WIDTH / 2, told=True), draw


def _weights(weights: NDArray[np.floating], shape: tuple[int, int]) -> Part:
    """Units of the first layer as images."""
    units, shown = weights.shape[1], min(weights.shape[1], UNITS)
    columns = min(max(shown, LEAST), IN_A_ROW)

    def draw(part: SubFigure) -> None:
        ax = part.subplots()
        first_layer_weights(weights[:, :UNITS], shape, columns=columns, ax=ax)
        ax.set_anchor("NW")
        some = "" if units <= UNITS else f"the first {UNITS} of "
        ax.set_title(f"First-layer weights: {some}{counted(units, 'unit')}")

    return HEAD + max(room(shown, shape, columns, style.WIDTH - 0.5, told=False), BAR + 0.1), draw
