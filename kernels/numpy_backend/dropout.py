"""Dropout with masks from a counter-based random stream.

A mask is a pure function of (key, step, layer, row in the batch, unit): no generator, no order of calls, the same
bits in both backends. The stream is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"):
the counter is (unit // 4, row, layer, step), and the four words it yields serve four neighbouring units.
"""

import numpy as np

from kernels.layout import parted

ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)  # golden ratio, sqrt(3) - 1
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)


def _philox(c0, c1, c2, c3, k0, k1):
    """Four counter words and two key words (uint64 arrays below 2³²) -> four random words of 32 bits."""
    for _ in range(ROUNDS):
        left, right = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]  # 64-bit products
        c0, c1, c2, c3 = (right >> HIGH) ^ c1 ^ k0, right & LOW, (left >> HIGH) ^ c3 ^ k1, left & LOW
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return c0, c1, c2, c3


def dropout_mask(mask, key, step, layer, rate):
    """``mask = 1 where a uniform 32-bit word ≥ rate · 2³², else 0``: a unit is kept with probability 1 - rate.

    Out: mask (N, M) uint8. In: key (uint64), step and layer (below 2³²), rate in [0, 1). Source: Salmon et al. 2011.
    """
    n, m = mask.shape
    groups = np.arange((m + 3) // 4, dtype=np.uint64)[None, :]  # (1, M / 4)
    rows = np.arange(n, dtype=np.uint64)[:, None]  # (N, 1)
    key = np.uint64(key)
    words = _philox(groups, rows, np.uint64(layer), np.uint64(step), key & LOW, key >> HIGH)
    words = np.stack(np.broadcast_arrays(*words), axis=-1).reshape(n, -1)  # (N, M rounded up to 4)
    mask[...] = words[:, :m] >= np.uint64(rate * 2.0**32)


def dropout_packed(kept_starts, kept, groups, starts, nonzeros, rows, width, key, step, rate):
    """``x = pixels[rows] · mask``, packed: list the pixels of a batch that input dropout keeps as rows of their own.

    Out: kept_starts (N · parts + 1,), kept (pixels of these rows,) uint16: those kept, then zeros; groups
    (4 ⌈D / 4⌉ + 4,) uint8 is scratch of the compiled twin. In: the packed data set, as `pack_rows` makes it, rows (N,)
    integers, width D; key, step and rate as of `dropout_mask`, with layer 0. Source: `dropout_forward`, without zeros.
    """
    del groups
    parts, wide = parted(width)
    mask = np.zeros((len(rows), parts * wide), np.uint8)
    dropout_mask(mask, key, step, 0, rate)
    kept_starts[0] = end = 0
    for place in range(len(rows) * parts):
        i, p = divmod(place, parts)
        entries = nonzeros[starts[rows[i] * parts + p] : starts[rows[i] * parts + p + 1]]
        chosen = entries[mask[i, p * wide + (entries >> 8)] == 1]
        kept[end : end + len(chosen)] = chosen
        end += len(chosen)
        kept_starts[place + 1] = end
    kept[end:] = 0


def dropout_forward(out, mask, x, key, step, layer, rate, scale):
    """``out = x · mask · scale``. `scale` is 1 / (1 - rate) for inverted dropout, 1 for the tutorial's scaled form.

    Out: out (N, M), mask (N, M) uint8. In: x (N, M). Source: Srivastava et al. 2014; tutorial 4.4.
    """
    dropout_mask(mask, key, step, layer, rate)
    out[...] = np.where(mask, x * scale, 0)


def dropout_backward(dx, dout, mask, scale):
    """``dx = dout · mask · scale``. Out: dx (N, M). In: dout (N, M). Saved: mask (N, M).

    Source: Srivastava et al. 2014; tutorial 4.4.
    """
    dx[...] = np.where(mask, dout * scale, 0)
