"""Training computes on one thread, whoever asks for it: the order of sums, and so the weights, depend on it.

What a matrix product costs depends on the products before it. OpenBLAS copies its operands into a buffer, of whose
pages a small product touches few; on a Zen 1 its kernels then run at a third of their speed, for good, probably since
they prefetch from pages that nothing has touched. One product as large as the blocks that it copies touches all pages
that later ones come near, so each process begins with one in each library: NumPy and SciPy bring an OpenBLAS of their
own, and compiled code calls SciPy's. A buffer belongs to no thread: a call takes the first that is free. So one call is
enough for all threads that take turns, as they do here. kernels/PERFORMANCE.md has the figures.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

WARM_UP = (1024, 896, 896)
"""Rows, inner dimension and columns: twice the blocks of OpenBLAS's float32 kernels (320 for AVX2, 448 for AVX-512),
of which it halves what is less than two; and rows for as much of the other operand as layers up to 1024 wide need."""


@cache
def warm_up() -> None:
    """Make NumPy's and SciPy's matrix products as fast as they get: once in a process, some 0.04 to 0.2 s."""
    from scipy.linalg.blas import sgemm

    n, k, m = WARM_UP
    x, y, out = np.zeros((n, k), np.float32), np.zeros((k, m), np.float32), np.empty((n, m), np.float32)
    with _controller().limit(limits=1):
        np.matmul(x, y, out=out)
        sgemm(1.0, y.T, x.T, c=out.T, overwrite_c=True)  # BLAS counts by columns: without a transpose it would copy


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg.cython_blas  # noqa: F401  Numba's matrix products: loaded before pools are counted

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit the pools of all BLAS and OpenMP libraries in this process to one thread, and give them back."""
    warm_up()
    with _controller().limit(limits=1):
        yield
