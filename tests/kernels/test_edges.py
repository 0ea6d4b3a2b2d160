"""Where formulas end: batches of one, logits that overflow, numbers that are none."""

import inspect

import numpy as np
import pytest

from harness.check.facts import Size
from harness.check.network_checks import NETWORKS
from harness.check.scenes import call, in_dtype, scene
from kernels import layout, numba_backend, numpy_backend
from kernels.choices import ACTIVATIONS, CONSTANTS
from kernels.layout import optimizer

FORWARD = (
    "affine_forward",
    "identity_forward",
    "sigmoid_forward",
    "tanh_forward",
    "relu_forward",
    "leaky_relu_forward",
    "softmax_forward",
    "cross_entropy_forward",
    "binary_cross_entropy_forward",
    "mse_forward",
    "batch_norm_forward",
    "batch_norm_inference",
    "layer_norm_forward",
)
RULES = ("sgd", "ema_momentum", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_batch_of_one_is_enough(gradient, setting, name):
    settings = dict(NETWORKS[name])
    s = setting(settings.pop("widths"), images=1, **settings)
    loss, gradients = gradient(s, s.rows)
    assert np.isfinite(loss)
    assert np.isfinite(gradients).all()


def test_batch_norm_of_one_sample_is_its_shift(backend):
    """Its variance is 0: so is what is normalized, and the running estimates learn nothing from it."""
    x, beta = np.array([[3.0, -2.0]]), np.array([0.5, 7.0])
    out, xhat, mean, inverse_std = np.empty((1, 2)), np.empty((1, 2)), np.empty(2), np.empty(2)
    running_mean, running_variance = np.zeros(2), np.ones(2)
    backend.batch_norm_forward(
        out, xhat, mean, inverse_std, running_mean, running_variance, x, np.ones(2), beta, 0.9, 1e-5
    )
    np.testing.assert_array_equal(out, [beta])
    np.testing.assert_array_equal(running_mean, 0)
    np.testing.assert_array_equal(running_variance, 1)


def test_layer_norm_of_one_unit_is_its_shift(backend):
    x, out, xhat, inverse_std = np.array([[3.0], [-2.0]]), np.empty((2, 1)), np.empty((2, 1)), np.empty(2)
    backend.layer_norm_forward(out, xhat, inverse_std, x, np.ones(1), np.array([0.5]), 1e-5)
    np.testing.assert_array_equal(out, 0.5)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("batch", [1, 3, 4, 11, 12, 13, 100])
def test_an_epoch_is_its_batches_one_after_another_the_last_partial(steps, setting, rule, batch):
    made = optimizer(rule)
    choices = {"rule": made, "batch": 100, "dropout": 0.3}
    whole, parts = (setting((6, 5, 3), **choices) for _ in range(2))
    taken, losses = steps(whole, whole.rows, batch, made, decay=0.01, clip_norm=0.5)
    slices = [parts.rows[start : start + batch] for start in range(0, 12, batch)]
    apart = [steps(parts, rows, batch, made, decay=0.01, clip_norm=0.5, first_step=i) for i, rows in enumerate(slices)]
    assert taken == len(slices)
    assert sum(map(len, slices)) == 12
    np.testing.assert_array_equal(losses, np.concatenate([loss for _, loss in apart]))
    np.testing.assert_array_equal(whole.state.parameters, parts.state.parameters)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.01, 0.0])
@pytest.mark.parametrize("rule", ["adagrad", "rmsprop", "rmsprop_eps_outside", "adam", "adamw"])
def test_rules_that_divide_by_a_root_agree_where_numbers_end(rule, rate, dtype):
    """At zeros, subnormal numbers, infinities and NaN the compiled step goes where the reference goes."""
    limits = np.finfo(dtype)
    some = [0, limits.smallest_subnormal, limits.tiny, 1e-15, 1, np.sqrt(limits.max) * 4, limits.max, np.inf, np.nan]
    gradients, squares = (
        np.ravel(x) for x in np.meshgrid(np.array([*some, -1, -np.inf], dtype), np.array(some, dtype))
    )
    found = []
    for backend in (numpy_backend, numba_backend):
        arguments = {
            "parameters": np.full_like(gradients, 0.5),
            "gradients": gradients,
            "first": np.copysign(np.minimum(np.sqrt(squares), limits.max), gradients),
        } | dict.fromkeys(("squares", "second"), squares.copy())
        settings = dict.fromkeys(("decay",), 0.1) | {"rate": rate, "step": 3, "decayed": 50, **CONSTANTS}
        step = getattr(backend, f"{rule}_step")
        with np.errstate(all="ignore"):
            step(*((arguments | settings)[name] for name in inspect.signature(step).parameters))
        found.append(arguments)
    for name in ("parameters", "first", "squares"):
        expected, got = (arguments[name] for arguments in found)
        np.testing.assert_array_equal(np.isfinite(got), np.isfinite(expected), err_msg=name)
        tolerance = 16 * limits.eps
        finite = np.isfinite(expected)
        np.testing.assert_allclose(got[finite], expected[finite], tolerance, limits.tiny, err_msg=name)


