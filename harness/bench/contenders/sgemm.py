"""Not a network: the dense matrix products of a step and nothing else, each as fast as a BLAS here can."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np
import scipy.linalg.cython_blas  # noqa: F401  what Numba's np.dot calls
from numpy.typing import NDArray

from harness.bench.contenders import Data, Train
from harness.bench.recipes import Recipe
from harness.bench.timing import clock
from harness.training.threads import WARM_UP

TRIAL_SECONDS = 0.02
Repeat = Callable[[int], Any]


def start(recipe: Recipe, data: Data) -> Train:
    """Return a function that runs each product once for every step of the rows, with operands that stay in cache."""
    warm_up_scipy()
    batch = recipe.batch
    products: list[Repeat] = []
    for layer, w in enumerate(data.weights):
        x, z = np.ones((batch, w.shape[0]), np.float32), np.ones((batch, w.shape[1]), np.float32)
        products += [_fastest(x, w, z), _fastest(x.T, z.copy(), np.empty_like(w))]
        if layer > 0:
            products.append(_fastest(z.copy(), w.T, np.empty_like(x)))

    def run(order: NDArray[np.int64]) -> float:
        for product in products:
            product(len(order) // batch)
        return float("nan")

    return run


def warm_up_scipy() -> None:
    """Make the products of compiled code as fast as they get: SciPy's BLAS, of which NumPy's knows nothing."""
    n, k, m = WARM_UP
    _compiled(np.zeros((n, k), np.float32), np.zeros((k, m), np.float32), np.empty((n, m), np.float32), 1)


def _fastest(a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32]) -> Repeat:
    """Return the faster way to ``out = a b``: NumPy's BLAS, or the one that compiled code calls."""
    return min((partial(_numpy, a, b, out), partial(_compiled, a, b, out)), key=_seconds)


def _seconds(product: Repeat) -> float:
    product(1)
    best = float("inf")
    for _ in range(3):
        begun, count = clock(), 0
        while (taken := clock() - begun) < TRIAL_SECONDS:
            product(10)
            count += 1
        best = min(best, taken / count)
    return best


def _numpy(a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32], repeats: int) -> None:
    for _ in range(repeats):
        np.matmul(a, b, out=out)


@numba.njit
def _compiled(a, b, out, repeats):
    for _ in range(repeats):
        np.dot(a, b, out)
