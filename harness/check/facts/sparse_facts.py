"""What is known of affine maps of packed rows."""

import itertools
import math
from functools import partial

import numpy as np

from harness.check.facts.affine_facts import BLOCKS, affine_terms, gradient_terms
from harness.check.facts.entry import TIMED, Cost, Derivative, Env, Size, fact, normal, normal_timed, times
from harness.check.facts.inputs_facts import packed, pixels_drawn, pixels_timed
from harness.check.facts.ladders import FIRST_LAYERS
from kernels.layout import LIST_STRIDE, LISTED_ROWS, TILE, parted


def _rows(rng: np.random.Generator, size: Size) -> Env:
    """Rows of a packed data set by number, one of them twice; scratch memory holds what must never be read."""
    n, d, m = size.n, size.d, size.m
    rows = rng.permutation(n + 2)[:n]
    rows[-1] = rows[0]
    return packed(pixels_drawn(rng, n + 2, d)) | {
        "rows": rows,
        "scale": 1 / 255,
        "w": normal(rng, d, m),
        "b": normal(rng, m),
        "tile": np.full(LISTED_ROWS * TILE, np.nan),
        "lists": np.full((d, LIST_STRIDE), 2**16 - 1, np.uint16),
        "counts": np.full(d, -1, np.int32),
    }


def _rows_and_step(rng: np.random.Generator, size: Size) -> Env:
    return _rows(rng, size) | {"dz": normal(rng, size.n, size.m), "rate": 0.1}


def _timed(rng: np.random.Generator, size: Size) -> Env:
    n, d, m = size.n, size.d, size.m
    shapes = {"w": (d, m), "dw": (d, m), "b": (m,), "db": (m,), "z": (n, m), "dz": (n, m)}
    scratch = {
        "tile": np.zeros(LISTED_ROWS * TILE, TIMED),
        "lists": np.zeros((d, LIST_STRIDE), np.uint16),
        "counts": np.zeros(d, np.int32),
    }
    rows = {"rows": rng.permutation(n), "scale": 1 / 255, "rate": 1e-4}
    return normal_timed(rng, shapes) | packed(pixels_timed(n)) | scratch | rows


def _unpacked(starts, nonzeros, d):
    parts = math.ceil(d / 256)
    dense = np.zeros(((len(starts) - 1) // parts, parts, 256))
    for place, (start, stop) in enumerate(itertools.pairwise(starts)):
        dense[place // parts, place % parts, nonzeros[start:stop] // 256] = nonzeros[start:stop] % 256
    used = np.arange(256) < math.ceil(d / parts)  # of each part; its last columns may lie beyond the last
    return dense[:, :, used].reshape(len(dense), -1)[:, :d]


def _dense(starts, nonzeros, width):
    parts, wide = parted(width)
    row, part = np.divmod(np.repeat(np.arange(len(starts) - 1), np.diff(starts)), parts)
    x = np.zeros(((len(starts) - 1) // parts, width))
    x[row, part * wide + nonzeros // 256] = nonzeros % 256
    return x


def _step_terms(w, dz, starts, nonzeros, rows, scale, rate):
    """At most 16 products are added to w one by one, where each sum rounds at its size; of more, the sum is added."""
    terms = np.abs(_dense(starts, nonzeros, len(w))[rows].T * scale * rate) @ np.abs(dz)
    return {"w": np.abs(w).astype(np.float64) * times(min(len(dz), 16) + 1) + terms * times(len(dz) + 1)}


sparse = partial(fact, timed=_timed, ladder=FIRST_LAYERS, checked_also_at=BLOCKS)


@sparse(
    draws=(_rows,),
    terms=lambda starts, nonzeros, rows, scale, w, b: {
        "z": affine_terms(_dense(starts, nonzeros, len(w))[rows] * scale, w, b)
    },
    cost=lambda s: Cost(2 * s.nonzeros * s.m + s.n * s.m, s.nonzeros / 2 + s.d * s.m + s.m, s.n * s.m),
    backward={
        "sparse_affine_backward": Derivative(
            output="z",
            cotangent="dz",
            by=("w", "b"),
            terms=lambda dz, starts, nonzeros, rows, scale, w: gradient_terms(
                _dense(starts, nonzeros, len(w))[rows] * scale, dz
            ),
            cost=lambda s: Cost(2 * s.nonzeros * s.m + s.n * s.m, s.nonzeros / 2 + s.n * s.m, s.d * s.m + s.m),
        )
    },
)
def sparse_affine_forward(starts, nonzeros, rows, w, b, scale):
    return {"z": np.einsum("nd,dm->nm", _unpacked(starts, nonzeros, len(w))[rows] * scale, w) + b}


@sparse(
    draws=(_rows_and_step,),
    terms=_step_terms,
    cost=lambda s: Cost(2 * s.nonzeros * s.m, s.nonzeros / 2 + s.n * s.m + s.d * s.m, s.d * s.m),
)
def sparse_affine_sgd_step(w, dz, starts, nonzeros, rows, scale, rate):
    x = _unpacked(starts, nonzeros, len(w))[rows] * scale
    return {"w": w - rate * np.einsum("nd,nm->dm", x, dz)}
