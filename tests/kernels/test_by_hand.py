"""Numbers worked out by hand: the tutorial's examples, and the first steps of each optimizer.

Expected values of the tutorial's examples were computed from its formulas with 30 digits and rounded to 17.
"""

import numpy as np
import pytest

from kernels import layout
from kernels.layout import Images


def exact(got, expected):
    np.testing.assert_allclose(got, expected, rtol=4e-16, atol=0)


class Example:
    """A network of sigmoids on one image, whose pixels are the inputs."""

    def __init__(self, backend, weights, inputs, label, loss):
        weights = [np.array(w, float) for w in weights]
        self.network = layout.network([len(inputs), *(w.shape[1] for w in weights)], activation="sigmoid", loss=loss)
        self.state = layout.new_state(self.network, layout.optimizer("sgd"), "float64")
        for layer, w in enumerate(weights):
            layout.weight(self.state.parameters, self.network, layer)[...] = w
        self.work = layout.new_workspace(self.network, 1, "float64", sparse=False)
        empty = np.zeros(2, np.int64), np.zeros(0, np.uint16)
        pixels, labels = np.array([inputs], np.uint8), np.array([label], np.uint8)
        pixels.flags.writeable = labels.flags.writeable = False  # as a mapped dataset: the same compiled version
        images = Images(pixels, labels, *empty, False, 1.0, 0.0)
        self.loss = backend.batch_gradient(self.state, self.work, images, np.array([0]), self.network, np.uint64(0), 0)

    def gradient(self, layer):
        return layout.weight(self.state.gradients, self.network, layer)

    def bias_gradient(self, layer):
        return layout.bias(self.state.gradients, self.network, layer)


def test_a_neuron_of_section_1_2(backend):
    x, w, b = np.array([[0.5, 0.8]]), np.array([[0.4], [0.6]]), np.array([-0.5])
    z, a = np.empty((1, 1)), np.empty((1, 1))
    backend.affine_forward(z, x, w, b)
    np.testing.assert_allclose(z, 0.18, rtol=0, atol=6e-17)  # 0.2 + 0.48 - 0.5: one rounding of a number near 1/2
    backend.sigmoid_forward(a, np.array([[0.18]]))
    exact(a, 0.54487889237358005402)


