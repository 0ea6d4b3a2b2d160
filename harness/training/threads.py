"""Training computes on one thread, whoever asks for it: the order of sums, and so the weights, depend on it.

What a matrix product of NumPy's costs depends on the products before it. OpenBLAS copies operands into a buffer, of
whose pages a small product touches few; on a Zen 1 its kernels then run at a third of their speed, for good, probably
since they prefetch from pages that nothing has touched. One product as large as the blocks that it copies touches all
pages that later ones come near, so each process begins with one. A buffer belongs to no thread: a call takes the first
that is free, so one product is enough for all threads that take turns, as they do here. kernels/PERFORMANCE.md has the
figures. Compiled kernels multiply without BLAS.
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
    """Make NumPy's matrix products as fast as they get: once in a process, some 0.02 to 0.1 s."""
    n, k, m = WARM_UP
    with _controller().limit(limits=1):
        np.matmul(np.zeros((n, k), np.float32), np.zeros((k, m), np.float32))


_controller = cache(ThreadpoolController)


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit the pools of all BLAS and OpenMP libraries in this process to one thread, and give them back."""
    warm_up()
    with _controller().limit(limits=1):
        yield