def test_evaluation_does_not_depend_on_the_size_of_the_workspace(backend, setting):
    found = []
    for batch in (1, 5, 12, 40):
        s = setting((6, 5, 3), batch=batch, normalization="batch")
        losses, classes = np.full(12, np.nan), np.full(12, -1)
        backend.evaluate(losses, classes, s.workspace, s.state, s.images, s.rows, s.network)
        found.append(losses)
        assert set(classes) <= {0, 1, 2}
    for losses in found[1:]:
        np.testing.assert_allclose(losses, found[0], rtol=1e-13)


def test_without_hidden_layers_the_gradient_is_that_of_softmax_regression(gradient, setting):
    s = setting((6, 3))
    _, gradients = gradient(s, s.rows)
    x = s.images.pixels[s.rows] / 255
    logits = x @ layout.weight(s.state.parameters, s.network, 0) + layout.bias(s.state.parameters, s.network, 0)
    error = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - np.eye(3)[s.images.labels[s.rows]]
    np.testing.assert_allclose(layout.weight(gradients, s.network, 0), x.T @ error / 12, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(layout.bias(gradients, s.network, 0), error.mean(axis=0), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logits_of_ten_thousand_give_exact_losses(backend, dtype):
    z = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    labels = np.zeros(2, np.uint8)
    losses, p, dz = np.empty(2, dtype), np.empty_like(z), np.empty_like(z)

    backend.cross_entropy_forward(losses, p, z, labels)
    np.testing.assert_array_equal(losses, [0, 2e4])
    np.testing.assert_array_equal(p, [[1, 0], [0, 1]])
    backend.cross_entropy_backward(dz, p, labels)
    np.testing.assert_array_equal(dz, [[0, 0], [-0.5, 0.5]])

    backend.binary_cross_entropy_forward(losses, p, z, labels)
    np.testing.assert_array_equal(losses, [0, 2e4])
    backend.binary_cross_entropy_backward(dz, p, labels)
    np.testing.assert_array_equal(dz, [[0, 0], [-0.5, 0.5]])

    backend.mse_forward(losses, p, z, labels)
    np.testing.assert_array_equal(losses, [0, 1])
    backend.mse_backward(dz, p, labels)
    np.testing.assert_array_equal(dz, 0)  # both sigmoids are saturated: the wrong one does not learn


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sigmoid_forward", "tanh_forward"])
def test_saturated_activations_reach_their_limits(backend, name, dtype):
    z, a = np.array([[-1e4, 0, 1e4, -np.inf, np.inf]], dtype), np.empty((1, 5), dtype)
    getattr(backend, name)(a, z)
    low, middle = (0, 0.5) if name == "sigmoid_forward" else (-1, 0)
    np.testing.assert_array_equal(a, [[low, middle, 1, low, 1]])


def test_equal_labels_are_learnt(steps, setting):
    s = setting((6, 5, 3))
    s = s._replace(images=s.images._replace(labels=np.full_like(s.images.labels, 2)))
    s.images.labels.flags.writeable = False
    _, losses = steps(s, np.tile(s.rows, 20), 12, rate=0.5)
    assert (np.diff(losses) < 0).all()
    assert losses[-1] < 0.1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("column", [0, 1, 3])
@pytest.mark.parametrize("name", FORWARD)
def test_nan_goes_through(backend, name, column, dtype):
    """A NaN among the numbers, wherever it stands, is in the outputs: never hidden by a comparison."""
    stage = scene(name, Size(5, 4, 4), 0, "float64")
    source = "x" if "x" in stage.arguments else "z"
    arguments = {
        key: np.copy(value) if isinstance(value, np.ndarray) else value for key, value in stage.arguments.items()
    }
    arguments[source][2, column] = np.nan
    arguments = in_dtype(arguments, dtype)
    call(getattr(backend, name), arguments)
    output = arguments["losses" if "losses" in stage.outputs else stage.outputs[0]]
    row_of_nan = output if name == "batch_norm_forward" else output[2]
    assert np.isnan(row_of_nan).any()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_loss_that_is_no_number_ends_the_epoch_before_its_update(steps, setting, activation, poison, packed):
    s = setting((6, 5, 3), activation=activation, packed=packed)
    layout.bias(s.state.parameters, s.network, 1)[1] = poison
    before = s.state.parameters.copy()
    with np.errstate(invalid="ignore"):
        taken, losses = steps(s, s.rows, 4)
    assert taken == 1
    assert not np.isfinite(losses[0])
    np.testing.assert_array_equal(s.state.parameters, before)


@pytest.mark.parametrize(
    ("dtype", "scale"), [("float32", 1e25), ("float32", 3e37), ("float32", 1e-25), ("float64", 1e200)]
)
def test_gradients_whose_squares_the_dtype_cannot_hold_are_clipped(backend, dtype, scale):
    """They have a norm, and a direction that clipping keeps; zeros would train nothing."""
    direction = np.random.default_rng(0).normal(size=1000)
    gradients = (scale * direction).astype(dtype)
    norm, limit = scale * np.linalg.norm(direction), min(scale, 1.0)
    assert backend.global_norm(gradients) == pytest.approx(norm, rel=1e-5)
    assert backend.clip_by_global_norm(gradients, limit) == pytest.approx(norm, rel=1e-5)
    np.testing.assert_allclose(gradients, limit * direction / np.linalg.norm(direction), rtol=1e-4)


def test_the_penalty_of_weights_whose_squares_overflow_is_a_number(backend):
    assert backend.l2_forward(np.full(10, 1e25, np.float32), 2.0) == pytest.approx(1e51, rel=1e-5)
