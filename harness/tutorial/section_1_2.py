"""The neuron of section 1.2."""

import numpy as np
import pandas as pd

from harness.tutorial import as_written
from harness.tutorial.by_hand import ITS_CODE, Layer, Worked, affine, numbers, sigmoid

X, W, B = (0.5, 0.8), (0.4, 0.6), -0.5


def tables() -> dict[str, pd.DataFrame]:
    """Return its worked numbers."""
    return {"numbers": numbers(worked())}


def worked() -> list[Worked]:
    """Return its weighted sum and its activation."""
    z = affine(np.array([X]), Layer(np.array([W]).T.copy(), np.array([B])))
    theirs = np.dot(W, X) + B
    return [
        Worked("z = w·x + b", z[0, 0], theirs, ITS_CODE),
        Worked("a = σ(z)", sigmoid(z)[0, 0], as_written.sigmoid(theirs), ITS_CODE),
    ]
