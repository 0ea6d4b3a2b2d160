"""Square roots of vectors without the divider, which takes one at a time and has divisions to do besides.

Where the machine estimates ``1 / √x`` (AVX-512, float32), one term of the series corrects the estimate: at most 2 units
in the last place off (a test measures it). Elsewhere it is the root itself.
"""

from kernels.numba_backend.machine.compile import part
from kernels.numba_backend.machine.simd import (
    at_least,
    at_most,
    constant,
    estimates_roots,
    reciprocal_root_estimate,
    square_root,
)

LEAST, MOST = 2.0**-66, 2.0**75  # below 1 / √x of the largest, above that of the smallest number of float32


@part
def scaled_root(x, factor):
    """Return ``factor · √x`` of vectors, x ≥ 0; of infinity infinity, of NaN NaN.

    With ``r ≈ 1 / √x``, ``s = x r`` and ``e = 1 - s r``: ``√x = s / √(1 - e) = s (1 + e / 2 + …)``. The limits are
    for 0, where r is infinite, and infinity, where r is 0 and e were -∞.
    """
    if not estimates_roots(x):
        return factor * square_root(x)
    r = at_most(at_least(reciprocal_root_estimate(x), constant(x, LEAST)), constant(x, MOST))
    s = x * r
    e = at_least(constant(x, 1.0) - s * r, constant(x, -1.0))
    return s * (factor + constant(x, 0.5) * factor * e)
