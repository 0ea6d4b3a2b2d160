"""Training computes on one thread, whoever asks for it: the order of sums, and so the weights, depend on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg.cython_blas  # noqa: F401  Numba's matrix products: loaded before pools are counted

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit the pools of all BLAS and OpenMP libraries in this process to one thread, and give them back."""
    with _controller().limit(limits=1):
        yield
