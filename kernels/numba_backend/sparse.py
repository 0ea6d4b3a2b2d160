"""The first layer over nonzero pixels only, forward and backward: one weighted sum of rows, from two kinds of lists.

Forward, a row of z is the sum of the rows of w that a sample's nonzero pixels name. Backward, the batch is first turned
into lists by pixel; then a row of dw is the sum of the rows of dz that its list names. An entry of a list is the place
of a row and its weight in 16 bits. The sum stays in registers, a tile of columns at a time, and is written once. It is
bound by the cache that the rows come from, so forward goes part by part of w, and a tile of a wide matrix is first
copied together: its rows would compete for a few cache sets.
"""

import numpy as np

from kernels.layout import LISTED_ROWS, PART
from kernels.numba_backend.affine import sum_rows
from kernels.numba_backend.machine.compile import inlined, kernel, part
from kernels.numba_backend.machine.simd import lanes, load, load_some, prefetch, splat, store, store_some
from kernels.numba_backend.machine.views import row, vector

VECTORS = 4  # of a tile: as many sums as fit the registers of AVX2
PER_LINE = 32  # entries, of a list or a packed row, in a cache line
FEW_ROWS = 16  # of a batch, whose lists by column would be empty or short (measured)
BYTE, SHIFT = np.uint16(255), np.uint16(8)
ADD, REPLACE = np.bool_(True), np.bool_(False)  # typed, for one compiled version


@part
def parted(d):
    """Parts of a packed row, and the columns of each but the last, as `kernels.layout.parted`."""
    parts = (d + PART - 1) // PART
    return parts, (d + parts - 1) // parts


@kernel
def sparse_affine_forward(z, tile, starts, nonzeros, rows, w, b, scale):
    """``z = x w + b`` with ``x = pixels[rows] · scale``, packed.

    Out: z (N, M); scratch tile. In: the packed data set, rows (N,) integers, w (D, M), b (M,).
    """
    for i in range(rows.size):
        zi = row(z, i)
        for j in range(b.size):
            zi[j] = b[j]
    d, m, widest = w.shape[0], b.size, VECTORS * lanes(z)
    parts, wide = parted(d)
    for left in range(0, m, widest):
        width = min(widest, m - left)
        for p in range(parts):
            height = min(wide, d - p * wide)
            block, stride = vector(w, p * wide * m + left, height * m - left), m
            if width == widest and m > widest:
                _copy_tile(tile, block, height, m)
                block, stride = tile, widest
            for i in range(rows.size):
                at = rows[i] * parts + p
                listed = vector(nonzeros, starts[at], starts[at + 1] - starts[at])
                _sum_listed(z, i * m + left, listed, block, stride, width, scale, ADD)


@kernel
def sparse_affine_backward(dw, db, lists, counts, tile, dz, starts, nonzeros, rows, scale):
    """``dw = xᵀ dz``, ``db = Σₙ dz`` with ``x = pixels[rows] · scale``, packed.

    Out: dw (D, M), db (M,); scratch lists, counts, tile. In: dz (N, M). Saved: the packed data set, rows (N,).
    """
    _multiply(dw, lists, counts, tile, dz, starts, nonzeros, rows, scale, REPLACE)
    sum_rows(db, dz)


@kernel
def sparse_affine_sgd_step(w, lists, counts, tile, dz, starts, nonzeros, rows, scale, rate):
    """``w ← w - η xᵀ dz`` with ``x = pixels[rows] · scale``, packed: the gradient is never written down.

    In and out: w (D, M); scratch lists, counts, tile. In: dz (N, M), the packed data set, rows (N,).
    """
    _multiply(w, lists, counts, tile, dz, starts, nonzeros, rows, -rate * scale, ADD)


