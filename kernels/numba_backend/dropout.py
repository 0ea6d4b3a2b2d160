"""Dropout; the masks are those of the reference, bit for bit (Philox4x32-10)."""

import numpy as np

from kernels.numba_backend.machine.compile import kernel, part
from kernels.numba_backend.machine.views import flat, row

MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)


@part
def _philox(c0, c1, c2, c3, k0, k1):
    """Four counter words and two key words (uint64 below 2³²) -> four random words of 32 bits."""
    for _ in range(10):
        left, right = c0 * MULTIPLIER_0, c2 * MULTIPLIER_1
        c0, c1, c2, c3 = (right >> HIGH) ^ c1 ^ k0, right & LOW, (left >> HIGH) ^ c3 ^ k1, left & LOW
        k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@kernel
def dropout_mask(mask, key, step, layer, rate):
    """``mask = 1 where a uniform 32-bit word ≥ rate · 2³², else 0``.

    Out: mask (N, M) uint8. In: key (uint64), step and layer (below 2³²), rate in [0, 1).
    """
    n, m = mask.shape
    threshold = np.uint64(rate * 2.0**32)
    k0, k1 = np.uint64(key) & LOW, np.uint64(key) >> HIGH
    for i in range(n):
        kept = row(mask, i)
        for group in range(m // 4):
            w0, w1, w2, w3 = _philox(np.uint64(group), np.uint64(i), np.uint64(layer), np.uint64(step), k0, k1)
            kept[4 * group] = w0 >= threshold
            kept[4 * group + 1] = w1 >= threshold
            kept[4 * group + 2] = w2 >= threshold
            kept[4 * group + 3] = w3 >= threshold
        if m % 4:
            words = _philox(np.uint64(m // 4), np.uint64(i), np.uint64(layer), np.uint64(step), k0, k1)
            for unit in range(m % 4):
                kept[m // 4 * 4 + unit] = words[unit] >= threshold


@part
def _apply(out, mask, x, scale):
    zero, factor = x.dtype.type(0), x.dtype.type(scale)
    for i in range(x.size):
        out[i] = x[i] * factor if mask[i] else zero


@kernel
def dropout_forward(out, mask, x, key, step, layer, rate, scale):
    """``out = x · mask · scale``. Out: out (N, M), mask (N, M) uint8. In: x (N, M)."""
    dropout_mask(mask, key, step, layer, rate)
    _apply(flat(out), flat(mask), flat(x), scale)


@kernel
def dropout_backward(dx, dout, mask, scale):
    """``dx = dout · mask · scale``. Out: dx (N, M). In: dout (N, M). Saved: mask (N, M)."""
    _apply(flat(dx), flat(mask), flat(dout), scale)
