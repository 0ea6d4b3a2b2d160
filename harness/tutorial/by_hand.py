"""Small networks by the kernels, one call a step, so that every intermediate number can be seen."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.training.setup import backend
from harness.training.trained import TrainedNetwork
from kernels import layout
from kernels.branches import ACTIVATE, call_chosen
from kernels.numpy_backend import activations

Array = NDArray[np.float64]
KERNELS = backend("numpy")
"""The reference, which reads as the equations do; tests hold the compiled kernels to the same numbers."""

activate = call_chosen(ACTIVATE, activations)


class Layer(NamedTuple):
    """Weights (D, M) and biases (M,) of a layer."""

    w: Array
    b: Array

    @classmethod
    def of_columns(cls, w: Sequence[Sequence[float]]) -> "Layer":
        """Return a layer whose weights are written as the tutorial writes them, (M, D), with biases of 0."""
        rows = np.ascontiguousarray(np.array(w, float).T)
        return cls(rows, np.zeros(rows.shape[1]))


def affine(x: Array, layer: Layer) -> Array:
    """Return z (N, M) of inputs x (N, D)."""
    z = np.empty((len(x), len(layer.b)))
    KERNELS.affine_forward(z, x, *layer)
    return z


def sigmoid(z: Array) -> Array:
    """Return the activations of z."""
    a = np.empty_like(z)
    KERNELS.sigmoid_forward(a, z)
    return a


def sigmoid_backward(da: Array, a: Array) -> Array:
    """Return the gradient of z from that of its activations."""
    dz = np.empty_like(a)
    KERNELS.sigmoid_backward(dz, da, a)
    return dz


def logits(trained: TrainedNetwork, x: Array, parameters: Array | None = None) -> Array:
    """Return the logits (N, K) of a plain network for inputs x (N, D), in float64; by other `parameters`, if given."""
    network, flat = trained.network, trained.state.parameters if parameters is None else parameters
    last = len(network.widths) - 2
    for layer in range(last + 1):
        weights = (np.ascontiguousarray(part(flat, network, layer), float) for part in (layout.weight, layout.bias))
        z = affine(x, Layer(*weights))
        if layer < last:
            x = np.empty_like(z)
            activate(network.activation, a=x, z=z, alpha=network.alpha)
    return z


class Worked(NamedTuple):
    """A worked number: ours, and the tutorial's own with where it stands there."""

    quantity: str
    computed: Any
    tutorial: Any
    source: str


ITS_CODE, STATED = "its code, run", "stated"


def numbers(rows: Sequence[Worked]) -> pd.DataFrame:
    """Return worked numbers as text, in as many digits as tell each float from every other."""
    return pd.DataFrame([[_digits(cell) for cell in row] for row in rows], columns=list(Worked._fields))


def _digits(cell: Any) -> str:
    return cell if isinstance(cell, str) else repr(cell.item() if hasattr(cell, "item") else cell)
