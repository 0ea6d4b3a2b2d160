"""One network on a page: its training curves, what it gets right and wrong, the weights of its first layer."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.report.figures import style
from harness.report.figures.learning import learning_curve
from harness.report.figures.marks import note
from harness.report.figures.mosaic import first_layer_weights, mistakes, predictions
from harness.text import counted

HEIGHTS = (2.7, 2.7, 2.1)  # inches: curves, predictions, weights
COLUMNS, ROWS = 5, 2  # of predictions
UNITS = 48


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
    are shown.
    """
    figure = style.blank_figure(sum(HEIGHTS))
    top, middle, bottom = figure.subfigures(3, 1, squeeze=False, height_ratios=HEIGHTS)[:, 0]
    left, beside = top.subplots(1, 2)
    learning_curve(curve, "loss", ax=left)
    learning_curve(curve, "accuracy", ax=beside)
    right, wrong = middle.subplots(1, 2)
    ax = bottom.subplots()
    if probabilities is None:
        for blank in (right, wrong, ax):
            note(blank, "the training diverged")
        return figure
    _samples(right, wrong, images, labels, probabilities, shape)
    first_layer_weights(weights[:, :UNITS], shape, columns=16, ax=ax)
    units = weights.shape[1]
    some = "" if units <= UNITS else f"the first {UNITS} of "
    ax.set_title(f"First-layer weights: {some}{counted(units, 'unit')}")
    return figure


def _samples(
    right: Axes,
    wrong: Axes,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.floating],
    shape: tuple[int, int],
) -> None:
    """Draw the first test images that are classified rightly, and the most confident mistakes."""
    missed = mistakes(labels, probabilities)
    places = np.setdiff1d(np.arange(len(labels)), missed)[: COLUMNS * ROWS], missed[: COLUMNS * ROWS]
    titles = "The first that are right", f"Most confident mistakes, of {len(missed):,} in {len(labels):,}"
    for ax, chosen, title in zip((right, wrong), places, titles, strict=True):
        if len(chosen):
            predictions(images[chosen], labels[chosen], probabilities[chosen], shape, columns=COLUMNS, ax=ax)
        else:
            note(ax, "none")
        ax.set_title(title)
