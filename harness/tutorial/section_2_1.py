"""The forward pass of section 2.1: 2-3-1, sigmoid, one sample."""

import numpy as np
import pandas as pd

from harness.tutorial import as_written
from harness.tutorial.by_hand import ITS_CODE, Array, Layer, Worked, affine, numbers, sigmoid
from harness.tutorial.section_1_4 import WIDTHS

WEIGHTS = ([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [[0.7, 0.8, 0.9]])  # as the tutorial writes them, (n_out, n_in)
X = (1.0, 2.0)
SAMPLES = 5


def tables() -> dict[str, pd.DataFrame]:
    """Return its worked numbers, and the shapes of a batch in the network of section 1.4."""
    return {"numbers": numbers(worked()), "batch": pd.DataFrame({"width": WIDTHS, "samples": SAMPLES})}


def worked() -> list[Worked]:
    """Return the weighted inputs and activations of both layers."""
    ours, (_, theirs) = forward(), as_written.forward_propagation(np.array([X]).T, parameters())
    return [
        Worked(
            f"{'z' if name[0] == 'Z' else 'a'}[{name[1]}]" + f"_{i + 1}" * (len(values[0]) > 1),
            value,
            theirs[name][i, 0],
            ITS_CODE,
        )
        for name, values in ours.items()
        if name != "A0"
        for i, value in enumerate(values[0])
    ]


def parameters() -> dict[str, Array]:
    """Return the tutorial's `params`."""
    return {
        key: value
        for layer, w in enumerate(WEIGHTS, start=1)
        for key, value in ((f"W{layer}", np.array(w)), (f"b{layer}", np.zeros((len(w), 1))))
    }


def forward() -> dict[str, Array]:
    """Return what the tutorial calls the cache, by the kernels: A0, Z1, A1, Z2, A2, each (1, M)."""
    a = np.array([X])
    cache = {"A0": a}
    for number, w in enumerate(WEIGHTS, start=1):
        z = affine(a, Layer.of_columns(w))
        a = sigmoid(z)
        cache |= {f"Z{number}": z, f"A{number}": a}
    return cache
