"""An independent opinion: PyTorch's autograd and optimizers compute the same, in float64.

Its numbers stand in torch_parity.json, so that they are looked at where PyTorch is not installed, too.
"""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from harness.check.network_checks import NETWORKS
from kernels.choices import STEPS
from kernels.layout import optimizer

PARITY = json.loads(Path(__file__).with_name("torch_parity.json").read_text())


def named(case):
    return ", ".join(str(value) for value in case["rule"].values())


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_all_gradients_are_those_of_autograd(gradient, setting, name):
    choices, wanted = dict(NETWORKS[name]), PARITY["networks"][name]
    s = setting(choices.pop("widths"), **choices)
    loss, gradients = gradient(s, s.rows, step=4)
    np.testing.assert_allclose(loss, wanted["loss"], rtol=1e-13)
    np.testing.assert_allclose(gradients, wanted["gradients"], rtol=1e-10, atol=1e-13)
    for statistics in ("running_mean", "running_variance"):
        if s.network.over_the_batch:
            np.testing.assert_allclose(getattr(s.state, statistics), wanted[statistics], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", PARITY["trained"], ids=named)
def test_twenty_steps_of_training_are_those_of_pytorch(steps, setting, case):
    how = dict(PARITY["training"])
    batch, epochs, rate, decay = (how.pop(name) for name in ("batch_size", "epochs", "rate", "decay"))
    rule = optimizer(**case["rule"])
    s = setting(tuple(how.pop("widths")), rule, **how)
    for epoch in range(epochs):
        steps(s, s.rows, batch, rule, rate, decay, first_step=-(-len(s.rows) // batch) * epoch)
    np.testing.assert_allclose(s.state.parameters, case["parameters"], rtol=1e-8, atol=1e-10)


def test_clipped_training_is_that_of_pytorch(steps, setting):
    """PyTorch adds 1e-6 to the norm that it divides by, so its steps are that much shorter."""
    how = PARITY["clipping"]
    s = setting(tuple(how["widths"]))
    steps(s, np.tile(s.rows, how["steps"]), len(s.rows), rate=how["rate"], clip_norm=how["clip_norm"])
    np.testing.assert_allclose(s.state.parameters, PARITY["clipped"], rtol=0, atol=1e-6)


def test_no_update_rule_is_without_its_twin():
    assert {optimizer(**case["rule"]).rule for case in PARITY["trained"]} == set(range(len(STEPS)))


def test_pytorch_still_gives_these_numbers():
    pytest.importorskip("torch", reason="the numbers are in torch_parity.json; the extra `peers` has what made them")
    found = importlib.import_module("make_torch_parity").parity()
    assert found.keys() == PARITY.keys()
    assert [named(case) for case in found["trained"]] == [named(case) for case in PARITY["trained"]]
    assert (found["training"], found["clipping"]) == (PARITY["training"], PARITY["clipping"])
    for name, wanted in PARITY["networks"].items():
        for figure, values in wanted.items():
            np.testing.assert_allclose(found["networks"][name][figure], values, rtol=1e-10, atol=1e-13)
    for ours, wanted in zip(found["trained"], PARITY["trained"], strict=True):
        np.testing.assert_allclose(ours["parameters"], wanted["parameters"], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found["clipped"], PARITY["clipped"], rtol=1e-8, atol=1e-10)
