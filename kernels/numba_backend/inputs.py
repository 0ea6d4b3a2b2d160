"""The way from bytes to numbers: packing a data set, and gathering a batch where it is read dense."""

import numpy as np

from kernels.numba_backend.machine.compile import kernel
from kernels.numba_backend.machine.views import row, vector
from kernels.numba_backend.sparse import parted


@kernel
def pack_rows(starts, nonzeros, pixels):
    """List each row's nonzero pixels, part by part, as (column in the part << 8 | value).

    Out: starts (n · parts + 1,), nonzeros (all of them,) uint16. In: pixels (n, D) uint8.
    """
    d = pixels.shape[1]
    _, wide = parted(d)
    end = place = 0
    for i in range(pixels.shape[0]):
        for left in range(0, d, wide):
            starts[place] = end
            place += 1
            source = vector(pixels, i * d + left, min(wide, d - left))
            for j in range(source.size):
                if source[j] != 0:
                    nonzeros[end] = np.uint16(j << 8) | np.uint16(source[j])
                    end += 1
    starts[place] = end


@kernel
def gather_rows(x, pixels, rows, scale, shift):
    """``x = pixels[rows] · scale + shift``. Out: x (N, D). In: pixels (n, D) uint8, rows (N,) integers."""
    factor, offset = x.dtype.type(scale), x.dtype.type(shift)
    for i in range(rows.size):
        target, source = row(x, i), row(pixels, rows[i])
        for j in range(target.size):
            target[j] = source[j] * factor + offset
