"""The way from bytes to the first layer, dense or over nonzero pixels only.

Forward, each sample's row of z stays in registers, a tile of columns at a time, while the rows of w that its nonzero
pixels name pass by. Backward, the batch is first turned into lists by pixel; then each row of dw stays in registers
while the rows of dz that its list names pass by, and is written once. Both are bound by the cache that w or dz comes
from, so a tile of a wide matrix is first copied together: its rows would compete for a few cache sets.
"""

import numpy as np

from kernels.layout import LIST_STRIDE, LISTED_ROWS
from kernels.numba_backend.affine import sum_rows
from kernels.numba_backend.compile import kernel, part
from kernels.numba_backend.simd import LINE, lanes, load, load_some, prefetch, splat, store, store_some
from kernels.numba_backend.views import flat, row, vector

CACHED_BYTES = 64 << 10  # of w at a time: twice L1, of which the blank margins of the images leave half unused
VECTORS = 4  # of a tile: as many sums as fit the registers of AVX2
STRIDE, BYTE, SHIFT = np.uint64(LIST_STRIDE), np.uint16(255), np.uint16(8)


@kernel
def pack_rows(starts, columns, values, pixels):
    """List each row's nonzero pixels in order of columns.

    Out: starts (n + 1,), columns (nonzeros,), values (nonzeros,). In: pixels (n, D) uint8.
    """
    end = 0
    starts[0] = 0
    for i in range(pixels.shape[0]):
        source = row(pixels, i)
        for j in range(source.size):
            if source[j] != 0:
                columns[end] = j
                values[end] = source[j]
                end += 1
        starts[i + 1] = end


@kernel
def gather_rows(x, pixels, rows, scale, shift):
    """``x = pixels[rows] · scale + shift``. Out: x (N, D). In: pixels (n, D) uint8, rows (N,) integers."""
    factor, offset = x.dtype.type(scale), x.dtype.type(shift)
    for i in range(rows.size):
        target, source = row(x, i), row(pixels, rows[i])
        for j in range(target.size):
            target[j] = source[j] * factor + offset


@kernel
def sparse_affine_forward(z, cursors, tile, starts, columns, values, rows, w, b, scale):
    """``z = x w + b`` with ``x = pixels[rows] · scale``, packed.

    Out: z (N, M); scratch cursors, tile. In: the packed data set, rows (N,) integers, w (D, M), b (M,).
    """
    for i in range(rows.size):
        _prefetch_row(starts, columns, values, rows[i])
        zi = row(z, i)
        for j in range(b.size):
            zi[j] = b[j]
    widest = VECTORS * lanes(z)
    high = CACHED_BYTES * lanes(z) // (LINE * min(widest, b.size))
    for left in range(0, b.size, widest):
        width = min(widest, b.size - left)
        for i in range(rows.size):
            cursors[i] = starts[rows[i]]
        for top in range(0, w.shape[0], high):
            bottom = min(top + high, w.shape[0])
            block, stride = vector(w, top * b.size + left, (bottom - top) * b.size - left), b.size
            if width == widest and b.size > widest:
                _copy_tile(tile, block, bottom - top, b.size)
                block, stride = tile, widest
            _forward_block(z, cursors, starts, columns, values, rows, block, stride, left, width, top, bottom, scale)


@part
def _copy_tile(tile, x, n, m):
    """Copy the first four vectors of each row of x (n, m) together."""
    width = VECTORS * lanes(x)
    for i in range(n):
        for j in range(0, width, lanes(x)):
            store(tile, i * width + j, load(x, i * m + j))


@part
def _prefetch_row(starts, columns, values, row):
    for k in range(starts[row], starts[row + 1], 32):
        prefetch(columns, k)
        prefetch(values, k)


