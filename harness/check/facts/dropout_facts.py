"""What is known of dropout: the random stream once more in Python's integers, and the masks that come from it."""

from functools import partial

import numpy as np

from harness.check.facts.entry import Derivative, Env, Size, each, fact, normal, normal_timed
from harness.check.facts.ladders import UNITS


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
