"""Figures about the inside of a network, on numbers that can be checked by hand."""

import math

import numpy as np
import pytest

from harness.training import diagnostics, setup
from kernels import layout

NETWORK = layout.network([2, 2, 1])


@pytest.mark.parametrize(("together", "rows", "share"), [(2, [0, 1], 0.5), (1, [0, 1], 0.5), (2, [0], 0.75)])
def test_a_unit_is_dead_that_is_active_on_none_of_the_images(backend_name, together, rows, share):
    """Four units: the first is woken by image 0, the second by image 1, the others by neither."""
    kernels, network = setup.backend(backend_name), layout.network([2, 4, 2])
    state = layout.new_state(network, layout.optimizer("sgd"), np.float32)
    layout.weight(state.parameters, network, 0)[...] = [[1, -1, 0, -1], [-1, 1, 0, -1]]
    pixels = np.array([[5, 0], [0, 7]], np.uint8)
    images = setup.images_from(pixels, np.zeros(2, np.uint8), None, False, 1.0, 0.0)
    workspace = layout.new_workspace(network, together, np.float32, sparse=False)
    assert diagnostics.dead_shares(kernels, workspace, state, images, np.array(rows), network) == [share]


def test_units_that_do_the_same_are_counted_once():
    a = np.array([[0.0, 1, 1, 2], [3, 5, 5, 5 + 1e-9]])
    assert diagnostics.distinct_share(a) == 0.75
    assert diagnostics.distinct_share(np.zeros((2, 4))) == 0.25


def test_units_that_only_their_sums_have_in_common_are_distinct():
    assert diagnostics.distinct_share(np.array([[0.0, 1, 0.5, 0.5 + 1e-8], [1, 0, 0.5, 0.5]])) == 0.75


def test_saturated_is_where_the_slope_is_below_a_twentieth_of_the_steepest():
    assert diagnostics.saturated_share(np.array([[0.5, 0.99, 0.02, 0.001]]), "sigmoid") == 0.5
    # 4 · 0.02 · 0.98 = 0.0784 is not below 0.05; 4 · 0.99 · 0.01 = 0.0396 is
    assert diagnostics.saturated_share(np.array([[0.0, 0.97, -0.98, 0.999]]), "tanh") == 0.5
    assert diagnostics.saturated_share(np.array([[0.0, 100.0]]), "relu") == 0


def test_drift_is_the_shift_in_standard_deviations_and_the_change_of_log_variance():
    before = np.array([[-1.0, 2], [1, 4]])  # means 0, 3, standard deviations 1, 1
    after = np.array([[0.0, 3], [4, 3 + 2 * math.e]])  # means 2, 3 + e; standard deviations 2, e
    shift, stretch = diagnostics.drift(before, after)
    assert shift == pytest.approx((2 + math.e) / 2)
    assert stretch == pytest.approx((math.log(4) + 2) / 2)


def test_no_movement_is_no_drift():
    z = np.random.default_rng(0).normal(size=(20, 3))
    assert diagnostics.drift(z, z) == (0, 0)


def test_norms_are_those_of_each_layers_weights_without_biases():
    buffer = np.full(NETWORK.parameters, 100.0)
    layout.weight(buffer, NETWORK, 0)[...] = [[1, 2], [2, 4]]
    layout.weight(buffer, NETWORK, 1)[...] = [[3], [4]]
    assert diagnostics.weight_norms(buffer, NETWORK) == [5, 5]
    assert diagnostics.gradient_norms(-buffer, NETWORK) == [5, 5]


FIGURES = {
    "preactivation_mean",
    "preactivation_variance",
    "activation_mean",
    "activation_variance",
    "dead_units",
    "distinct_units",
    "saturated",
    "gradient_norm",
    "bias_gradient_norm",
    "weight_norm",
}


@pytest.mark.parametrize("evaluate_every", [None, 30])
def test_a_trial_records_them_once_before_training_and_after_each_epoch(short, evaluate_every):
    layers = short(hidden=(12, 8), diagnostics=True, epochs=2, evaluate_every=evaluate_every).record["layers"]
    assert len({(row["epoch"], row["layer"], row["metric"]) for row in layers}) == len(layers)
    assert {row["epoch"] for row in layers} == {0, 1, 2}
    assert {row["layer"] for row in layers} == {1, 2, 3}
    first = {row["metric"] for row in layers if (row["epoch"], row["layer"]) == (0, 1)}
    assert first == FIGURES
    later = {row["metric"] for row in layers if (row["epoch"], row["layer"]) == (1, 1)}
    assert later == FIGURES | {"mean_drift", "variance_drift"}
    output = {row["metric"] for row in layers if (row["epoch"], row["layer"]) == (2, 3)}
    assert output == {"gradient_norm", "bias_gradient_norm", "weight_norm"}
    assert all(math.isfinite(row["value"]) for row in layers)


def test_units_are_dead_by_the_validation_images_not_by_those_looked_at(short):
    """One training image leaves units inactive that some validation image wakes."""
    few, many = (
        short(hidden=(12, 8), diagnostics=True, diagnostic_images=n, epochs=1).record["layers"] for n in (1, 100)
    )

    def dead(rows):
        return [row["value"] for row in rows if row["metric"] == "dead_units"]

    assert dead(few) == dead(many)


def test_more_images_asked_for_than_there_are_is_all_of_them(short):
    layers = [short(diagnostics=True, diagnostic_images=n).record["layers"] for n in (100, 10**9)]
    assert layers[0] == layers[1]


def test_recorded_weight_norms_are_those_of_the_network_as_it_ended(short):
    result = short(hidden=(12, 8), diagnostics=True, epochs=2)
    norms = [r["value"] for r in result.record["layers"] if r["metric"] == "weight_norm" and r["epoch"] == 2]
    np.testing.assert_allclose(norms, diagnostics.weight_norms(result.state.parameters, result.network))


@pytest.mark.parametrize("choices", [{}, {"normalization": "batch"}, {"dropout": 0.5, "input_dropout": 0.2}])
def test_looking_does_not_change_the_training(short, choices):
    seen, unseen = (short(diagnostics=d, epochs=2, **choices).record for d in (True, False))
    assert seen["weights_sha256"] == unseen["weights_sha256"]
