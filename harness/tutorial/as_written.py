"""The functions of the tutorial as they stand there: float64, samples as columns.

Its class is a contender of `harness bench`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Arrays = dict[str, Array]

DESCENT = {
    "w": (1.8, 1.5, 1.2, 0.9, 0.6, 0.4, 0.2, 0.1, 0.05, 0.02),
    "b": (1.5, 1.2, 0.9, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02),
    "loss": (3.0, 2.2, 1.5, 1.0, 0.6, 0.35, 0.2, 0.1, 0.05, 0.02),
}
"""Section 2.3: the points of its descent, typed in there."""


def sigmoid(z: Any) -> Any:
    """Section 1.2."""
    return 1 / (1 + np.exp(-z))


def sigmoid_derivative(z: Any) -> Any:
    """Section 2.3."""
    s = sigmoid(z)
    return s * (1 - s)


def forward_propagation(X: Array, parameters: Arrays) -> tuple[Array, Arrays]:
    """Section 2.1: X (n_features, n_samples)."""
    cache = {"A0": X}
    A = X
    L = len(parameters) // 2
    for l in range(1, L + 1):  # noqa: E741
        W = parameters[f"W{l}"]
        b = parameters[f"b{l}"]
        Z = np.dot(W, A) + b
        A = sigmoid(Z)
        cache[f"Z{l}"] = Z
        cache[f"A{l}"] = A
    return A, cache


def backward_propagation(Y: Array, cache: Arrays, parameters: Arrays) -> Arrays:
    """Section 2.3, vectorised: Y (n_out, m)."""
    grads = {}
    L = len(parameters) // 2
    m = Y.shape[1]
    AL = cache[f"A{L}"]
    dZ = AL - Y
    for l in reversed(range(1, L + 1)):  # noqa: E741
        A_prev = cache[f"A{l - 1}"]
        grads[f"dW{l}"] = (1 / m) * np.dot(dZ, A_prev.T)
        grads[f"db{l}"] = (1 / m) * np.sum(dZ, axis=1, keepdims=True)
        if l > 1:
            W = parameters[f"W{l}"]
            Z_prev = cache[f"Z{l - 1}"]
            dA_prev = np.dot(W.T, dZ)
            dZ = dA_prev * sigmoid_derivative(Z_prev)
    return grads
