"""Exercise 4 of section 5.2: the weights of the first layer, and how far training has moved them."""

import numpy as np
import pandas as pd

from harness.training import setup
from harness.tutorial.digits import rounded, trained
from kernels import layout

UNITS = 10


def first_layer() -> pd.DataFrame:
    """Return a row a weight of some units of layer 1: after training, and the difference from the first draw."""
    result = trained()
    first = setup.initial_state(result.trial, result.network, setup.optimizer_of(result.trial)).parameters
    after, before = result.weights(1)[:, :UNITS], layout.weight(first, result.network, 0)[:, :UNITS]
    pixel, unit = np.indices(after.shape)
    return pd.DataFrame(
        {
            "pixel": pixel.ravel(),
            "unit": unit.ravel(),
            "weight": rounded(after, 3).ravel(),
            "moved": rounded(after - before, 3).ravel(),
        }
    )
