"""What holds for all inputs, in both backends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from kernels import numba_backend, numpy_backend
from kernels.layout import NORM_EPSILON

anything = settings(deadline=None, max_examples=30, derandomize=True)
sixty_fourths = st.integers(-3200, 3200).map(lambda n: n / 64)  # so that whole numbers are added without rounding
matrices = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=sixty_fourths)
batches = arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(1, 9)), elements=sixty_fourths)
seeds = st.integers(0, 2**31)
PLAIN = {
    "relu": {},
    "tanh": {"activation": "tanh", "loss": "mse"},
    "layer norm": {"normalization": "layer", "residual": True, "loss": "binary_cross_entropy"},
}


def close(got, expected, tolerance=1e-12):
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@anything
@given(z=matrices)
def test_softmax_sums_to_one(backend, z):
    p = np.empty_like(z)
    backend.softmax_forward(p, z)
    close(p.sum(axis=1), 1)
    assert (p >= 0).all()


@anything
@given(z=matrices, shift=st.integers(-1000, 1000))
def test_a_shift_of_all_logits_changes_nothing(backend, z, shift):
    labels = np.zeros(len(z), np.uint8)
    losses, p, moved_losses, moved_p = np.empty(len(z)), np.empty_like(z), np.empty(len(z)), np.empty_like(z)
    backend.cross_entropy_forward(losses, p, z, labels)
    backend.cross_entropy_forward(moved_losses, moved_p, z + shift, labels)
    np.testing.assert_array_equal(moved_p, p)
    close(moved_losses, losses)


@pytest.mark.parametrize("name", PLAIN)
@settings(anything, max_examples=8)
@given(seed=seeds)
def test_batch_gradient_is_the_mean_of_single_gradients(gradient, setting, name, seed):
    s = setting((6, 5, 5, 3), seed=seed, **PLAIN[name])
    loss, together = gradient(s, s.rows)
    alone = [gradient(s, s.rows[i : i + 1]) for i in range(len(s.rows))]
    close(together, np.mean([g for _, g in alone], axis=0))
    close(loss, np.mean([single for single, _ in alone]))


@settings(anything, max_examples=8)
@given(seed=seeds)
def test_order_of_samples_does_not_matter(backend, gradient, setting, seed):
    s = setting((6, 5, 5, 3), seed=seed, normalization="batch")
    order = np.random.default_rng(seed).permutation(len(s.rows))
    close(gradient(s, s.rows[order])[1], gradient(s, s.rows)[1], 1e-9)
    losses, moved = np.empty((2, len(order)))
    classes, moved_classes = np.empty((2, len(order)), np.int64)
    backend.evaluate(losses, classes, s.workspace, s.state, s.images, s.rows, s.network)
    backend.evaluate(moved, moved_classes, s.workspace, s.state, s.images, s.rows[order], s.network)
    close(moved, losses[order])
    np.testing.assert_array_equal(moved_classes, classes[order])


@settings(anything, max_examples=8)
@given(seed=seeds)
def test_without_noise_and_batch_statistics_inference_is_training(backend, gradient, setting, seed):
    s = setting((6, 5, 5, 3), seed=seed, **PLAIN["layer norm"])
    losses, classes = np.empty(len(s.rows)), np.empty(len(s.rows), np.int64)
    backend.evaluate(losses, classes, s.workspace, s.state, s.images, s.rows, s.network)
    close(losses.mean(), gradient(s, s.rows)[0])


def test_gradients_and_evaluation_leave_parameters_and_images_alone(backend, gradient, setting):
    s = setting((6, 5, 5, 3), normalization="batch", dropout=0.3)
    parameters, pixels, rows = s.state.parameters.copy(), s.images.pixels.copy(), s.rows.copy()
    gradient(s, s.rows)
    np.testing.assert_array_equal(s.state.parameters, parameters)
    statistics = s.state.running_mean.copy(), s.state.running_variance.copy()
    losses, classes = np.empty(len(rows)), np.empty(len(rows), np.int64)
    backend.evaluate(losses, classes, s.workspace, s.state, s.images, s.rows, s.network)
    np.testing.assert_array_equal(s.state.parameters, parameters)
    np.testing.assert_array_equal((s.state.running_mean, s.state.running_variance), statistics)
    np.testing.assert_array_equal(s.images.pixels, pixels)
    np.testing.assert_array_equal(s.rows, rows)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_inverted_dropout_keeps_the_expectation(backend, rate):
    x = np.ones((400, 100))
    out, mask = np.empty_like(x), np.empty(x.shape, np.uint8)
    backend.dropout_forward(out, mask, x, np.uint64(3), 1, 1, rate, 1 / (1 - rate))
    assert abs(out.mean() - 1) < 4 * np.sqrt(rate / (1 - rate) / x.size)  # four standard errors
    assert set(np.unique(out)) == {0, 1 / (1 - rate)}


def mask_of(backend, shape=(20, 33), key=1, step=2, layer=3, rate=0.5):
    mask = np.empty(shape, np.uint8)
    backend.dropout_mask(mask, np.uint64(key), step, layer, rate)
    return mask


@pytest.mark.parametrize("other", [{"key": 2}, {"key": 1 + 2**32}, {"step": 3}, {"layer": 2}])
def test_masks_differ_between_keys_steps_and_layers(backend, other):
    apart = np.mean(mask_of(backend) != mask_of(backend, **other))
    assert 0.4 < apart < 0.6  # as two tosses of a coin


def test_masks_differ_between_samples_and_units(backend):
    mask = mask_of(backend)
    assert len(np.unique(mask, axis=0)) == len(mask)
    assert len(np.unique(mask, axis=1).T) == mask.shape[1]


@anything
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 13)),
    key=st.integers(0, 2**64 - 1),
    step=st.integers(0, 2**32 - 1),
    layer=st.integers(0, 100),
    rate=st.floats(0, 0.99),
)
def test_masks_are_the_same_bits_in_both_backends(shape, key, step, layer, rate):
    ours, truth = (mask_of(b, shape, key, step, layer, rate) for b in (numba_backend, numpy_backend))
    np.testing.assert_array_equal(ours, truth)


def test_a_mask_is_made_of_published_random_words():
    """Known answers of Philox4x32-10 from Random123, whose words stand for units 0 to 3 of row, layer and step."""
    words = [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]  # of counter 0, key 0
    for rate in np.linspace(0.05, 0.95, 19):
        for backend in (numpy_backend, numba_backend):
            mask = mask_of(backend, (1, 4), key=0, step=0, layer=0, rate=rate)
            assert mask.tolist() == [[int(word / 2**32 >= rate) for word in words]]


def batch_norm(backend, x, momentum=0.9, running=None):
    m = x.shape[1]
    out, xhat, mean, inverse_std = np.empty_like(x), np.empty_like(x), np.empty(m), np.empty(m)
    running = running or (np.zeros(m), np.ones(m))
    backend.batch_norm_forward(
        out, xhat, mean, inverse_std, *running, x, np.ones(m), np.zeros(m), momentum, NORM_EPSILON
    )
    return out, running


@anything
@given(x=batches)
def test_batch_norm_gives_mean_0_and_variance_1(backend, x):
    out, _ = batch_norm(backend, x)
    close(out.mean(axis=0), 0, 1e-9)
    variance = x.var(axis=0)
    close(out.var(axis=0), variance / (variance + NORM_EPSILON), 1e-9)


@anything
@given(x=batches)
def test_running_statistics_converge_to_mean_and_unbiased_variance(backend, x):
    running = None
    for _ in range(3):
        _, running = batch_norm(backend, x, 0.5, running)
    close(running[0], x.mean(axis=0) * (1 - 0.5**3), 1e-9)
    close(running[1], x.var(axis=0, ddof=1) * (1 - 0.5**3) + 0.5**3, 1e-9)


@anything
@given(x=batches)
def test_layer_norm_does_not_depend_on_the_batch(backend, x):
    gamma, beta = np.linspace(0.5, 2, x.shape[1]), np.linspace(-1, 1, x.shape[1])

    def normalized(rows):
        out, xhat, inverse_std = np.empty_like(rows), np.empty_like(rows), np.empty(len(rows))
        backend.layer_norm_forward(out, xhat, inverse_std, rows, gamma, beta, NORM_EPSILON)
        return out

    close(normalized(x)[:1], normalized(x[:1].copy()), 1e-13)


@anything
@given(z=matrices)
def test_activations_keep_their_range_and_their_symmetry(backend, z):
    a, mirrored = np.empty_like(z), np.empty_like(z)
    backend.sigmoid_forward(a, z)
    backend.sigmoid_forward(mirrored, -z)
    close(a + mirrored, 1)
    backend.tanh_forward(a, z)
    backend.tanh_forward(mirrored, -z)
    np.testing.assert_array_equal(a, -mirrored)
    assert (np.abs(a) <= 1).all()
    backend.relu_forward(a, z)
    backend.leaky_relu_forward(mirrored, z, 0.25)
    np.testing.assert_array_equal(mirrored, a + 0.25 * np.minimum(z, 0))


@anything
@given(g=arrays(np.float64, st.integers(1, 30), elements=sixty_fourths), share=st.floats(0.1, 3))
def test_clipping_keeps_the_direction_and_bounds_the_norm(backend, g, share):
    norm = np.linalg.norm(g)
    limit, clipped = share * norm + 0.1, g.copy()
    close(backend.clip_by_global_norm(clipped, limit), norm)
    close(clipped, g * min(1, limit / norm if norm else 1))
