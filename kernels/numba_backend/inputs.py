"""The way from bytes to the first layer, dense or over nonzero pixels only."""

from kernels.numba_backend.affine import sum_rows
from kernels.numba_backend.compile import kernel


@kernel
def pack_rows(starts, columns, values, pixels):
    """List each row's nonzero pixels in order of columns.

    Out: starts (n + 1,), columns (nonzeros,), values (nonzeros,). In: pixels (n, D) uint8.
    """
    end = 0
    starts[0] = 0
    for i in range(pixels.shape[0]):
        row = pixels[i]
        for j in range(row.size):
            if row[j] != 0:
                columns[end] = j
                values[end] = row[j]
                end += 1
        starts[i + 1] = end


@kernel
def gather_rows(x, pixels, rows, scale, shift):
    """``x = pixels[rows] · scale + shift``. Out: x (N, D). In: pixels (n, D) uint8, rows (N,) integers."""
    factor, offset = x.dtype.type(scale), x.dtype.type(shift)
    for i in range(rows.size):
        row, source = x[i], pixels[rows[i]]
        for j in range(row.size):
            row[j] = source[j] * factor + offset


@kernel
def gather_packed_rows(starts, columns, values, packed_starts, packed_columns, packed_values, rows, scale):
    """Copy the named rows of a packed array, values times `scale`.

    Out: starts (N + 1,), columns and values (at least the rows' nonzeros). In: a packed array of n rows, rows (N,).
    """
    factor = values.dtype.type(scale)
    end = 0
    starts[0] = 0
    for i in range(rows.size):
        first, last = packed_starts[rows[i]], packed_starts[rows[i] + 1]
        new_columns, old_columns = columns[end : end + last - first], packed_columns[first:last]
        new_values, old_values = values[end : end + last - first], packed_values[first:last]
        for k in range(last - first):
            new_columns[k] = old_columns[k]
            new_values[k] = old_values[k] * factor
        end += last - first
        starts[i + 1] = end


@kernel
def sparse_affine_forward(z, starts, columns, values, w, b):
    """``z = x w + b`` where x is packed. Out: z (N, M). In: packed x of N rows, w (D, M), b (M,)."""
    for i in range(z.shape[0]):
        zi = z[i]
        for j in range(zi.size):
            zi[j] = b[j]
        for k in range(starts[i], starts[i + 1]):
            value, wk = values[k], w[columns[k]]
            for j in range(zi.size):
                zi[j] += value * wk[j]


@kernel
def sparse_affine_backward(dw, db, dz, starts, columns, values):
    """``dw = xᵀ dz``, ``db = Σₙ dz`` where x is packed.

    Out: dw (D, M), db (M,). In: dz (N, M). Saved: packed x of N rows.
    """
    dw[:] = 0
    for i in range(dz.shape[0]):
        dzi = dz[i]
        for k in range(starts[i], starts[i + 1]):
            value, row = values[k], dw[columns[k]]
            for j in range(dzi.size):
                row[j] += value * dzi[j]
    sum_rows(db, dz)
