"""The activations of section 1.3 with their derivatives."""

import numpy as np
import pandas as pd

from harness.tutorial.by_hand import KERNELS

NAMES = ("sigmoid", "tanh", "relu", "leaky_relu")
ALPHA = 0.01
Z = np.linspace(-5, 5, 201)


def tables() -> dict[str, pd.DataFrame]:
    """Return values and slopes on [-5, 5], and the largest slope of each with what ten layers leave of a gradient."""
    curves = pd.concat([_curve(name) for name in NAMES], ignore_index=True)
    largest = curves.groupby("activation", sort=False)["slope"].max()
    slopes = pd.DataFrame(
        {
            "activation": largest.index,
            "largest slope": largest.to_numpy(),
            "to the power of 10": largest.to_numpy() ** 10,
        }
    )
    return {"curves": curves, "slopes": slopes}


def _curve(name: str) -> pd.DataFrame:
    a, dz = np.empty((1, Z.size)), np.empty((1, Z.size))
    forward, backward = getattr(KERNELS, f"{name}_forward"), getattr(KERNELS, f"{name}_backward")
    alpha = (ALPHA,) if name == "leaky_relu" else ()
    forward(a, Z[None, :], *alpha)
    backward(dz, np.ones_like(a), a, *alpha)
    return pd.DataFrame({"activation": name, "z": Z, "a": a[0], "slope": dz[0]})
