"""Backpropagation by hand, section 2.3: the chain rule, one neuron, two weights, and the network 2-3-1."""

from typing import Any

import numpy as np
import pandas as pd

from harness.tutorial import as_written, section_2_1
from harness.tutorial.as_written import sigmoid_derivative
from harness.tutorial.by_hand import ITS_CODE, KERNELS, Array, Layer, Worked, affine, numbers, sigmoid, sigmoid_backward
from harness.tutorial.landscape import descent

ONE = np.ones(1, np.uint8)  # the label of the only sample
W1, W2, X, Y = 0.5, 0.8, 1.0, 1.0


def tables() -> dict[str, pd.DataFrame]:
    """Return the worked numbers, the chain rule in three ways, the graph of a neuron, and a descent on a real loss."""
    plane, path, _ = descent()
    return {
        "numbers": numbers(worked()),
        "chain_rule": chain_rule(),
        "graph": graph(),
        "plane": plane,
        "path": path,
    }


def worked() -> list[Worked]:
    """Return every number of the example with two weights, and the gradients of the network 2-3-1."""
    return [*two_weights(), *vectorised()]


def two_weights() -> list[Worked]:
    """Return every number of the example with two weights, by kernels and by the tutorial's lines."""
    z1 = affine(np.array([[X]]), Layer.of_columns([[W1]]))
    a1 = sigmoid(z1)
    z2 = affine(a1, Layer.of_columns([[W2]]))
    loss, a2, delta2 = np.empty(1), np.empty_like(z2), np.empty_like(z2)
    KERNELS.mse_forward(loss, a2, z2, ONE)
    KERNELS.mse_backward(delta2, a2, ONE)
    da1, dw2, db2 = np.empty_like(a1), np.empty((1, 1)), np.empty(1)
    KERNELS.affine_backward(da1, dw2, db2, delta2, a1, np.array([[W2]]))
    delta1, dw1, db1 = sigmoid_backward(da1, a1), np.empty((1, 1)), np.empty(1)
    KERNELS.affine_backward_parameters(dw1, db1, delta1, np.array([[X]]))
    ours = (z1, a1, z2, a2, loss, a2 - Y, sigmoid_backward(np.ones_like(a2), a2), delta2,
            sigmoid_backward(np.ones_like(a1), a1), delta1, dw2, db2, dw1, db1)  # fmt: skip
    named = zip(_as_written().items(), ours, strict=True)
    return [Worked(f"two weights: {name}", value.item(), theirs, ITS_CODE) for (name, theirs), value in named]


def _as_written() -> dict[str, Any]:
    """Return the numbers of the tutorial's cell, in its order."""
    z1 = W1 * X + 0.0
    a1 = as_written.sigmoid(z1)
    z2 = W2 * a1 + 0.0
    a2 = as_written.sigmoid(z2)
    d_a2 = a2 - Y
    delta2 = d_a2 * sigmoid_derivative(z2)
    delta1 = W2 * delta2 * sigmoid_derivative(z1)
    return {
        "z1": z1, "a1": a1, "z2": z2, "a2": a2, "loss L": 0.5 * d_a2**2, "∂L/∂a2": d_a2,
        "σ'(z2)": sigmoid_derivative(z2),
        "δ2": delta2, "σ'(z1)": sigmoid_derivative(z1), "δ1": delta1, "∂L/∂w2": delta2 * a1, "∂L/∂b2": delta2,
        "∂L/∂w1": delta1 * X, "∂L/∂b1": delta1,
    }  # fmt: skip


def vectorised() -> list[Worked]:
    """Return the gradients of the network 2-3-1 for the label 1, by kernels and by the tutorial's function."""
    theirs = as_written.backward_propagation(
        np.array([[1]]), as_written.forward_propagation(np.array([section_2_1.X]).T, section_2_1.parameters())[1],
        section_2_1.parameters(),
    )  # fmt: skip
    ours = gradients()
    return [
        Worked(f"2-3-1: {name}" + f"[{','.join(str(i + 1) for i in place)}]" * (value.size > 1), value[place],
               theirs[name][place], ITS_CODE)
        for name, value in ours.items()
        for place in np.ndindex(value.shape)
    ]  # fmt: skip


def gradients() -> dict[str, Array]:
    """Return dW2, db2, dW1, db1 by the kernels, transposed as the tutorial has them: (n_out, n_in) and (n_out, 1)."""
    cache, w2 = section_2_1.forward(), Layer.of_columns(section_2_1.WEIGHTS[1]).w
    losses, p, dz = np.empty(1), np.empty((1, 1)), np.empty((1, 1))
    KERNELS.binary_cross_entropy_forward(losses, p, cache["Z2"], ONE)
    KERNELS.binary_cross_entropy_backward(dz, p, ONE)
    da, dw2, db2 = np.empty((1, 3)), np.empty((3, 1)), np.empty(1)
    KERNELS.affine_backward(da, dw2, db2, dz, cache["A1"], w2)
    dw1, db1 = np.empty((2, 3)), np.empty(3)
    KERNELS.affine_backward_parameters(dw1, db1, sigmoid_backward(da, cache["A1"]), cache["A0"])
    return {"dW2": dw2.T, "db2": db2[:, None], "dW1": dw1.T, "db1": db1[:, None]}


def chain_rule() -> pd.DataFrame:
    """Return dy/dx by the tutorial's formula, by the kernel's u and du, and by two measurements of the slope."""
    x = np.array([-1.5, -0.5, 0.0, 1.0, 2.5])
    u = affine(x[:, None], Layer(np.array([[2.0]]), np.array([1.0])))
    dx, dw, db = np.empty_like(u), np.empty((1, 1)), np.empty(1)
    KERNELS.affine_backward(dx, dw, db, 3 * u**2, x[:, None], np.array([[2.0]]))
    h = 6e-6 * np.maximum(1, np.abs(x))
    return pd.DataFrame({
        "x": x,
        "6 (2x + 1)²": 6 * (2 * x + 1) ** 2,
        "kernel, 3u² · 2": dx[:, 0],
        "complex step": ((2 * (x + 1e-30j) + 1) ** 3).imag / 1e-30,
        "central differences": ((2 * (x + h) + 1) ** 3 - (2 * (x - h) + 1) ** 3) / (2 * h),
    })  # fmt: skip


def graph() -> pd.DataFrame:
    """Return value and gradient at each node of L = ½ (σ(w x + b) - t)², at w = 0.5, x = 1, b = 0, t = 1."""
    w, b, x = 0.5, 0.0, 1.0
    z = affine(np.array([[x]]), Layer(np.array([[w]]), np.array([b])))
    loss, y, dz = np.empty(1), np.empty_like(z), np.empty_like(z)
    KERNELS.mse_forward(loss, y, z, ONE)
    KERNELS.mse_backward(dz, y, ONE)
    dx, dw, db = np.empty_like(z), np.empty((1, 1)), np.empty(1)
    KERNELS.affine_backward(dx, dw, db, dz, np.array([[x]]), np.array([[w]]))
    inputs = [("x", x, dx), ("w", w, dw), ("b", b, db)]
    rows = [*inputs, ("wx", w * x, dz), ("z", z, dz), ("y", y, y - 1.0), ("L", loss, 1.0)]
    return pd.DataFrame(
        [(name, np.asarray(value).item(), np.asarray(slope).item()) for name, value, slope in rows],
        columns=["node", "value", "gradient"],
    )
