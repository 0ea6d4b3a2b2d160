"""How near one hidden layer comes to a function of one variable, by its width."""

import numpy as np

from harness.probes.measured import Measured
from harness.spec.probes import OneLayer
from harness.training.streams import stream
from kernels.branches import ACTIVATE, call_chosen
from kernels.choices import ACTIVATIONS
from kernels.numpy_backend import activations

FITTED, LOOKED_AT = 2_000, 10_001  # points of [-1, 1]
TARGETS = {
    "sine": lambda x: np.sin(3 * np.pi * x),
    "tent": lambda x: 1 - 2 * np.abs(x),
    "step": lambda x: np.where(x < 0.1, -1.0, 1.0),
}

activate = call_chosen(ACTIVATE, activations)


def one_layer(asked: OneLayer) -> Measured:
    """Draw the hidden units, each with its kink or bend at a random place, and fit the output layer by least squares.

    What a network of this width can do is at least this good: training could move the hidden units too. Deviations are
    on a finer grid than was fitted. Source: tutorial 3.1; Cybenko 1989, Hornik 1991.
    """
    rng = stream(asked.seed, "weights")
    slopes = rng.normal(0, 1, asked.units) * max(asked.units, 4) / 2
    places = rng.uniform(-1, 1, asked.units)
    target = TARGETS[asked.target]

    def features(x: np.ndarray) -> np.ndarray:
        z = (x[:, None] - places) * slopes  # (N, M)
        a = np.empty_like(z)
        activate(ACTIVATIONS.index(asked.activation), a=a, z=z, alpha=0.01)
        return np.column_stack([a, np.ones(len(x))])

    x = np.linspace(-1, 1, FITTED)
    weights, *_ = np.linalg.lstsq(features(x), target(x), rcond=1e-10)
    seen = np.linspace(-1, 1, LOOKED_AT)
    fitted = features(seen) @ weights
    off = np.abs(fitted - target(seen))
    shown = slice(None, None, 250)
    return Measured(
        {"largest_deviation": float(off.max()), "mean_deviation": float(off.mean())},
        {"x": seen[shown].tolist(), "function": target(seen)[shown].tolist(), "network": fitted[shown].tolist()},
    )
