"""What is known of L2 and gradient clipping, over flat buffers."""

import math
from functools import partial

import numpy as np

from harness.check.facts.entry import Derivative, Draw, Env, Size, each_entry, fact, normal, normal_timed, summed, times
from harness.check.facts.ladders import BUFFERS


def _weights(rng: np.random.Generator, size: Size) -> Env:
    return {"w": normal(rng, size.d * size.m), "coefficient": 0.3, "dresult": 1.0}


def _gradients(share: float) -> Draw:
    """Gradients, and a limit at this share of their norm."""

    def draw(rng: np.random.Generator, size: Size) -> Env:
        gradients = normal(rng, size.d * size.m)
        return {"gradients": gradients, "max_norm": share * float(np.linalg.norm(gradients))}

    return draw


def _timed(rng: np.random.Generator, size: Size) -> Env:
    """Gradients of ±1, whose norm is the same in any order, and a limit so near below it that the factor rounds to 1:
    each call clips, and not only the first of many."""
    arrays = normal_timed(rng, dict.fromkeys(("w", "dw", "gradients"), (size.d * size.m,)))
    arrays["gradients"] = np.copysign(np.float32(1), arrays["gradients"])
    norm = float(np.sqrt(np.float32(arrays["gradients"].size)))
    return arrays | {"coefficient": 1e-4, "max_norm": norm * (1 - 1e-8)}


flat = partial(fact, timed=_timed, ladder=BUFFERS)


@flat(
    draws=(_weights,),
    terms=lambda w, coefficient: {"result": coefficient * summed(w * w, 0)},
    cost=each_entry(2, 1, 0),
    backward={
        "l2_backward": Derivative(
            output="result",
            cotangent="dresult",
            by=("w",),
            smooth=False,  # the reference returns a real number
            adds=True,
            terms=lambda dw, w, coefficient: {"dw": np.abs(dw) + coefficient * np.abs(w)},
            cost=each_entry(2, 2, 1),
        )
    },
)
def l2_forward(w, coefficient):
    return {"result": coefficient * math.fsum(float(v) ** 2 for v in w) / 2}


@flat(
    draws=(_gradients(1),),
    terms=lambda gradients, result: {"result": summed(gradients**2, 0) / result},
    cost=each_entry(2, 1, 0),
)
def global_norm(gradients):
    return {"result": math.hypot(*gradients)}


@flat(
    draws=(_gradients(0.5), _gradients(2)),
    terms=lambda gradients, result: {
        "result": result * times(len(gradients)),
        "gradients": gradients * times(len(gradients)),
    },
    cost=each_entry(3, 2, 1),
)
def clip_by_global_norm(gradients, max_norm):
    norm = math.hypot(*gradients)
    return {"result": norm, "gradients": gradients * min(1.0, max_norm / norm)}
