"""Distances between results, and measured derivatives: pure functions of arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DIFFERENCE = 6e-6
"""Step of central differences: near the cube root of float64's rounding, where truncation and rounding balance."""
COMPLEX_STEP = 1e-30
"""It may be this small: nothing is subtracted, so no digits are lost."""


def ulps(got: Any, expected: Any, terms: Any, dtype: str) -> float:
    """Return the largest distance, in units in the last place of `dtype` at the size of the terms that were added up.

    Where the terms are 0, nothing was computed, and the two must be equal. NaN in one of them is infinitely far away.
    """
    distance = np.abs(np.asarray(got, np.float64) - np.asarray(expected, np.float64))
    unit = float(np.finfo(dtype).eps) * np.abs(np.asarray(terms, np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(distance == 0, 0.0, distance / unit)
    return worst(apart)


def relative(got: Any, expected: Any, floor: float = 0.0) -> float:
    """Return the largest ``|got - expected| / (|expected| + floor)``.

    With floor = atol / rtol it is at most rtol where ``numpy.allclose`` says yes.
    """
    distance = np.abs(np.asarray(got) - np.asarray(expected))
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(distance == 0, 0.0, distance / (np.abs(expected) + floor))
    return worst(apart)


def scaled(got: Any, expected: Any, terms: Any = 0.0) -> float:
    """Return the largest distance as a share of the largest expected number, or of the largest term if all are 0."""
    largest = float(np.max(np.abs(expected), initial=0.0)) or float(np.max(np.abs(terms), initial=0.0))
    return relative(got, expected) if largest == 0 else worst(np.abs(np.asarray(got) - expected) / largest)


def worst(errors: Any) -> float:
    """Return the largest error; infinity where one is not a number."""
    largest = float(np.max(errors, initial=0.0))
    return np.inf if np.isnan(largest) else largest


def central_differences(function: Callable[[Array], float], x: Array) -> Array:
    """Return the gradient of a function of a float64 array: each entry is moved by ±h, ``h = 6e-6 max(1, |x|)``."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        h = DIFFERENCE * max(1.0, abs(float(x[index])))
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        # the step after rounding
        gradient[index] = (function(above) - function(below)) / (above[index] - below[index])
    return gradient


def complex_step(function: Callable[[Array], complex], x: Array) -> Array:
    """Return the gradient of an analytic function: ``Im f(x + ih) / h``, exact up to rounding."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.astype(np.complex128)
        moved[index] += 1j * COMPLEX_STEP
        gradient[index] = complex(function(moved)).imag / COMPLEX_STEP
    return gradient
