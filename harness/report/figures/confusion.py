"""The confusion matrix: which class is taken for which."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from harness.report.figures import style
from harness.report.figures.style import INK

HEIGHT = 4.2
SHADES = "Oranges"
DARK = 0.72  # of the largest count, above which white is read better


def confusion_counts(labels: NDArray[Any], predicted: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """Return how many images of class i (row) are taken for class j (column): (K, K) from two arrays (n,)."""
    pairs = np.asarray(labels, np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def confusion_matrix(counts: NDArray[np.int64], *, ax: Axes | None = None) -> Axes:
    """Draw counts (K, K), a row a true class; shades are of the mistakes alone, for the diagonal would drown them."""
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    classes = len(counts)
    wrong = np.where(np.eye(classes, dtype=bool), 0, counts)
    most = max(int(wrong.max()), 1)
    ax.imshow(wrong, cmap=SHADES, vmin=0, vmax=most)
    for true, taken in np.ndindex(classes, classes):
        count = int(counts[true, taken])
        if count:
            dark = true != taken and count > DARK * most
            weight = "bold" if true == taken else "normal"
            ax.text(taken, true, str(count), ha="center", va="center", fontsize=8, fontweight=weight,
                    color="white" if dark else INK)  # fmt: skip
    for axis in (ax.xaxis, ax.yaxis):
        style.ticks_at(axis, range(classes), [str(k) for k in range(classes)])
    ax.grid(visible=False)
    ax.set(xlabel="predicted", ylabel="true class")
    return ax
