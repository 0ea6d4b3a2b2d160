"""The first layer over nonzero pixels only; most of MNIST's are zero.

A packed row lists its nonzero pixels in parts, as `layout.parted` says: part p of row i is
``nonzeros[starts[i · parts + p]:starts[i · parts + p + 1]]``, an entry ``column in the part << 8 | value``.
"""

import numpy as np

from kernels.layout import parted


def sparse_affine_forward(z, tile, starts, nonzeros, rows, w, b, scale):
    """``z = x w + b`` with ``x = pixels[rows] · scale``, packed: only the rows of w that meet a nonzero are read.

    Out: z (N, M); tile (256 · 64,) is scratch of the compiled twin.
    In: the packed data set, rows (N,) integers, w (D, M), b (M,). Source: `affine_forward`, without the zeros.
    """
    del tile
    for i, row in enumerate(rows):
        columns, values = _unpacked(starts, nonzeros, row, len(w))
        z[i] = values.astype(w.dtype) @ w[columns]  # (nonzeros,) @ (nonzeros, M) -> (M,)
    z *= scale
    z += b


def sparse_affine_backward(dw, db, lists, counts, tile, dz, starts, nonzeros, rows, scale):
    """``dw = xᵀ dz``, ``db = Σₙ dz`` with ``x = pixels[rows] · scale``, packed.

    Out: dw (D, M), db (M,); lists (D, 288) uint16, counts (D,) int32 and tile (256 · 64,) are scratch of the
    compiled twin. In: dz (N, M). Saved: the packed data set, rows (N,) integers.
    Source: `affine_backward_parameters`, without the zeros.
    """
    del lists, counts, tile
    dw[...] = 0
    for i, row in enumerate(rows):
        columns, values = _unpacked(starts, nonzeros, row, len(dw))
        dw[columns] += np.multiply.outer(values.astype(dz.dtype), dz[i])  # distinct columns
    dw *= scale
    np.sum(dz, axis=0, out=db)


def sparse_affine_sgd_step(w, lists, counts, tile, dz, starts, nonzeros, rows, scale, rate):
    """``w ← w - η xᵀ dz`` with ``x = pixels[rows] · scale``, packed: gradient and step in one.

    In and out: w (D, M); lists, counts and tile are scratch of the compiled twin.
    In: dz (N, M), the packed data set, rows (N,) integers. Source: `sparse_affine_backward`, then `sgd_step`.
    """
    dw, db = np.empty_like(w), np.empty_like(w[0])
    sparse_affine_backward(dw, db, lists, counts, tile, dz, starts, nonzeros, rows, scale)
    w -= rate * dw


def _unpacked(starts, nonzeros, row, d):
    """Columns and values of a packed row's nonzero pixels."""
    parts, wide = parted(d)
    edges = starts[row * parts : (row + 1) * parts + 1]
    entries = nonzeros[edges[0] : edges[-1]]
    return np.repeat(np.arange(parts) * wide, np.diff(edges)) + (entries >> 8), entries & 255
