"""The tutorial's own class, run as written, and our kernels take the same steps in float64."""

import itertools

import numpy as np
import pytest

from harness.bench.contenders.tutorial import NeuralNetwork
from harness.datasets import load_dataset
from harness.training import setup
from kernels import layout
from kernels.layout import Images

WIDTHS, BATCH, RATE, STEPS = (784, 64, 64, 10), 128, 0.1, 10


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_each_step_of_the_class_is_ours(backend):
    kernels, data = setup.backend(backend), load_dataset("mnist")
    rng = np.random.RandomState(42)
    model = NeuralNetwork(list(WIDTHS))
    network = layout.network(WIDTHS)
    state = layout.new_state(network, layout.optimizer("sgd"), "float64")
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(WIDTHS)):
        model.parameters[f"W{layer + 1}"] = rng.randn(fan_out, fan_in) * np.sqrt(2.0 / fan_in)
        layout.weight(state.parameters, network, layer)[...] = model.parameters[f"W{layer + 1}"].T
    order = rng.permutation(60_000)
    empty = np.zeros(1, np.int64), np.zeros(0, np.uint16)
    images = Images(data.train_images, data.train_labels, *empty, False, 1 / 255, 0.0)
    work = layout.new_workspace(network, BATCH, "float64", sparse=False)
    for step in range(STEPS):
        rows = order[step * BATCH : (step + 1) * BATCH]
        targets = np.eye(10)[:, data.train_labels[rows]]
        model.forward(data.train_images[rows].T / 255.0)
        theirs = model.compute_loss(targets)
        model.backward(targets)
        model.update(RATE)
        ours = kernels.batch_gradient(state, work, images, rows, network, np.uint64(0), step)
        kernels.sgd_step(state.parameters, state.gradients, RATE)
        assert ours == pytest.approx(theirs, abs=1e-6)  # the class adds 1e-8 inside the logarithm
        for layer in range(3):
            w = layout.weight(state.parameters, network, layer)
            np.testing.assert_allclose(model.parameters[f"W{layer + 1}"].T, w, rtol=1e-10, atol=1e-13)
            b = layout.bias(state.parameters, network, layer)
            np.testing.assert_allclose(model.parameters[f"b{layer + 1}"][:, 0], b, rtol=1e-10, atol=1e-13)
