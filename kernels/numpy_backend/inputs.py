"""The way from bytes to the first layer: gathering a batch by row numbers, dense or as nonzero pixels only.

Most of MNIST's pixels are zero. A packed row lists the columns and values of the others; row i of a packed array is
``columns[starts[i]:starts[i + 1]]``.
"""

import numpy as np


def pack_rows(starts, columns, values, pixels):
    """List each row's nonzero pixels in order of columns.

    Out: starts (n + 1,), columns (nonzeros,), values (nonzeros,). In: pixels (n, D) uint8.
    """
    rows, found = np.nonzero(pixels)  # row-major
    starts[0] = 0
    np.cumsum(np.bincount(rows, minlength=len(pixels)), out=starts[1:])
    columns[...] = found
    values[...] = pixels[rows, found]


def gather_rows(x, pixels, rows, scale, shift):
    """``x = pixels[rows] · scale + shift``. Out: x (N, D). In: pixels (n, D) uint8, rows (N,) integers."""
    x[...] = pixels[rows]
    x *= scale
    x += shift


def gather_packed_rows(starts, columns, values, packed_starts, packed_columns, packed_values, rows, scale):
    """Copy the named rows of a packed array, values times `scale`.

    Out: starts (N + 1,), columns and values (at least the rows' nonzeros). In: a packed array of n rows, rows (N,).
    """
    starts[0] = 0
    for i, row in enumerate(rows):
        source = slice(packed_starts[row], packed_starts[row + 1])
        starts[i + 1] = starts[i] + source.stop - source.start
        target = slice(starts[i], starts[i + 1])
        columns[target] = packed_columns[source]
        values[target] = packed_values[source]
        values[target] *= scale


def sparse_affine_forward(z, starts, columns, values, w, b):
    """``z = x w + b`` where x is packed: only the rows of w that meet a nonzero are read.

    Out: z (N, M). In: packed x of N rows, w (D, M), b (M,).
    """
    for i in range(len(z)):
        row = slice(starts[i], starts[i + 1])
        z[i] = values[row] @ w[columns[row]] + b  # (nonzeros,) @ (nonzeros, M) -> (M,)


def sparse_affine_backward(dw, db, dz, starts, columns, values):
    """``dw = xᵀ dz``, ``db = Σₙ dz`` where x is packed.

    Out: dw (D, M), db (M,). In: dz (N, M). Saved: packed x of N rows.
    """
    dw[...] = 0
    for i in range(len(dz)):
        row = slice(starts[i], starts[i + 1])
        dw[columns[row]] += np.multiply.outer(values[row], dz[i])  # columns of one row are distinct
    np.sum(dz, axis=0, out=db)
