"""Each form of dropout has its own inference pass, which gives what training gives on average."""

import importlib

import numpy as np
import pytest

from kernels import layout
from kernels.layout import Images

RATE, STEPS = 0.4, 4000


@pytest.fixture(params=["numpy", "numba"])
def backend(request):
    return importlib.import_module(f"kernels.{request.param}_backend")


def prepared(form, seed=0, **rates):
    """One hidden layer, so that the logits are linear in what dropout keeps; five images."""
    network = layout.network([6, 20, 3], dropout_form=form, **rates)
    state = layout.new_state(network, layout.optimizer("sgd"), "float64")
    rng = np.random.default_rng(seed)
    state.parameters[...] = rng.normal(0, 0.5, network.parameters)
    work = layout.new_workspace(network, 5, "float64", sparse=False)
    empty = np.zeros(6, np.int64), np.zeros(0, np.uint16)
    pixels, labels = rng.integers(0, 256, (5, 6), np.uint8), np.zeros(5, np.uint8)
    pixels.flags.writeable = labels.flags.writeable = False  # as a mapped dataset: the same compiled version
    return network, state, work, Images(pixels, labels, *empty, False, 1 / 255, 0.0)


def inferred(backend, network, state, work, images):
    backend.evaluate(np.empty(5), np.empty(5, np.int64), work, state, images, np.arange(5), network)
    return work.logits.copy()


@pytest.mark.parametrize("form", ["inverted", "scaled"])
def test_inference_is_training_on_average(backend, form):
    network, state, work, images = prepared(form, dropout=RATE)
    logits = np.empty((STEPS, work.logits.size))
    for step in range(STEPS):
        backend.batch_gradient(state, work, images, np.arange(5), network, np.uint64(1), step)
        logits[step] = work.logits
    expected = inferred(backend, network, state, work, images)
    error = logits.std(axis=0) / STEPS**0.5
    assert (np.abs(logits.mean(axis=0) - expected) < 4.5 * error).all()
    assert (logits.std(axis=0) > 0.05).all()


@pytest.mark.parametrize("form", ["inverted", "scaled"])
def test_input_dropout_is_linear_too(backend, form):
    network, state, work, images = prepared(form, input_dropout=RATE, activation="identity")
    logits = np.zeros(work.logits.size)
    for step in range(STEPS):
        backend.batch_gradient(state, work, images, np.arange(5), network, np.uint64(1), step)
        logits += work.logits / STEPS
    np.testing.assert_allclose(logits, inferred(backend, network, state, work, images), atol=0.1)


def test_the_forms_are_one_up_to_the_scale_of_the_next_weights(backend):
    """Scaled dropout with weights W is inverted dropout with (1 - p) W, in training and at inference."""
    network, state, work, images = prepared("scaled", dropout=RATE)
    inverted, shrunk, other, _ = prepared("inverted", dropout=RATE)
    layout.weight(shrunk.parameters, inverted, 1)[...] *= 1 - RATE
    scaled_logits, inverted_logits = (
        inferred(backend, network, state, work, images),
        inferred(backend, inverted, shrunk, other, images),
    )
    np.testing.assert_allclose(scaled_logits, inverted_logits, rtol=1e-12)
    for net, parameters, buffers in ((network, state, work), (inverted, shrunk, other)):
        backend.batch_gradient(parameters, buffers, images, np.arange(5), net, np.uint64(1), 3)
    np.testing.assert_allclose(work.logits, other.logits, rtol=1e-12)