@part
def _forward_block(z, cursors, starts, columns, values, rows, w, stride, left, width, top, bottom, scale):
    """Add what the pixels top … bottom give to columns left … left + width of z (at most four vectors).

    w holds their weights, in rows `stride` apart. A row's cursor stands at its next nonzero.
    """
    for i in range(rows.size):
        start, size = cursors[i], starts[rows[i] + 1] - cursors[i]
        cs, vs, to = vector(columns, start, size), vector(values, start, size), i * z.shape[1] + left
        if width > 2 * lanes(z):
            taken = _forward_four(z, to, cs, vs, w, stride, width, top, bottom, scale)
        elif width >= lanes(z):
            taken = _forward_two(z, to, cs, vs, w, stride, width, top, bottom, scale)
        else:
            taken = _forward_some(z, to, cs, vs, w, stride, width, top, bottom, scale)
        cursors[i] = start + np.int64(taken)


@part
def _forward_four(z, to, cs, vs, w, stride, width, top, bottom, scale):
    """One row of z in three or four vectors; where they overlap, they hold and write the same numbers."""
    step, factor = lanes(z), z.dtype.type(scale)
    o1, o2, o3 = step, min(2 * step, width - step), width - step
    s0, s1, s2, s3 = load(z, to), load(z, to + o1), load(z, to + o2), load(z, to + o3)
    k = np.uint64(0)
    while k < np.uint64(cs.size) and cs[k] < bottom:
        x, at = splat(z.dtype.type(vs[k]) * factor), (np.int64(cs[k]) - top) * stride
        s0 = s0 + x * load(w, at)
        s1 = s1 + x * load(w, at + o1)
        s2 = s2 + x * load(w, at + o2)
        s3 = s3 + x * load(w, at + o3)
        k += np.uint64(1)
    store(z, to, s0)
    store(z, to + o1, s1)
    store(z, to + o2, s2)
    store(z, to + o3, s3)
    return k


@part
def _forward_two(z, to, cs, vs, w, stride, width, top, bottom, scale):
    """One row of z in one or two vectors, which may overlap."""
    o1, factor = width - lanes(z), z.dtype.type(scale)
    s0, s1 = load(z, to), load(z, to + o1)
    k = np.uint64(0)
    while k < np.uint64(cs.size) and cs[k] < bottom:
        x, at = splat(z.dtype.type(vs[k]) * factor), (np.int64(cs[k]) - top) * stride
        s0 = s0 + x * load(w, at)
        s1 = s1 + x * load(w, at + o1)
        k += np.uint64(1)
    store(z, to, s0)
    store(z, to + o1, s1)
    return k


@part
def _forward_some(z, to, cs, vs, w, stride, width, top, bottom, scale):
    """One row of z that fills only some lanes of a vector."""
    s0, factor = load_some(z, to, width), z.dtype.type(scale)
    k = np.uint64(0)
    while k < np.uint64(cs.size) and cs[k] < bottom:
        x, at = splat(z.dtype.type(vs[k]) * factor), (np.int64(cs[k]) - top) * stride
        s0 = s0 + x * load_some(w, at, width)
        k += np.uint64(1)
    store_some(z, to, s0, width)
    return k


@kernel
def sparse_affine_backward(dw, db, entries, counts, tile, dz, starts, columns, values, rows, scale):
    """``dw = xᵀ dz``, ``db = Σₙ dz`` with ``x = pixels[rows] · scale``, packed.

    Out: dw (D, M), db (M,); scratch entries, counts, tile. In: dz (N, M). Saved: the packed data set, rows (N,).
    """
    m, widest = db.size, VECTORS * lanes(dw)
    for top in range(0, rows.size, LISTED_ROWS):
        n = min(LISTED_ROWS, rows.size - top)
        _list_by_column(entries, counts, starts, columns, values, vector(rows, top, n))
        dz_top = vector(dz, top * m, n * m)
        for left in range(0, m, widest):
            # unlike forward, the last tile is narrower: where tiles overlapped, sums would be added twice
            width = min(widest, m - left)
            if width < widest:
                _backward_tile(dw, vector(dz_top, left, n * m - left), m, entries, counts, left, width, scale, top > 0)
            else:
                _copy_tile(tile, vector(dz_top, left, n * m - left), n, m)
                _backward_tile(dw, tile, widest, entries, counts, left, width, scale, top > 0)
    sum_rows(db, dz)


