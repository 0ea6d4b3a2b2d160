"""The training benchmark: all contenders learn the same, and what is counted is what a step does."""

import numpy as np
import pytest

from harness.quality.bench.contenders import tutorial
from harness.quality.bench.networks import NETWORKS, Network
from kernels import layout, numpy_backend


def test_the_tutorials_class_takes_the_step_of_the_reference_in_float64():
    widths, n, rate = (5, 4, 4, 10), 6, 0.1
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (n, 5), dtype=np.uint8), rng.integers(0, 10, n).astype(np.uint8)
    model = tutorial.NeuralNetwork(list(widths))
    net, rule = layout.network(widths), layout.optimizer("sgd")
    state = layout.new_state(net, rule, "float64")
    for layer in range(3):
        layout.weight(state.parameters, net, layer)[...] = model.parameters[f"W{layer + 1}"].T
    targets = np.zeros((10, n))
    targets[labels, np.arange(n)] = 1

    order = rng.permutation(n)
    loss = tutorial.train_epoch(model, pixels.T / 255.0, targets, order, 3, rate)
    losses, empty = np.zeros(2), np.zeros(0, np.uint8)
    images = layout.Images(pixels, labels, np.zeros(1, np.int64), empty.astype(np.uint16), empty, False, 1 / 255, 0.0)
    work = layout.new_workspace(net, 3, "float64", sparse=False)
    rates = np.full(2, rate)
    numpy_backend.train_epoch(state, work, losses, images, order, rates, net, rule, 3, 0.0, 0.0, np.uint64(0), 0)

    for layer in range(3):
        w, b = layout.weight(state.parameters, net, layer), layout.bias(state.parameters, net, layer)
        np.testing.assert_allclose(model.parameters[f"W{layer + 1}"].T, w, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(model.parameters[f"b{layer + 1}"][:, 0], b, rtol=1e-12, atol=1e-15)
    assert loss == pytest.approx(losses.mean(), abs=1e-6)  # the tutorial adds 1e-8 inside the logarithm


def test_products_of_a_step_are_counted_without_the_gradient_of_the_images():
    network = Network((3,), "sgd", 0.1, 2)
    forward, backward = 2 * 2 * (784 * 3 + 3 * 10), 2 * 2 * (784 * 3 + 2 * 3 * 10)
    assert network.product_flops == forward + backward


def test_the_six_networks_are_those_that_were_agreed():
    assert [network.name for network in NETWORKS] == [
        "784-64-64-10 sgd B=128",
        "784-128-64-10 adam B=32",
        "784-128-64-10 adam B=128",
        "784-512-512-10 adam B=128",
        "784-30-10 sigmoid sgd B=10",
        "784-64×8-10 batch norm adam B=128",
    ]
