"""The way from bytes to the first layer: gathering a batch by row numbers, dense or as nonzero pixels only.

Most of MNIST's pixels are zero. A packed row lists the columns and values of the others; row i of a packed array is
``columns[starts[i]:starts[i + 1]]``.
"""

import numpy as np


def pack_rows(starts, columns, values, pixels):
    """List each row's nonzero pixels in order of columns: row i is ``columns[starts[i]:starts[i + 1]]``.

    Out: starts (n + 1,), columns (nonzeros,), values (nonzeros,). In: pixels (n, D) uint8.
    Source: the compressed sparse rows of SciPy's `csr_array`.
    """
    rows, found = np.nonzero(pixels)  # row-major
    starts[0] = 0
    np.cumsum(np.bincount(rows, minlength=len(pixels)), out=starts[1:])
    columns[...] = found
    values[...] = pixels[rows, found]


def gather_rows(x, pixels, rows, scale, shift):
    """``x = pixels[rows] · scale + shift``. Out: x (N, D). In: pixels (n, D) uint8, rows (N,) integers.

    Source: tutorial 5.1 (pixels / 255).
    """
    x[...] = pixels[rows]
    x *= scale
    x += shift


def sparse_affine_forward(z, cursors, tile, starts, columns, values, rows, w, b, scale):
    """``z = x w + b`` with ``x = pixels[rows] · scale``, packed: only the rows of w that meet a nonzero are read.

    Out: z (N, M); cursors (N,) int64 and tile (24 KiB or more) are scratch of the compiled twin.
    In: the packed data set, rows (N,) integers, w (D, M), b (M,). Source: `affine_forward`, without the zeros.
    """
    del cursors, tile
    for i, row in enumerate(rows):
        nonzero = slice(starts[row], starts[row + 1])
        z[i] = values[nonzero].astype(w.dtype) @ w[columns[nonzero]]  # (nonzeros,) @ (nonzeros, M) -> (M,)
    z *= scale
    z += b


def sparse_affine_backward(dw, db, entries, counts, tile, dz, starts, columns, values, rows, scale):
    """``dw = xᵀ dz``, ``db = Σₙ dz`` with ``x = pixels[rows] · scale``, packed.

    Out: dw (D, M), db (M,); entries (D, 288) uint16, counts (D,) int32 and tile (max(D, 256) · 64,) are scratch of the
    compiled twin. In: dz (N, M). Saved: the packed data set, rows (N,) integers.
    Source: `affine_backward_parameters`, without the zeros.
    """
    del entries, counts, tile
    dw[...] = 0
    for i, row in enumerate(rows):
        nonzero = slice(starts[row], starts[row + 1])
        dw[columns[nonzero]] += np.multiply.outer(values[nonzero].astype(dz.dtype), dz[i])  # distinct columns
    dw *= scale
    np.sum(dz, axis=0, out=db)
