"""The way from bytes to numbers: packing a data set for `sparse`, and gathering a batch where it is read dense."""

import numpy as np

from kernels.layout import parted


def pack_rows(starts, nonzeros, pixels):
    """List each row's nonzero pixels, part by part, as (column in the part << 8 | value).

    A part is `layout.parted` columns of a row; part p of row i is
    ``nonzeros[starts[i · parts + p]:starts[i · parts + p + 1]]``.

    Out: starts (n · parts + 1,), nonzeros (all of them,) uint16. In: pixels (n, D) uint8.
    Source: the compressed sparse rows of SciPy's `csr_array`.
    """
    n, d = pixels.shape
    parts, wide = parted(d)
    rows, columns = np.nonzero(pixels)  # row-major
    starts[0] = 0
    np.cumsum(np.bincount(rows * parts + columns // wide, minlength=n * parts), out=starts[1:])
    nonzeros[...] = columns % wide << 8 | pixels[rows, columns]


def gather_rows(x, pixels, rows, scale, shift):
    """``x = pixels[rows] · scale + shift``. Out: x (N, D). In: pixels (n, D) uint8, rows (N,) integers.

    Source: tutorial 5.1 (pixels / 255).
    """
    x[...] = pixels[rows]
    x *= scale
    x += shift