@part
def _list_by_column(entries, counts, starts, columns, values, rows):
    """Append (row in the batch << 8 | value) to the list of each nonzero's column; at most 256 rows."""
    lists = flat(entries)
    for c in range(counts.size):
        counts[c] = 0
    for i in range(rows.size):
        if i + 4 < rows.size:
            _prefetch_row(starts, columns, values, rows[i + 4])
        start = starts[rows[i]]
        size = starts[rows[i] + 1] - start
        cs, vs, tag = vector(columns, start, size), vector(values, start, size), np.uint16(i << 8)
        for k in range(size):
            c = np.uint64(cs[k])
            count = counts[c]
            lists[c * STRIDE + np.uint64(count)] = tag | np.uint16(vs[k])
            counts[c] = count + np.int32(1)


@part
def _backward_tile(dw, dz, stride, entries, counts, first, width, scale, add):
    """Columns first … first + width of dw (at most four vectors), from columns of dz with rows `stride` apart."""
    for c in range(dw.shape[0]):
        listed, to = vector(entries, c * LIST_STRIDE, np.int64(counts[c])), c * dw.shape[1] + first
        if width > 2 * lanes(dw):
            _backward_four(dw, to, listed, dz, stride, width, scale, add)
        elif width >= lanes(dw):
            _backward_two(dw, to, listed, dz, stride, width, scale, add)
        else:
            _backward_some(dw, to, listed, dz, stride, width, scale, add)


@part
def _backward_four(dw, to, listed, dz, stride, width, scale, add):
    """One row of dw in three or four vectors, which may overlap: so all are read before the first is written."""
    step = lanes(dw)
    o1, o2, o3 = step, min(2 * step, width - step), width - step
    s0 = s1 = s2 = s3 = splat(dw.dtype.type(0))
    for k in range(listed.size):
        x, at = splat(dw.dtype.type(listed[k] & BYTE)), np.int64(listed[k] >> SHIFT) * stride
        s0 = s0 + x * load(dz, at)
        s1 = s1 + x * load(dz, at + o1)
        s2 = s2 + x * load(dz, at + o2)
        s3 = s3 + x * load(dz, at + o3)
    factor = splat(dw.dtype.type(scale))
    s0, s1, s2, s3 = factor * s0, factor * s1, factor * s2, factor * s3
    if add:
        s0, s1, s2, s3 = s0 + load(dw, to), s1 + load(dw, to + o1), s2 + load(dw, to + o2), s3 + load(dw, to + o3)
    store(dw, to, s0)
    store(dw, to + o1, s1)
    store(dw, to + o2, s2)
    store(dw, to + o3, s3)


@part
def _backward_two(dw, to, listed, dz, stride, width, scale, add):
    """One row of dw in one or two vectors, which may overlap."""
    o1 = width - lanes(dw)
    s0 = s1 = splat(dw.dtype.type(0))
    for k in range(listed.size):
        x, at = splat(dw.dtype.type(listed[k] & BYTE)), np.int64(listed[k] >> SHIFT) * stride
        s0 = s0 + x * load(dz, at)
        s1 = s1 + x * load(dz, at + o1)
    factor = splat(dw.dtype.type(scale))
    s0, s1 = factor * s0, factor * s1
    if add:
        s0, s1 = s0 + load(dw, to), s1 + load(dw, to + o1)
    store(dw, to, s0)
    store(dw, to + o1, s1)


@part
def _backward_some(dw, to, listed, dz, stride, width, scale, add):
    """One row of dw that fills only some lanes of a vector."""
    s0 = splat(dw.dtype.type(0))
    for k in range(listed.size):
        x, at = splat(dw.dtype.type(listed[k] & BYTE)), np.int64(listed[k] >> SHIFT) * stride
        s0 = s0 + x * load_some(dz, at, width)
    s0 = splat(dw.dtype.type(scale)) * s0
    store_some(dw, to, s0 + load_some(dw, to, width) if add else s0, width)
