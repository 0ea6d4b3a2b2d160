"""The losses of section 2.2: value and gradient of one sigmoid output whose target is 1."""

import numpy as np
import pandas as pd

from harness.tutorial.by_hand import KERNELS, Array
from harness.tutorial.landscape import landscape

Z = np.linspace(-8, 8, 161)
TOLD = (-8.0, -4.0, 0.0, 4.0)


def tables() -> dict[str, pd.DataFrame]:
    """Return both losses on a range of logits, at some of them to be read, and a trained network's loss on a plane."""
    columns: dict[str, Array] = {"z": Z}
    for loss in ("mse", "binary_cross_entropy"):
        values, a = np.empty(Z.size), np.empty((Z.size, 1))
        getattr(KERNELS, f"{loss}_forward")(values, a, Z[:, None], np.ones(Z.size, np.uint8))
        dz = np.empty_like(a)
        getattr(KERNELS, f"{loss}_backward")(dz, a, np.ones(Z.size, np.uint8))
        columns |= {"a": a[:, 0], loss: values, f"{loss} gradient": dz[:, 0] * Z.size}  # of the sum, not the mean
    losses = pd.DataFrame(columns)
    plane, path, shares = landscape()
    told = losses[losses["z"].isin(TOLD)].set_axis(["z", "a", "mse", "∂mse/∂z", "cross-entropy", "∂ce/∂z"], axis=1)
    return {"losses": losses, "wrong_and_right": told, "plane": plane, "path": path, "shares": shares}