@part
def _multiply(out, lists, counts, tile, dz, starts, nonzeros, rows, scale, add):
    """``out (+)= scale · pixels[rows]ᵀ dz``. Out: out (D, M). In: dz (N, M)."""
    (d, m), widest = out.shape, VECTORS * lanes(out)
    if rows.size <= FEW_ROWS and lanes(out) <= m <= 2 * lanes(out):
        _scatter_rows(out, dz, starts, nonzeros, rows, scale, add)
        return
    for top in range(0, max(rows.size, 1), LISTED_ROWS):  # once for an empty batch, too: out is to be written
        n = min(LISTED_ROWS, rows.size - top)
        # an odd number of cache lines: lists a power of two apart would compete for a few cache sets
        spacing = PER_LINE * ((n + PER_LINE - 1) // PER_LINE | 1)
        _list_by_column(lists, counts, spacing, starts, nonzeros, vector(rows, top, n))
        for left in range(0, m, widest):
            # the last tile is narrower and does not overlap the one before, where sums would be added twice
            width = min(widest, m - left)
            block, stride = vector(dz, top * m + left, n * m - left), m
            if width == widest and m > widest:
                _copy_tile(tile, block, n, m)
                block, stride = tile, widest
            for c in range(d):
                listed = vector(lists, c * spacing, np.int64(counts[c]))
                _sum_listed(out, c * m + left, listed, block, stride, width, scale, add or top > 0)


@part
def prefetch_rows(starts, nonzeros, rows, d):
    """Ask for packed rows, which lie scattered in memory, ahead of their batch."""
    parts, _ = parted(d)
    for i in range(rows.size):
        for k in range(starts[rows[i] * parts], starts[rows[i] * parts + parts], PER_LINE):
            prefetch(nonzeros, k)


@part
def _copy_tile(tile, x, n, m):
    """Copy the first four vectors of each row of x (n, m) together."""
    width = VECTORS * lanes(x)
    for i in range(n):
        for j in range(0, width, lanes(x)):
            store(tile, i * width + j, load(x, i * m + j))


@part
def _scatter_rows(out, dz, starts, nonzeros, rows, scale, add):
    """The product in the order of the batch: row by row of dz, in one or two vectors, which may overlap.

    Where it is added, each entry rounds at the size of the sum, at most FEW_ROWS times.
    """
    d, m = out.shape
    parts, wide = parted(d)
    o1, factor = m - lanes(out), splat(out.dtype.type(scale))
    if not add:
        out[:] = 0
    for i in range(rows.size):
        x0, x1 = factor * load(dz, i * m), factor * load(dz, i * m + o1)
        for p in range(parts):
            at, start = rows[i] * parts + p, p * wide
            listed = vector(nonzeros, starts[at], starts[at + 1] - starts[at])
            for k in range(listed.size):
                value, to = splat(out.dtype.type(listed[k] & BYTE)), (start + np.int64(listed[k] >> SHIFT)) * m
                y0, y1 = load(out, to), load(out, to + o1)
                store(out, to, y0 + value * x0)
                store(out, to + o1, y1 + value * x1)


@part
def _list_by_column(lists, counts, spacing, starts, nonzeros, rows):
    """Append (row in the batch << 8 | value) to the list of each nonzero's column; at most 256 rows."""
    d, apart = counts.size, np.uint64(spacing)
    for c in range(d):
        counts[c] = 0
    parts, wide = parted(d)
    for i in range(rows.size):
        tag = np.uint16(i << 8)
        for p in range(parts):
            at = rows[i] * parts + p
            listed = vector(nonzeros, starts[at], starts[at + 1] - starts[at])
            to, ends = vector(lists, p * wide * spacing, wide * spacing), vector(counts, p * wide, wide)
            for k in range(listed.size):
                c = np.uint64(listed[k] >> SHIFT)
                to[c * apart + np.uint64(ends[c])] = tag | (listed[k] & BYTE)
                ends[c] += np.int32(1)


@inlined
def _sum_listed(out, to, listed, rows, stride, width, scale, add):
    """``out[to : to + width] (+)= scale · Σ value · row`` over the entries of a list; rows are `stride` apart."""
    if width > 2 * lanes(out):
        _sum_four(out, to, listed, rows, stride, width, scale, add)
    elif width >= lanes(out):
        _sum_two(out, to, listed, rows, stride, width, scale, add)
    else:
        _sum_some(out, to, listed, rows, stride, width, scale, add)


@inlined
def _sum_four(out, to, listed, rows, stride, width, scale, add):
    """In three or four vectors, which may overlap: so all are read before the first is written."""
    step = lanes(out)
    o1, o2, o3 = step, min(2 * step, width - step), width - step
    s0 = s1 = s2 = s3 = splat(out.dtype.type(0))
    for k in range(listed.size):
        x, at = splat(out.dtype.type(listed[k] & BYTE)), np.int64(listed[k] >> SHIFT) * stride
        s0 = s0 + x * load(rows, at)
        s1 = s1 + x * load(rows, at + o1)
        s2 = s2 + x * load(rows, at + o2)
        s3 = s3 + x * load(rows, at + o3)
    factor = splat(out.dtype.type(scale))
    s0, s1, s2, s3 = factor * s0, factor * s1, factor * s2, factor * s3
    if add:
        s0, s1, s2, s3 = s0 + load(out, to), s1 + load(out, to + o1), s2 + load(out, to + o2), s3 + load(out, to + o3)
    store(out, to, s0)
    store(out, to + o1, s1)
    store(out, to + o2, s2)
    store(out, to + o3, s3)


@inlined
def _sum_two(out, to, listed, rows, stride, width, scale, add):
    """In one or two vectors, which may overlap."""
    o1 = width - lanes(out)
    s0 = s1 = splat(out.dtype.type(0))
    for k in range(listed.size):
        x, at = splat(out.dtype.type(listed[k] & BYTE)), np.int64(listed[k] >> SHIFT) * stride
        s0 = s0 + x * load(rows, at)
        s1 = s1 + x * load(rows, at + o1)
    factor = splat(out.dtype.type(scale))
    s0, s1 = factor * s0, factor * s1
    if add:
        s0, s1 = s0 + load(out, to), s1 + load(out, to + o1)
    store(out, to, s0)
    store(out, to + o1, s1)


@inlined
def _sum_some(out, to, listed, rows, stride, width, scale, add):
    """In some lanes of a vector."""
    s0 = splat(out.dtype.type(0))
    for k in range(listed.size):
        x, at = splat(out.dtype.type(listed[k] & BYTE)), np.int64(listed[k] >> SHIFT) * stride
        s0 = s0 + x * load_some(rows, at, width)
    s0 = splat(out.dtype.type(scale)) * s0
    store_some(out, to, s0 + load_some(out, to, width) if add else s0, width)
