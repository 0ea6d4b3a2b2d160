"""exp, tanh and roots of the compiled backend: how far they are from the truth, over their whole range."""

import numba
import numpy as np
import pytest

from kernels.numba_backend.machine.elementary import EXP_MAX, EXP_MIN, exp, tanh
from kernels.numba_backend.machine.roots import scaled_root
from kernels.numba_backend.machine.simd import constant, lanes, load, store


@numba.njit
def all_exp(out, x):
    for i in range(x.size):
        out[i] = exp(x[i])


@numba.njit
def all_tanh(out, x):
    for i in range(x.size):
        out[i] = tanh(x[i])


@numba.njit
def all_roots(out, x):
    for i in range(0, x.size, lanes(x)):
        store(out, i, scaled_root(load(x, i), constant(load(x, i), 1.0)))


FLOATS = np.linspace(
    np.float32(2.0**-149).view(np.int32), np.finfo(np.float32).max.view(np.int32), 2**18, dtype=np.int32
)
RANGES = {
    "root": (all_roots, np.sqrt, FLOATS.view(np.float32)),
    "exp": (all_exp, np.exp, np.linspace(EXP_MIN, EXP_MAX, 400_001, dtype=np.float32)),
    "exp near 0": (all_exp, np.exp, np.linspace(-1e-3, 1e-3, 20_001, dtype=np.float32)),
    "tanh": (all_tanh, np.tanh, np.linspace(-12, 12, 400_001, dtype=np.float32)),
    "tanh near 0": (all_tanh, np.tanh, np.geomspace(1e-30, 1, 20_001, dtype=np.float32)),
}


@pytest.mark.parametrize("name", RANGES)
def test_float32_is_within_two_units_in_the_last_place(name):
    function, truth, x = RANGES[name]
    got, expected = np.empty_like(x), truth(x.astype(np.float64))
    function(got, x)
    assert (np.abs(got - expected) / np.spacing(np.abs(expected).astype(np.float32))).max() <= 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", [all_exp, all_tanh])
def test_limits_and_nan_pass_through(function, dtype):
    x = np.array([-np.inf, -1e4, 0, 1e4, np.inf, np.nan], dtype)
    got, truth = np.empty_like(x), np.exp if function is all_exp else np.tanh
    function(got, x)
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_array_equal(got, truth(x))
