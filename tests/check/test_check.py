"""What `harness check` proves, kernel by kernel; and that it does not hide what it finds."""

import importlib

import numpy as np
import pytest

from harness.check.distinct import ACTS_WITH, DO_NOT_ACT, FIELDS, distinct_checks
from harness.check.every import summary, worst_of_each
from harness.check.kernel_checks import kernel_checks
from harness.check.measures import central_differences, complex_step, relative, scaled, ulps, worst
from harness.check.network_checks import NETWORKS, network_checks
from harness.check.one_check import Check
from harness.check.trajectory_checks import TRIALS, few_images, trajectory_checks
from harness.cli.app import _exit_code
from harness.spec import Trial
from harness.spec.names import BACKENDS
from kernels import numba_backend, numpy_backend
from kernels.choices import ACTIVATIONS
from kernels.numpy_backend import epoch


def out_of_bounds(checks):
    return [str(check) for check in checks if not check.good]


@pytest.mark.parametrize("name", [kernel.__name__ for kernel in numpy_backend.LEVEL_1])
def test_kernel_is_within_bounds(name, backend):
    label = backend.__name__
    assert out_of_bounds(kernel_checks(name, backend, numpy_backend, label)) == []


@pytest.mark.parametrize("name", NETWORKS)
def test_network_is_within_bounds(name, backend):
    assert out_of_bounds(network_checks(name, backend, numpy_backend, backend.__name__)) == []


@pytest.fixture(scope="module")
def dataset():
    return few_images()


@pytest.mark.parametrize("name", TRIALS)
def test_fifty_steps_end_alike_in_both_backends(name, dataset):
    (check,) = trajectory_checks(name, dataset)
    assert int(check.shape.split()[0]) >= 50
    assert check.good, str(check)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_two_choices_end_with_the_same_weights(field, backend, dataset):
    assert out_of_bounds(distinct_checks(field, backend, dataset)) == []


def test_choices_that_run_the_same_code_are_named(monkeypatch, dataset):
    sigmoid, tanh = map(ACTIVATIONS.index, ("sigmoid", "tanh"))

    def without_a_branch(call):
        return lambda code, **given: call(tanh if code == sigmoid else code, **given)

    for way in ("activate", "activate_backward"):
        monkeypatch.setattr(epoch, way, without_a_branch(getattr(epoch, way)))
    (check,) = distinct_checks("activation", "numpy", dataset)
    assert not check.good
    assert "sigmoid = tanh" in str(check)


def test_a_field_that_is_not_compared_is_one_of_a_trial():
    assert {*ACTS_WITH, *DO_NOT_ACT} <= set(Trial.model_fields)
    assert not set(FIELDS) & set(DO_NOT_ACT)


def test_a_wrong_kernel_is_named_and_ends_with_exit_code_1(monkeypatch, capsys):
    def wrong(dz, da, a):
        dz[...] = np.where(a >= 0, da, 0)  # g(0) = 1

    monkeypatch.setattr(numba_backend, "relu_backward", wrong)
    for section in ("NETWORKS", "TRIALS", "FIELDS"):
        monkeypatch.setattr(importlib.import_module("harness.check.every"), section, {})
    assert _exit_code(["check"]) == 1
    printed = capsys.readouterr()
    assert "relu_backward (" in printed.err
    assert "within bounds" not in printed.out


def test_summary_shows_the_worst_of_each_kind():
    small, large = (Check("k", "numpy", "float64", "1x1", "equation", error, 4.0) for error in (0.1, 0.3))
    assert worst_of_each([small, large]) == [(large, 2)]
    assert summary([small, large]).splitlines()[1].split()[:6] == ["k", "numpy", "equation", "2", "3.0e-01", "4"]


@pytest.mark.parametrize("error", [np.nan, np.inf, 1.1])
def test_what_is_not_within_the_bound_is_not_good(error):
    assert not Check("k", "numpy", "float64", "1x1", "equation", error, 1.0).good


def test_measures_find_nan():
    assert worst([0.0, np.nan]) == np.inf
    assert ulps([np.nan], [1.0], [1.0], "float64") == np.inf
    assert relative([np.nan], [1.0]) == np.inf
    assert scaled([np.nan, 1.0], [1.0, 1.0]) == np.inf


def test_ulps_count_places_of_the_largest_term():
    assert ulps([1 + 2**-52], [1.0], [1.0], "float64") == 1
    assert ulps([1 + 2**-52], [1.0], [4.0], "float64") == 0.25
    assert ulps([1 + 2**-52], [1.0], [0.0], "float64") == np.inf  # nothing was computed: must be equal


def test_slopes_of_a_cubic_are_exact():
    x = np.array([[0.5, -2.0], [3.0, 10.0]])

    def cubic(x):
        return (x**3).sum()

    assert relative(central_differences(cubic, x), 3 * x**2) < 1e-7
    assert relative(complex_step(cubic, x), 3 * x**2) < 1e-15
