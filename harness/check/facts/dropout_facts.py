"""What is known of dropout: the random stream once more in Python's integers, and the masks that come from it."""

import math
from functools import partial

import numpy as np

from harness.check.facts.affine_facts import BLOCKS
from harness.check.facts.entry import Cost, Derivative, Env, Size, each, fact, normal, normal_timed
from harness.check.facts.inputs_facts import packed, pixels_drawn, pixels_timed
from harness.check.facts.ladders import FIRST_LAYERS, UNITS


def _units(rng: np.random.Generator, size: Size) -> Env:
    return {
        "x": normal(rng, size.n, size.m),
        "shape": (size.n, size.m),
        "key": rng.integers(2**64, dtype=np.uint64),
        "step": int(rng.integers(2**32)),
        "layer": 3,
        "rate": 0.375,
        "scale": 1 / (1 - 0.375),
    }


def _timed(rng: np.random.Generator, size: Size) -> Env:
    arrays = normal_timed(rng, dict.fromkeys(("out", "x", "dx", "dout"), (size.n, size.m)))
    mask = rng.integers(0, 2, (size.n, size.m)).astype(np.uint8)
    return arrays | {
        "mask": mask,
        "key": np.uint64(0x9E3779B97F4A7C15),
        "step": 7,
        "layer": 1,
        "rate": 0.5,
        "scale": 2.0,
    }


def _philox(counter, key):
    """Philox4x32-10 of one block in Python's integers (Salmon et al. 2011, section 3.3)."""
    for _ in range(10):
        left, right = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            right >> 32 ^ counter[1] ^ key[0],
            right & 0xFFFFFFFF,
            left >> 32 ^ counter[3] ^ key[1],
            left & 0xFFFFFFFF,
        ]
        key = [key[0] + 0x9E3779B9 & 0xFFFFFFFF, key[1] + 0xBB67AE85 & 0xFFFFFFFF]
    return counter


def _kept(shape, key, step, layer, rate):
    halves = [int(key) & 0xFFFFFFFF, int(key) >> 32]
    words = [
        _philox([unit // 4, row, int(layer), int(step)], halves)[unit % 4]
        for row in range(shape[0])
        for unit in range(shape[1])
    ]
    return (np.array(words) / 2**32 >= rate).reshape(shape)


dropout = partial(fact, draws=(_units,), timed=_timed, ladder=UNITS)


@dropout(
    terms=lambda mask: {"mask": 0 * mask},
    cost=each(25, 0, 0.25),  # a quarter of the ten rounds of Philox that make four numbers
)
def dropout_mask(shape, key, step, layer, rate):
    return {"mask": _kept(shape, key, step, layer, rate)}


@dropout(
    terms=lambda out, mask: {"out": out, "mask": 0 * mask},
    cost=each(26, 1, 1.25),
    backward={
        "dropout_backward": Derivative(
            output="out", cotangent="dout", by=("x",), terms=lambda dx: {"dx": dx}, cost=each(1, 1.25, 1)
        )
    },
)
def dropout_forward(x, key, step, layer, rate, scale):
    mask = _kept(x.shape, key, step, layer, rate)
    return {"out": x * mask * scale, "mask": mask}


def _packed_rows(rng: np.random.Generator, size: Size) -> Env:
    """Rows of a packed data set by number, one of them twice; scratch memory holds what must never be read."""
    rows = rng.permutation(size.n + 2)[: size.n]
    rows[-1] = rows[0]
    numbers = {"width": size.d, "key": rng.integers(2**64, dtype=np.uint64), "step": 11, "rate": 0.375}
    scratch = np.full(size.d + 7, 255, np.uint8)
    return packed(pixels_drawn(rng, size.n + 2, size.d)) | numbers | {"rows": rows, "groups": scratch}


def _packed_rows_timed(rng: np.random.Generator, size: Size) -> Env:
    images = packed(pixels_timed(size.n))
    numbers = {"width": size.d, "key": np.uint64(0x9E3779B97F4A7C15), "step": 7, "rate": 0.2}
    outputs = {"kept_starts": np.zeros_like(images["starts"]), "kept": np.zeros_like(images["nonzeros"])}
    scratch = {"groups": np.zeros(size.d + 7, np.uint8)}
    return images | numbers | outputs | scratch | {"rows": rng.permutation(size.n)}


@fact(
    draws=(_packed_rows,),
    terms=lambda kept_starts, kept: {"kept_starts": 0 * kept_starts, "kept": 0 * kept},
    cost=lambda s: Cost(25 * s.nonzeros, s.nonzeros / 2, s.nonzeros / 2),  # of 2 bytes each
    timed=_packed_rows_timed,
    ladder=FIRST_LAYERS,
    checked_also_at=BLOCKS,
)
def dropout_packed(starts, nonzeros, rows, width, key, step, rate):
    mask = _kept((len(rows), width), key, step, 0, rate)
    parts = math.ceil(width / 256)
    wide, kept, ends, listed = math.ceil(width / parts), [], [0], 0
    for i, row in enumerate(rows):
        for p in range(parts):
            entries = nonzeros[starts[row * parts + p] : starts[row * parts + p + 1]].tolist()
            kept += [entry for entry in entries if mask[i, p * wide + entry // 256]]
            ends.append(len(kept))
            listed += len(entries)
    return {"kept_starts": np.array(ends), "kept": np.array(kept + [0] * (listed - len(kept)), np.uint16)}
