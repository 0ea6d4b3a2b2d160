"""First weights have the distribution that their name promises."""

import numpy as np
import pytest

from harness.spec import Trial, names
from harness.training.initializers import INITIALIZERS
from harness.training.setup import initial_state, network_of, optimizer_of
from kernels import layout

IN, OUT = 300, 200
VARIANCE = {
    "normal": 1.0,
    "uniform": 1 / (3 * IN),  # of U(±a): a² / 3
    "lecun_normal": 1 / IN,
    "xavier_normal": 2 / (IN + OUT),
    "xavier_uniform": 2 / (IN + OUT),
    "he_normal": 2 / IN,
    "he_uniform": 2 / IN,
}
BOUND = {"uniform": (1 / IN) ** 0.5, "xavier_uniform": (6 / (IN + OUT)) ** 0.5, "he_uniform": (6 / IN) ** 0.5}


def drawn(name, fan_in=IN, fan_out=OUT, **extra):
    return INITIALIZERS[name](np.random.default_rng(0), fan_in, fan_out, **extra)


def test_every_name_has_its_scheme():
    assert tuple(INITIALIZERS) == names.INITIALIZERS


@pytest.mark.parametrize("name", VARIANCE)
def test_mean_and_variance_are_those_of_the_formula(name):
    weights, size = drawn(name), IN * OUT
    assert weights.shape == (IN, OUT)
    assert abs(weights.mean()) < 4 * (VARIANCE[name] / size) ** 0.5  # four standard errors
    assert weights.var() == pytest.approx(VARIANCE[name], rel=4 * (2 / size) ** 0.5)


@pytest.mark.parametrize("name", BOUND)
def test_uniform_weights_fill_their_interval_evenly(name):
    weights = drawn(name)
    assert 0.999 * BOUND[name] < np.abs(weights).max() <= BOUND[name]
    counts, _ = np.histogram(weights, 10, (-BOUND[name], BOUND[name]))
    assert np.abs(counts - 6000).max() < 4 * (6000 * 0.9) ** 0.5


@pytest.mark.parametrize("name", [name for name in VARIANCE if name.endswith("normal")])
def test_normal_weights_have_normal_tails(name):
    beyond = np.mean(np.abs(drawn(name)) > 2 * VARIANCE[name] ** 0.5)
    assert beyond == pytest.approx(0.0455, abs=0.0035)  # not truncated, which would leave none beyond 2 σ


def test_normal_takes_its_standard_deviation():
    assert drawn("normal", std=0.01).std() == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (25, 25)])
def test_orthogonal_weights_keep_lengths(shape):
    weights = drawn("orthogonal", *shape)
    fewer = weights.T @ weights if shape[0] >= shape[1] else weights @ weights.T
    np.testing.assert_allclose(fewer, np.eye(min(shape)), atol=1e-13)
    assert weights.flags.c_contiguous


def test_orthogonal_weights_have_no_preferred_sign():
    first = [INITIALIZERS["orthogonal"](np.random.default_rng(seed), 5, 5)[0, 0] for seed in range(200)]
    assert abs(np.mean(np.sign(first))) < 0.3


def state_of(**fields):
    trial = Trial(hidden=(6, 5), **fields)
    network = network_of(trial, 8, 3)
    return network, initial_state(trial, network, optimizer_of(trial))


def test_zeros_are_zero():
    _, state = state_of(initializer="zeros")
    assert not state.parameters.any()


def test_biases_start_at_zero_and_scales_at_one():
    network, state = state_of(normalization="layer")
    for layer in range(2):
        np.testing.assert_array_equal(layout.bias(state.parameters, network, layer), 0)
        np.testing.assert_array_equal(layout.gamma(state.parameters, network, layer), 1)
        np.testing.assert_array_equal(layout.beta(state.parameters, network, layer), 0)


def test_normal_biases_leave_the_first_weights_as_they_are():
    network, state = state_of(bias_init="normal")
    _, without = state_of()
    assert np.unique(layout.bias(state.parameters, network, 0)).size == 6
    np.testing.assert_array_equal(
        layout.weight(state.parameters, network, 0), layout.weight(without.parameters, network, 0)
    )


def test_normal_biases_have_the_standard_deviation_that_was_asked_for():
    network, state = state_of(bias_init="normal", bias_std=0.01)
    _, unit = state_of(bias_init="normal")
    for layer in range(3):
        np.testing.assert_allclose(
            layout.bias(state.parameters, network, layer),
            0.01 * layout.bias(unit.parameters, network, layer),
            rtol=1e-6,
        )


def test_only_the_output_layer_starts_from_the_output_initializer():
    network, state = state_of(output_initializer="zeros")
    _, plain = state_of()
    for layer in range(2):
        np.testing.assert_array_equal(
            layout.weight(state.parameters, network, layer), layout.weight(plain.parameters, network, layer)
        )
    assert not layout.weight(state.parameters, network, 2).any()
    assert layout.weight(plain.parameters, network, 2).any()


def test_a_normal_output_layer_has_the_standard_deviation_of_normal():
    trial = Trial(hidden=(300,), initializer="zeros", output_initializer="normal", init_std=0.01)
    network = network_of(trial, 8, 200)
    state = initial_state(trial, network, optimizer_of(trial))
    assert layout.weight(state.parameters, network, 1).std() == pytest.approx(0.01, rel=0.02)


def test_both_dtypes_round_the_same_numbers():
    (_, wide), (_, narrow) = state_of(dtype="float64"), state_of(dtype="float32")
    np.testing.assert_array_equal(wide.parameters.astype(np.float32), narrow.parameters)


def test_each_layer_gets_its_own_fan_in():
    network, state = state_of(initializer="he_uniform")
    for layer, fan_in in enumerate((8, 6, 5)):
        assert np.abs(layout.weight(state.parameters, network, layer)).max() <= (6 / fan_in) ** 0.5
