"""A choice stands in one place, and cannot be made without its kernels."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import kernels
from harness.spec import Trial, trial_id
from kernels import branches, choices, layout, numba_backend, numpy_backend
from kernels.choices import RULES, STEPS, Rule

BACKENDS = pytest.mark.parametrize("module", [numpy_backend.optimizers, numba_backend.optimizers])


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., str]:
    """Return a function: backend, and (file, old, new) in copied kernels → the error that ends the import."""
    copy = tmp_path / "kernels"
    shutil.copytree(Path(kernels.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))

    def imported(backend: str, *edits: tuple[str, str, str]) -> str:
        for file, old, new in edits:
            source = (copy / file).read_text()
            assert source.count(old) == 1, f"{file}: {source.count(old)} times {old!r}"
            (copy / file).write_text(source.replace(old, new))
        command = [sys.executable, "-P", "-c", f"import kernels.{backend}_backend"]
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        return done.stderr.strip().rpartition("\n")[2]

    return imported


WITH_SWISH = ("choices.py", 'ACTIVATIONS = ("sigmoid",', 'ACTIVATIONS = ("swish", "sigmoid",')
SWISH = "\n\ndef swish_forward(a, z):\n    a[...] = z\n\n\ndef swish_backward(dz, da, z):\n    dz[...] = da\n"


def in_reference(kernels: str) -> tuple[str, str, str]:
    anchor = "\n\ndef softmax_forward(p, z):"
    return "numpy_backend/activations.py", anchor, f"{kernels}{anchor}"


def test_an_activation_without_a_kernel_ends_the_import(edited):
    message = "ImportError: kernels/numpy_backend/activations.py: the kernel swish_forward is missing"
    assert edited("numpy", WITH_SWISH) == message


def test_an_activation_with_half_of_its_kernels_ends_the_import(edited):
    message = "ImportError: kernels/numpy_backend/activations.py: the kernel swish_backward is missing"
    assert edited("numpy", WITH_SWISH, in_reference(SWISH.partition("\n\n\ndef swish_backward")[0] + "\n")) == message


def test_a_kernel_without_its_compiled_twin_ends_the_import(edited):
    message = "ImportError: kernels/numba_backend/activations.py: the kernel swish_forward is missing"
    assert edited("numba", WITH_SWISH, in_reference(SWISH)) == message


def test_a_twin_with_another_signature_ends_the_import(edited):
    found = edited(
        "numba", ("numba_backend/optimizers.py", "def sgd_step(parameters, gradients", "def sgd_step(x, gradients")
    )
    assert found.startswith("ImportError: kernels/numba_backend/optimizers.py: sgd_step(x, gradients, rate), but the")


def test_a_kernel_of_no_choice_needs_no_entry(edited):
    assert edited("numpy", in_reference(SWISH)) == ""


@BACKENDS
def test_a_rule_keeps_the_moments_that_its_kernel_takes(module, monkeypatch):
    monkeypatch.setitem(STEPS, "momentum", Rule(("velocity", "second")))
    with pytest.raises(ImportError, match=r"optimizers\.py: momentum_step does not take 'second'"):
        branches.branches(branches.UPDATE, module)
    monkeypatch.setitem(STEPS, "momentum", Rule())
    with pytest.raises(ImportError, match=r"optimizers\.py: momentum_step takes 'velocity', which is not among"):
        branches.branches(branches.UPDATE, module)


@BACKENDS
def test_a_rule_decays_the_weights_once(module, monkeypatch):
    monkeypatch.setitem(STEPS, "adamw", Rule(("first", "second")))
    with pytest.raises(ImportError, match=r"optimizers\.py: adamw_step decays the weights, so its rule"):
        branches.branches(branches.UPDATE, module)
    monkeypatch.setitem(STEPS, "adamw", Rule(("first", "second"), decoupled=True))
    monkeypatch.setitem(STEPS, "adam", Rule(("first", "second"), decoupled=True))
    with pytest.raises(ImportError, match=r"optimizers\.py: adam_step does not take 'decay'"):
        branches.branches(branches.UPDATE, module)


@BACKENDS
def test_every_choice_has_a_kernel_of_its_own(module):
    for family in vars(branches).values():
        if isinstance(family, branches.Family):
            assert len(set(family.kernels.values())) == len(family.kernels)
    assert list(branches.branches(branches.UPDATE, module)) == list(range(len(STEPS)))


def test_a_kernel_takes_what_its_signature_names():
    found = branches.branches(branches.ACTIVATE_BACKWARD, numpy_backend.activations)
    takes = {name: found[code].takes for code, name in enumerate(choices.ACTIVATIONS)}
    assert takes["tanh"] == ("dz", "da", "a")
    assert takes["leaky_relu"] == ("dz", "da", "a", "alpha")
    rules = branches.branches(branches.UPDATE, numpy_backend.optimizers)
    takes = {step: rules[code].takes for code, step in enumerate(STEPS)}
    assert takes["adagrad"] == ("parameters", "first", "gradients", "rate", "epsilon")
    assert takes["adam"][:4] == ("parameters", "first", "second", "gradients")


@pytest.mark.parametrize("rule", RULES)
def test_a_switch_chooses_the_form_of_the_rule_that_has_it_and_of_no_other(rule):
    plain, switched = layout.optimizer(rule), layout.optimizer(rule, eps_outside=True)
    assert list(STEPS)[plain.rule] == rule
    assert list(STEPS)[switched.rule] == ("rmsprop_eps_outside" if rule == "rmsprop" else rule)


@pytest.mark.parametrize("rule", RULES)
def test_a_state_holds_the_moments_of_its_rule(rule):
    network, made = layout.network([3, 2]), layout.optimizer(rule)
    state = layout.new_state(network, made, "float64")
    kept = sum(buffer.size > 0 for buffer in (state.first, state.second))
    assert kept == len(RULES[rule].moments)


def test_constants_start_alike_in_a_trial_and_in_the_kernels():
    assert {name: Trial.model_fields[name].default for name in choices.CONSTANTS} == dict(choices.CONSTANTS)


def test_a_rule_starts_its_constants_from_its_own_defaults(monkeypatch):
    before = trial_id(Trial(), "d")
    monkeypatch.setitem(RULES, "adam", RULES["adam"]._replace(defaults={"beta2": 0.99}))
    trial = Trial(optimizer="adam")
    assert trial.beta2 == layout.optimizer("adam").beta2 == 0.99
    assert trial.given() == {"optimizer": "adam"}
    assert trial.canonical() == {"beta2": 0.99}
    assert Trial(**trial.model_dump(mode="json")).canonical() == trial.canonical()
    chosen = Trial(optimizer="adam", beta2=0.999)
    assert chosen.beta2 == layout.optimizer("adam", beta2=0.999).beta2 == 0.999
    assert trial_id(chosen, "d") == before != trial_id(trial, "d")
    assert Trial(optimizer="adamw").beta2 == 0.999