def test_forward_pass_of_section_2_1_and_its_gradients_of_section_2_3(backend):
    """W1 = [[.1, .2], [.3, .4], [.5, .6]] and W2 = [[.7, .8, .9]], transposed; x = (1, 2), y = 1, cross-entropy."""
    example = Example(
        backend, [[[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [[0.7], [0.8], [0.9]]], (1, 2), 1, "binary_cross_entropy"
    )
    exact(example.work.activations, [0.62245933120185456464, 0.75026010559511760421, 0.84553473491646529567])
    exact(example.work.probabilities, 0.85777248208961630712)
    exact(example.loss, -np.log(0.85777248208961630712))
    into_hidden = np.array([-0.023396796280311254482, -0.02131932231936913551, -0.016718158094251857614])
    # 1 - a loses a digit, so these hold to 15
    np.testing.assert_allclose(example.bias_gradient(1), -0.14222751791038369288, rtol=1e-15)
    np.testing.assert_allclose(
        example.gradient(1)[:, 0], [-0.088530845676997225128, -0.10670763260597594972, -0.12025830665418309585], 2e-15
    )
    np.testing.assert_allclose(example.bias_gradient(0), into_hidden, 2e-15)
    np.testing.assert_allclose(example.gradient(0), [into_hidden, 2 * into_hidden], 2e-15)


def test_backpropagation_by_hand_of_section_2_3(backend):
    """w1 = 0.5, w2 = 0.8, x = y = 1, loss ½ (a2 - y)²."""
    example = Example(backend, [[[0.5]], [[0.8]]], (1,), 1, "mse")
    exact(example.work.activations, 0.62245933120185456464)
    exact(example.work.logits, 0.49796746496148365171)
    exact(example.work.probabilities, 0.62198155916826849254)
    np.testing.assert_allclose(example.loss, 0.071448970804426647295, 1e-15)
    np.testing.assert_allclose(example.bias_gradient(1), -0.088879884523810761593, 1e-15)
    np.testing.assert_allclose(example.gradient(1), -0.055324113477989310628, 1e-15)
    np.testing.assert_allclose(example.bias_gradient(0), -0.016709682242515661015, 1e-15)
    np.testing.assert_allclose(example.gradient(0), -0.016709682242515661015, 1e-15)


def test_exercise_1(backend):
    example = Example(backend, [[[0.1, 0.3], [0.2, 0.4]], [[0.5], [0.6]]], (1, 2), 1, "binary_cross_entropy")
    exact(example.work.probabilities, 0.6816545149073171868)


# Two steps from θ = 1 with gradients ½, ½ (Adam: ½, -½) at rate 1/10; moments start at 0.
STEPS = {
    # v = .05, .095
    "ema_momentum": ({"velocity": 0.0}, {"momentum": 0.9}, (0.5, 0.5), (0.995, 0.9855)),
    # v = .5, .95
    "momentum": ({"velocity": 0.0}, {"momentum": 0.9}, (0.5, 0.5), (0.95, 0.855)),
    # v = .5, .95; g + .9 v = .95, 1.355
    "nesterov": ({"velocity": 0.0}, {"momentum": 0.9}, (0.5, 0.5), (0.905, 0.7695)),
    "sgd": ({}, {}, (0.5, 0.5), (0.95, 0.9)),
    # s = 1/4, then gradient √½ makes s = 3/4; √s + ε = 1, √¾ + ½
    "adagrad": ({"squares": 0.0}, {"epsilon": 0.5}, (0.5, 0.5**0.5), (0.95, 0.95 - 0.1 * 0.5**0.5 / (0.75**0.5 + 0.5))),
    # s = 1/16, then gradient 0: nothing moves; s + ε = 1/4, its root 1/2
    "rmsprop": ({"squares": 0.0}, {"rho": 0.75, "epsilon": 0.1875}, (0.5, 0.0), (0.9, 0.9)),
    # s = 1/16; √s + ε = 1/2
    "rmsprop_eps_outside": ({"squares": 0.0}, {"rho": 0.75, "epsilon": 0.25}, (0.5, 0.0), (0.9, 0.9)),
    # m̂ = .5, then m = .045 - .05 = -.005, m̂ = -.005 / .19; v̂ = .25 both times; √v̂ + ε = 1
    "adam": (
        {"first": 0.0, "second": 0.0},
        {"beta1": 0.9, "beta2": 0.999, "epsilon": 0.5},
        (0.5, -0.5),
        (0.95, 0.95 + 0.1 * 0.005 / 0.19),
    ),
}


@pytest.mark.parametrize("rule", STEPS)
def test_two_steps_of_each_optimizer_by_hand(backend, rule):
    moments, constants, gradients, expected = STEPS[rule]
    parameters, buffers = np.array([1.0]), [np.array([start]) for start in moments.values()]
    for i, (gradient, after) in enumerate(zip(gradients, expected, strict=True)):
        step = (i + 1,) if rule == "adam" else ()
        getattr(backend, f"{rule}_step")(parameters, *buffers, np.array([gradient]), 0.1, *constants.values(), *step)
        np.testing.assert_allclose(parameters, after, rtol=1e-13)


def test_adamw_decays_weights_before_the_step_and_biases_not(backend):
    parameters, first, second = np.ones(2), np.zeros(2), np.zeros(2)
    backend.adamw_step(parameters, first, second, np.full(2, 0.5), 0.1, 0.9, 0.999, 0.5, 1, 0.2, 1)
    np.testing.assert_allclose(parameters, [0.98 - 0.05, 0.95], rtol=1e-13)


def test_l2_adds_its_share_to_loss_and_gradient(backend):
    w, dw = np.array([3.0, -4.0]), np.ones(2)
    assert backend.l2_forward(w, 0.1) == pytest.approx(1.25, rel=1e-15)  # 0.1 / 2 · 25
    backend.l2_backward(dw, w, 0.1)
    np.testing.assert_allclose(dw, [1.3, 0.6], rtol=1e-15)


def test_clipping_scales_to_the_limit_and_not_below_it(backend):
    gradients = np.array([3.0, -4.0])
    assert backend.clip_by_global_norm(gradients, 5.0) == 5
    np.testing.assert_array_equal(gradients, [3, -4])
    assert backend.clip_by_global_norm(gradients, 2.5) == 5
    np.testing.assert_array_equal(gradients, [1.5, -2])


def test_skip_connections_add_up(backend):
    z, skip = np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])
    backend.residual_forward(z, skip)
    np.testing.assert_array_equal(z, [[11, 22]])


def test_residual_blocks_skip_only_between_equal_hidden_widths():
    network = layout.network([4, 4, 4, 3, 3, 2], residual=True)
    assert [layout.has_skip(network, layer) for layer in range(4)] == [False, True, False, True]


def test_the_slope_of_relu_at_zero_is_zero_and_of_leaky_relu_alpha(backend):
    a, da, dz = np.array([[0.0, -0.0, 1.0]]), np.ones((1, 3)), np.empty((1, 3))
    backend.relu_backward(dz, da, a)
    np.testing.assert_array_equal(dz, [[0, 0, 1]])
    backend.leaky_relu_backward(dz, da, a, 0.25)
    np.testing.assert_array_equal(dz, [[0.25, 0.25, 1]])
