"""Backpropagation's gradient against the numerical one."""

import numpy as np

from harness.probes.measured import Measured
from harness.spec.probes import NumericalGradient
from harness.training.setup import backend
from harness.training.streams import stream
from kernels import layout
from kernels.layout import Images

INPUTS, CLASSES, BATCH = 6, 3, 8
STEP = 6e-6  # of central differences, relative to the parameter


def numerical_gradient(asked: NumericalGradient) -> Measured:
    """Compare ∂loss/∂θ of a small network in float64, every parameter of it, with (L(θ + h) - L(θ - h)) / 2h.

    `deviation` is the largest difference, relative to the largest component of the gradient. Source: tutorial 2.3.
    """
    kernels, rng = backend(asked.backend), stream(asked.seed, "weights")
    network = layout.network(
        [INPUTS, 5, 4, CLASSES], activation=asked.activation, normalization=asked.normalization, loss=asked.loss
    )
    state = layout.new_state(network, layout.optimizer("sgd"), "float64")
    state.parameters[...] += rng.normal(0, 0.5, network.parameters)
    work = layout.new_workspace(network, BATCH, "float64", sparse=False)
    pixels = rng.integers(256, size=(BATCH, INPUTS)).astype(np.uint8)
    labels = rng.integers(CLASSES, size=BATCH).astype(np.uint8)
    images = Images(pixels, labels, np.zeros(1, np.int64), np.zeros(0, np.uint16), False, 1 / 255, -0.5)

    def loss() -> float:
        return float(kernels.batch_gradient(state, work, images, np.arange(BATCH), network, np.uint64(0), 0))

    loss()
    gradient, found = state.gradients.copy(), np.empty(network.parameters)
    for i, value in enumerate(state.parameters.copy()):
        h = STEP * max(1.0, abs(value))
        ends = []
        for sign in (1, -1):
            state.parameters[i] = value + sign * h
            ends.append(loss())
        state.parameters[i] = value
        found[i] = (ends[0] - ends[1]) / (2 * h)
    return Measured({"deviation": float(np.abs(gradient - found).max() / np.abs(gradient).max())})
