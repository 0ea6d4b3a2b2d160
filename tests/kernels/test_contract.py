"""Both backends are one contract: the same kernels, in the same order, called the same way."""

import inspect
import re

import pytest

from harness.check.facts import DERIVATIVES
from harness.check.network_checks import NETWORKS
from harness.check.trajectory_checks import TRIALS
from harness.spec import Trial, names
from kernels import choices, numba_backend, numpy_backend

PAIRS = ("affine", "residual", "sparse_affine", "dropout", "l2", "softmax", *choices.ACTIVATIONS, *choices.LOSSES)
DEMANDED = {
    *(f"{operation}_{way}" for operation in PAIRS for way in ("forward", "backward")),
    *(f"{norm}_norm_{way}" for norm in ("batch", "layer") for way in ("forward", "backward")),
    *(f"{step}_step" for step in choices.STEPS),
    "batch_norm_inference",
    "clip_by_global_norm",
    "perceptron_forward",
    "perceptron_epoch",
    "train_epoch",
    "evaluate",
}


def signature(kernel):
    return str(inspect.signature(getattr(kernel, "py_func", kernel)))


def test_both_backends_have_the_same_kernels_in_the_same_order():
    for level in ("LEVEL_1", "LEVEL_2"):
        ours = [kernel.__name__ for kernel in getattr(numba_backend, level)]
        assert ours == [kernel.__name__ for kernel in getattr(numpy_backend, level)]
    assert numba_backend.__all__ == numpy_backend.__all__


@pytest.mark.parametrize("name", numpy_backend.__all__)
def test_a_kernel_has_one_signature(name):
    assert signature(getattr(numba_backend, name)) == signature(getattr(numpy_backend, name))


def test_no_technique_of_the_tutorial_is_missing():
    assert set(numpy_backend.__all__) >= DEMANDED


@pytest.mark.parametrize("name", numpy_backend.__all__)
def test_every_kernel_says_its_formula_shapes_and_source(name):
    reference = getattr(numpy_backend, name).__doc__
    assert "``" in reference
    assert re.search(r"\((n|N|M|P|D|steps)\b.*,.*\)", reference)
    assert "Source: " in reference
    assert getattr(numba_backend, name).__doc__


def test_every_backward_kernel_is_held_to_measured_slopes():
    assert {name for name in numpy_backend.__all__ if "backward" in name} == set(DERIVATIVES)


@pytest.mark.parametrize("field", ["activation", "normalization", "loss"])
def test_every_choice_is_in_a_checked_network(field):
    default = Trial.model_fields[field].default
    assert {settings.get(field, default) for settings in NETWORKS.values()} == set(getattr(names, _plural(field)))


@pytest.mark.parametrize(
    "field",
    [
        "activation",
        "initializer",
        "bias_init",
        "normalization",
        "loss",
        "optimizer",
        "schedule",
        "dropout_form",
        "input_scale",
    ],
)
def test_every_choice_is_in_a_checked_trial(field):
    default = Trial.model_fields[field].default
    assert {settings.get(field, default) for settings in TRIALS.values()} == set(getattr(names, _plural(field)))


@pytest.mark.parametrize(
    "switch",
    ["residual", "dropout", "input_dropout", "eps_outside", "drop_last", "clip_norm", "l2", "patience"],
)
def test_every_switch_is_on_in_a_checked_trial(switch):
    assert any(settings.get(switch) for settings in TRIALS.values())


def _plural(field):
    plural = {"bias_init": "bias_initializers", "loss": "losses"}.get(field, f"{field}s")
    return plural.upper()
