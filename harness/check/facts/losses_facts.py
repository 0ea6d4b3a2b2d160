"""What is known of losses: each in one entry with the output function and the gradient of the mean over the batch."""

from functools import partial

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

from harness.check.facts.entry import (
    ALLOWED,
    Derivative,
    Draw,
    Env,
    Size,
    each,
    fact,
    normal,
    normal_timed,
    summed,
    times,
)
from harness.check.facts.ladders import OUTPUTS


def _logits(outputs_at_least: int) -> Draw:
    def draw(rng: np.random.Generator, size: Size) -> Env:
        outputs = max(size.m, outputs_at_least)
        return {
            "z": normal(rng, size.n, outputs, scale=3),
            "labels": rng.integers(0, max(outputs, 2), size.n).astype(np.uint8),
            "dlosses": 1 / size.n,  # the mean over the batch
        }

    return draw


def _timed(rng: np.random.Generator, size: Size) -> Env:
    labels = rng.integers(0, size.m, size.n).astype(np.uint8)
    p = rng.dirichlet(np.ones(size.m), size.n).astype(np.float32)
    arrays = normal_timed(rng, {"z": (size.n, size.m), "dz": (size.n, size.m), "losses": (size.n,)})
    return arrays | {"p": p, "labels": labels}


def _one_hot(labels, outputs):
    return np.eye(outputs)[labels] if outputs > 1 else labels[:, None].astype(np.float64)


def _error_terms(p, labels):
    """Size of the terms of ``p - y``."""
    return np.maximum(p, _one_hot(labels, p.shape[1]).astype(p.dtype))


loss = partial(fact, timed=_timed, ladder=OUTPUTS)
slope = partial(Derivative, output="losses", cotangent="dlosses", by=("z",))


@loss(
    draws=(_logits(2),),
    terms=lambda z, p: {
        "losses": 2 * np.abs(z).max(axis=1) + p.shape[1] / ALLOWED,
        "p": p * times(p.shape[1]),
    },
    cost=each(4, 1, 1, exps=1),
    backward={
        "cross_entropy_backward": slope(
            terms=lambda p, labels: {"dz": _error_terms(p, labels) / len(p)},
            cost=each(2, 1, 1),
        )
    },
)
def cross_entropy_forward(z, labels):
    losses = -np.take_along_axis(log_softmax(z, axis=1), labels[:, None].astype(np.int64), axis=1)
    return {"losses": losses[:, 0], "p": softmax(z, axis=1)}


@loss(
    draws=(_logits(1),),
    terms=lambda z, p: {"losses": summed(np.abs(z) + 1, 1), "p": p},
    cost=each(8, 1, 1, exps=2),
    backward={
        "binary_cross_entropy_backward": slope(
            terms=lambda p, labels: {"dz": _error_terms(p, labels) / len(p)},
            cost=each(2, 1, 1),
        )
    },
)
def binary_cross_entropy_forward(z, labels):
    y = _one_hot(labels, z.shape[1])
    return {"losses": -(y * log_expit(z) + (1 - y) * log_expit(-z)).sum(axis=1), "p": expit(z)}


@loss(
    draws=(_logits(1),),
    terms=lambda p, labels: {"losses": summed(_error_terms(p, labels) ** 2, 1), "p": p},
    cost=each(6, 1, 1, exps=1),
    backward={
        "mse_backward": slope(
            terms=lambda p, labels: {"dz": _error_terms(p, labels) / len(p) * p},
            cost=each(5, 1, 1),
        )
    },
)
def mse_forward(z, labels):
    return {"losses": ((expit(z) - _one_hot(labels, z.shape[1])) ** 2).sum(axis=1) / 2, "p": expit(z)}
