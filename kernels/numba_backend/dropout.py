"""Dropout; the masks are those of the reference, bit for bit (Philox4x32-10)."""

import numpy as np

from kernels.numba_backend.machine.compile import inlined, kernel, part
from kernels.numba_backend.machine.views import flat, row, vector, words
from kernels.numba_backend.sparse import SHIFT, parted

MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)
ONE, TWO, THREE, NONE = np.uint32(1), np.uint32(2), np.uint32(3), np.uint32(2**32 - 1)


@inlined
def _round(c0, c1, c2, c3, k0, k1):
    left, right = c0 * MULTIPLIER_0, c2 * MULTIPLIER_1
    return (right >> HIGH) ^ c1 ^ k0, right & LOW, (left >> HIGH) ^ c3 ^ k1, left & LOW


@inlined
def _kept(group, row, layer, step, key, threshold):
    """Tell which of four neighbouring units are kept, in the bytes of a number: ten rounds of Philox.

    Written out, since only a loop without a loop inside is compiled to vectors.
    """
    k0, k1 = key & LOW, key >> HIGH
    w0, w1, w2, w3 = _round(group, row, layer, step, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    w0, w1, w2, w3 = _round(w0, w1, w2, w3, k0, k1)
    first, second = np.uint32(w0 >= threshold), np.uint32(w1 >= threshold)
    third, fourth = np.uint32(w2 >= threshold), np.uint32(w3 >= threshold)
    return first | second << np.uint32(8) | third << np.uint32(16) | fourth << np.uint32(24)


@part
def _kept_groups(groups, row, layer, step, key, rate):
    """Replace the numbers of groups of four units by which of these are kept, a byte each."""
    threshold = np.uint64(rate * 2.0**32)
    for j in range(groups.size):
        groups[j] = _kept(np.uint64(groups[j]), np.uint64(row), np.uint64(layer), np.uint64(step), key, threshold)


@kernel
def dropout_mask(mask, key, step, layer, rate):
    """``mask = 1 where a uniform 32-bit word ≥ rate · 2³², else 0``.

    Out: mask (N, M) uint8. In: key (uint64), step and layer (below 2³²), rate in [0, 1).
    """
    n, m = mask.shape
    for i in range(n):
        units = row(mask, i)
        groups = words(units)
        for j in range(groups.size):
            groups[j] = np.uint32(j)
        _kept_groups(groups, i, layer, step, np.uint64(key), rate)
        if m % 4:
            threshold = np.uint64(rate * 2.0**32)
            kept = _kept(np.uint64(m // 4), np.uint64(i), np.uint64(layer), np.uint64(step), np.uint64(key), threshold)
            for unit in range(m - m % 4, m):
                units[unit] = kept >> np.uint32(8 * (unit % 4)) & ONE


@kernel
def dropout_packed(kept_starts, kept, groups, starts, nonzeros, rows, width, key, step, rate):
    """``x = pixels[rows] · mask``, packed: list the pixels of a batch that input dropout keeps as rows of their own.

    Out: kept_starts (N · parts + 1,), kept (pixels of these rows,) uint16: those kept, then zeros; scratch groups
    (4 ⌈D / 4⌉ + 4,) uint8. In: the packed data set, rows (N,) integers, width D, key, step, rate as of `dropout_mask`.
    """
    parts, wide = parted(width)
    end, total, places = np.uint64(0), 0, words(groups)
    kept_starts[0] = 0
    for i in range(rows.size):
        at = rows[i] * parts
        found, last = np.uint64(0), NONE  # groups of four pixels, from place 1 on
        for p in range(parts):
            listed = vector(nonzeros, starts[at + p], starts[at + p + 1] - starts[at + p])
            for k in range(listed.size):
                group = np.uint32(p * wide + np.int64(listed[k] >> SHIFT)) >> TWO
                found += np.uint64(group != last)
                places[found] = last = group
        _kept_groups(words(vector(groups, 4, 4 * np.int64(found))), i, 0, step, np.uint64(key), rate)
        found, last = np.uint64(0), NONE
        for p in range(parts):
            listed = vector(nonzeros, starts[at + p], starts[at + p + 1] - starts[at + p])
            for k in range(listed.size):
                unit = np.uint32(p * wide + np.int64(listed[k] >> SHIFT))
                found += np.uint64(unit >> TWO != last)
                last = unit >> TWO
                kept[end] = listed[k]  # to be overwritten if it is dropped
                end += np.uint64(groups[np.uint64(4) * found + np.uint64(unit & THREE)])
            kept_starts[i * parts + p + 1] = np.int64(end)
        total += starts[at + parts] - starts[at]
    for k in range(np.int64(end), total):
        kept[k] = 0


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
