"""Matrix products, a block of the result at a time in registers.

A strip of the right factor, one vector wide and at most DEPTH deep, is copied together into the first cache, transposed
if need be. Then ROWS rows of the result are summed along it: each step of the inner dimension costs a load of the strip
and ROWS of the left factor, broadcast, for ROWS fused multiply-adds. The left factor is read where it lies.

A number of the result is summed in the order of the inner dimension, DEPTH terms at a time, whatever the block it is
in: so bits do not depend on the machine's vectors, nor on the other rows of a batch.
"""

import numpy as np

from kernels.numba_backend.machine.compile import inlined, part
from kernels.numba_backend.machine.simd import broadcast, lanes, load, load_some, splat, store, store_some, transpose
from kernels.numba_backend.machine.views import flat, on_stack

ROWS = 6  # sums of a vector each, which with a vector of the strip fill the registers of AVX2 (two for each)
DEPTH = 256  # of a strip: 16 KiB, half of a usual first cache
HEIGHT = 192  # rows of the left factor that all strips pass before the next: they stay in the second cache
YES, NO = np.bool_(True), np.bool_(False)  # typed, for one compiled version


@part
def product(out, x, y, b):
    """``out = x y + b``. Out: out (N, M). In: x (N, K), y (K, M), b (M,)."""
    (n, k), m = x.shape, y.shape[1]
    _multiply(flat(out), flat(x), k, np.int64(1), flat(y), NO, b, YES, n, k, m)


@part
def transposed_product(out, x, y):
    """``out = xᵀ y``. Out: out (K, M). In: x (N, K), y (N, M)."""
    (n, k), m = x.shape, y.shape[1]
    _multiply(flat(out), flat(x), np.int64(1), k, flat(y), NO, flat(y), NO, k, n, m)


@part
def product_transposed(out, x, y):
    """``out = x yᵀ``. Out: out (N, K). In: x (N, M), y (K, M)."""
    (n, m), k = x.shape, y.shape[0]
    _multiply(flat(out), flat(x), m, np.int64(1), flat(y), YES, flat(y), NO, n, m, k)


@part
def _multiply(out, x, across, along, y, transposed, b, biased, n, k, m):
    """``out[i, j] = Σₖ x(i, k) y(k, j)``, plus b[j] where `biased`; x(i, k) is ``x[i · across + k · along]``.

    y is (k, m), or (m, k) where `transposed`.
    """
    strip = on_stack(y, DEPTH)
    width = min(m, lanes(y))
    for top in range(0, n, HEIGHT):
        rows = min(HEIGHT, n - top)
        for left in range(0, m, lanes(y)):
            j = min(left, m - width)  # the last columns may overlap those before: they get the same numbers again
            for above in range(0, max(k, 1), DEPTH):
                depth = min(DEPTH, k - above)
                if transposed:
                    _copy_transposed(strip, y, j * k + above, k, width, depth)
                else:
                    _copy(strip, y, above * m + j, m, width, depth)
                start = load_some(b, j, width) if biased and above == 0 else splat(y.dtype.type(0))
                at = top * across + above * along
                _multiply_strip(out, top * m + j, m, width, above > 0, x, at, across, along, strip, depth, start, rows)


@part
def _copy(strip, y, at, m, width, depth):
    """``strip[i, c] = y[at + i · m + c]`` for c < width."""
    for i in range(depth):
        store(strip, i * lanes(y), load_some(y, at + i * m, width))


@part
def _copy_transposed(strip, y, at, k, width, depth):
    """``strip[i, c] = y[at + c · k + i]`` for c < width."""
    for i in range(0, depth, lanes(y)):
        transpose(strip, i * lanes(y), y, at + i, k, width, min(lanes(y), depth - i))


@part
def _multiply_strip(out, to, m, width, add, x, at, across, along, strip, depth, start, rows):
    """``out[to + i · m] (+)= start + Σₖ x[at + i · across + k · along] strip[k]`` for i < rows, in blocks of rows."""
    i = 0
    while i < rows:
        left = rows - i
        if left >= ROWS and left - ROWS not in (2, 3):  # those would go one by one; four and some do not
            _six_rows(out, to + i * m, m, width, add, x, at + i * across, across, along, strip, depth, start)
            i += ROWS
        elif left >= 4:
            _four_rows(out, to + i * m, m, width, add, x, at + i * across, across, along, strip, depth, start)
            i += 4
        else:
            _row(out, to + i * m, width, add, x, at + i * across, along, strip, depth, start)
            i += 1


@inlined
def _six_rows(out, to, m, width, add, x, at, across, along, strip, depth, start):
    s0 = s1 = s2 = s3 = s4 = s5 = start
    for k in range(depth):
        v, left = load(strip, k * lanes(strip)), at + k * along
        s0 = s0 + broadcast(x, left) * v
        s1 = s1 + broadcast(x, left + across) * v
        s2 = s2 + broadcast(x, left + 2 * across) * v
        s3 = s3 + broadcast(x, left + 3 * across) * v
        s4 = s4 + broadcast(x, left + 4 * across) * v
        s5 = s5 + broadcast(x, left + 5 * across) * v
    _write(out, to, width, add, s0)
    _write(out, to + m, width, add, s1)
    _write(out, to + 2 * m, width, add, s2)
    _write(out, to + 3 * m, width, add, s3)
    _write(out, to + 4 * m, width, add, s4)
    _write(out, to + 5 * m, width, add, s5)


@inlined
def _four_rows(out, to, m, width, add, x, at, across, along, strip, depth, start):
    s0 = s1 = s2 = s3 = start
    for k in range(depth):
        v, left = load(strip, k * lanes(strip)), at + k * along
        s0 = s0 + broadcast(x, left) * v
        s1 = s1 + broadcast(x, left + across) * v
        s2 = s2 + broadcast(x, left + 2 * across) * v
        s3 = s3 + broadcast(x, left + 3 * across) * v
    _write(out, to, width, add, s0)
    _write(out, to + m, width, add, s1)
    _write(out, to + 2 * m, width, add, s2)
    _write(out, to + 3 * m, width, add, s3)


@inlined
def _row(out, to, width, add, x, at, along, strip, depth, start):
    s = start
    for k in range(depth):
        s = s + broadcast(x, at + k * along) * load(strip, k * lanes(strip))
    _write(out, to, width, add, s)


@inlined
def _write(out, to, width, add, s):
    """Write the first `width` lanes of a sum, or add them to what is there."""
    if width < lanes(out):
        store_some(out, to, s + load_some(out, to, width) if add else s, width)
    elif add:
        store(out, to, s + load(out, to))
    else:
        store(out, to, s)
