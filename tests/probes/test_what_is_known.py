"""What probes measure where the answer is known by other means."""

import math

import pytest

from harness.probes import measure
from harness.spec.probes import run_from


def metrics(probe: str, **parameters: object) -> dict[str, float]:
    return dict(measure(run_from({"probe": probe, **parameters})).metrics)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_the_first_exercise_has_one_answer(backend):
    def sigmoid(z: float) -> float:
        return 1 / (1 + math.exp(-z))

    by_hand = sigmoid(0.5 * sigmoid(0.1 * 1 + 0.2 * 2) + 0.6 * sigmoid(0.3 * 1 + 0.4 * 2))
    assert metrics("forward_by_hand", backend=backend)["output"] == pytest.approx(by_hand, abs=1e-15)
    assert round(by_hand, 4) == 0.6817


def test_one_unit_is_right_of_three_inputs_of_xor_and_of_all_of_the_others():
    right = {name: metrics("threshold_unit", function=name)["most_right"] for name in ("xor", "and", "or", "nand")}
    assert right == {"xor": 3, "and": 4, "or": 4, "nand": 4}
    assert metrics("threshold_unit")["separable"] == 14  # all but XOR and its opposite


def test_plain_descent_on_a_round_bowl_takes_the_steps_that_its_rate_says():
    found = metrics("bowl", condition=1.0, learning_rate=0.5, target=1e-6)
    assert found["steps"] == math.ceil(math.log(1e-6) / math.log(0.5**2))  # the loss shrinks by (1 - η)² a step
    assert (found["turns"], found["missed"]) == (0, 0)
    assert found["detour"] == pytest.approx(1)


def test_the_two_forms_of_momentum_are_one_at_rates_ten_times_apart():
    classical = measure(run_from({"probe": "bowl", "optimizer": "momentum", "learning_rate": 0.1}))
    tutorial = measure(run_from({"probe": "bowl", "optimizer": "ema_momentum", "learning_rate": 1.0}))
    assert classical.metrics["steps"] == tutorial.metrics["steps"]
    assert classical.rows["loss"] == pytest.approx(tutorial.rows["loss"], rel=1e-6)


def test_a_linear_network_keeps_the_variance_under_orthogonal_weights():
    found = metrics("signal", activation="identity", initializer="orthogonal", units=64, samples=64)
    assert found["forward_drift"] < 0.01
    assert found["backward_ratio"] == pytest.approx(1, abs=1e-12)


def test_two_steps_overflow_where_the_joint_kernel_does_not():
    joint, apart = (
        metrics("extreme_logits", largest_logit=1e4, form=form, samples=50) for form in ("joint", "two_steps")
    )
    assert (joint["loss_not_finite"], joint["gradient_not_finite"]) == (0, 0)
    assert joint["deviation"] < 1e-6
    assert apart["loss_not_finite"] > 90


def test_dropout_of_almost_nothing_stands_for_itself():
    small = {"dropout": 1e-9, "units": 8, "masks": 2, "images": 50, "train_size": 100, "epochs": 1}
    found = metrics("thinned", **small)
    assert (found["excess_error"], found["disagreement"]) == (0, 0)
    assert found["distance"] < 1e-6


def test_products_make_the_backward_pass_twice_the_forward_less_the_first_layer():
    found = metrics("backward_cost", inputs=20, units=10, depth=1, repeats=1)
    assert found["ratio_of_products"] == pytest.approx((2 * 300 - 200) / 300)


def test_relus_come_nearer_to_a_tent_the_more_there_are():
    wide, narrow = (metrics("one_layer", target="tent", activation="relu", units=units) for units in (64, 2))
    assert wide["largest_deviation"] < 0.1 < narrow["largest_deviation"]


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_backpropagation_is_the_numerical_gradient(normalization):
    assert metrics("numerical_gradient", normalization=normalization)["deviation"] < 1e-7


def test_equal_scales_leave_the_pixels_as_they_are_and_a_rate_that_is_too_large_counts_as_guessing():
    assert metrics("scaled_pixels", decades=0.0, steps=30, images=200, learning_rate=0.1)["loss"] < 2
    assert metrics("scaled_pixels", steps=30, images=200, learning_rate=1e9)["loss"] == pytest.approx(math.log(10))
