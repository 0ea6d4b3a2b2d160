"""Matrix products of small matrices, which a BLAS call spends its time preparing for.

Six rows of the result are summed in registers, a vector of columns at a time: each step of the inner dimension costs
one load of the right factor and six of the left, broadcast, for six fused multiply-adds. The right factor has to lie in
cache; larger ones are left to BLAS, which copies blocks of it together.
"""

import numpy as np

from kernels.numba_backend.machine.compile import part
from kernels.numba_backend.machine.simd import broadcast, lanes, load, load_some, splat, store, store_some
from kernels.numba_backend.machine.views import flat, row, vector

SMALL = 1 << 15
"""Numbers in the right factor up to which these loops are faster than BLAS (measured: half of a usual L2 cache)."""


ONE, YES, NO = np.int64(1), np.bool_(True), np.bool_(False)  # typed, for one compiled version


@part
def product(out, x, y, b):
    """``out = x y + b``. Out: out (N, M). In: x (N, K), y (K, M), b (M,)."""
    if y.size <= SMALL:
        _small_product(flat(out), flat(x), x.shape[1], ONE, flat(y), b, YES, x.shape[0], x.shape[1], y.shape[1])
        return
    np.dot(x, y, out)
    for i in range(out.shape[0]):
        to = row(out, i)
        for j in range(to.size):
            to[j] += b[j]


@part
def transposed_product(out, x, y):
    """``out = xᵀ y``. Out: out (K, M). In: x (N, K), y (N, M)."""
    if y.size <= SMALL:
        _small_product(flat(out), flat(x), ONE, x.shape[1], flat(y), flat(y), NO, x.shape[1], x.shape[0], y.shape[1])
    else:
        np.dot(x.T, y, out)


@part
def product_transposed(out, x, y, scratch):
    """``out = x yᵀ``. Out: out (N, K); scratch of y's size. In: x (N, M), y (K, M)."""
    if y.size > SMALL:
        np.dot(x, y.T, out)
        return
    k, m = y.shape
    for j in range(m):
        for i in range(k):
            scratch[j * k + i] = y[i, j]
    _small_product(flat(out), flat(x), m, ONE, scratch, scratch, NO, x.shape[0], m, k)


@part
def _small_product(out, x, across, along, y, b, biased, n, k, m):
    """``out[i, j] = Σₖ x(i, k) y[k, j]``, plus b[j] where `biased`; x(i, k) is ``x[i · across + k · along]``."""
    if m < lanes(y):
        start = load_some(b, 0, m) if biased else splat(y.dtype.type(0))
        for i in range(0, n - 5, 6):
            _six_rows_some(out, i * m, vector(x, i * across, x.size - i * across), across, along, y, k, m, start)
        for i in range(n - n % 6, n):
            _row_some(out, i * m, vector(x, i * across, x.size - i * across), along, y, k, m, start)
        return
    for left in range(0, m, lanes(y)):
        j = min(left, m - lanes(y))  # the last columns may overlap those before: they get the same numbers again
        start = load(b, j) if biased else splat(y.dtype.type(0))
        strip = vector(y, j, k * m - j)
        for i in range(0, n - 5, 6):
            _six_rows(out, i * m + j, vector(x, i * across, x.size - i * across), across, along, strip, k, m, start)
        for i in range(n - n % 6, n):
            _row(out, i * m + j, vector(x, i * across, x.size - i * across), along, strip, k, m, start)


@part
def _six_rows(out, to, x, across, along, y, k, m, start):
    s0 = s1 = s2 = s3 = s4 = s5 = start
    for i in range(k):
        v, at = load(y, i * m), i * along
        s0 = s0 + broadcast(x, at) * v
        s1 = s1 + broadcast(x, at + across) * v
        s2 = s2 + broadcast(x, at + 2 * across) * v
        s3 = s3 + broadcast(x, at + 3 * across) * v
        s4 = s4 + broadcast(x, at + 4 * across) * v
        s5 = s5 + broadcast(x, at + 5 * across) * v
    store(out, to, s0)
    store(out, to + m, s1)
    store(out, to + 2 * m, s2)
    store(out, to + 3 * m, s3)
    store(out, to + 4 * m, s4)
    store(out, to + 5 * m, s5)


@part
def _row(out, to, x, along, y, k, m, start):
    s = start
    for i in range(k):
        s = s + broadcast(x, i * along) * load(y, i * m)
    store(out, to, s)


@part
def _six_rows_some(out, to, x, across, along, y, k, m, start):
    """As `_six_rows`, for rows that fill only the first m lanes."""
    s0 = s1 = s2 = s3 = s4 = s5 = start
    for i in range(k):
        v, at = load_some(y, i * m, m), i * along
        s0 = s0 + broadcast(x, at) * v
        s1 = s1 + broadcast(x, at + across) * v
        s2 = s2 + broadcast(x, at + 2 * across) * v
        s3 = s3 + broadcast(x, at + 3 * across) * v
        s4 = s4 + broadcast(x, at + 4 * across) * v
        s5 = s5 + broadcast(x, at + 5 * across) * v
    store_some(out, to, s0, m)
    store_some(out, to + m, s1, m)
    store_some(out, to + 2 * m, s2, m)
    store_some(out, to + 3 * m, s3, m)
    store_some(out, to + 4 * m, s4, m)
    store_some(out, to + 5 * m, s5, m)


@part
def _row_some(out, to, x, along, y, k, m, start):
    s = start
    for i in range(k):
        s = s + broadcast(x, i * along) * load_some(y, i * m, m)
    store_some(out, to, s, m)
