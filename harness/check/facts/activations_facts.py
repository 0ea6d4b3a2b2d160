"""What is known of activations, and of softmax.

An activation is described by `activation`, its backward kernel by `slope`; the latter may take of ``a`` and ``z`` what
it needs. One with a kink at 0, where no slope can be measured, says which slope is agreed on (`slope_at_0`), and that
it is not `smooth`.
"""

from functools import partial

import numpy as np
from scipy.special import expit, softmax

from harness.check.facts.entry import Derivative, Env, Size, each, fact, normal, normal_timed, summed, times
from harness.check.facts.ladders import OUTPUTS, UNITS

ALPHA, ALPHA_TIMED = 0.125, 0.01


def preactivations(rng: np.random.Generator, size: Size) -> Env:
    """No entry within the step of a kink at 0; what happens on it is checked apart."""
    z = normal(rng, size.n, size.m, scale=3)
    return {"z": np.where(np.abs(z) < 1e-3, 1.0, z), "alpha": ALPHA}


def _timed(rng: np.random.Generator, size: Size) -> Env:
    return normal_timed(rng, dict.fromkeys(("a", "z", "da", "dz"), (size.n, size.m))) | {"alpha": ALPHA_TIMED}


def _softmax_timed(rng: np.random.Generator, size: Size) -> Env:
    p = rng.dirichlet(np.ones(size.m), size.n).astype(np.float32)
    return normal_timed(rng, dict.fromkeys(("z", "dz", "dp"), (size.n, size.m))) | {"p": p}


activation = partial(fact, draws=(preactivations,), timed=_timed, ladder=UNITS)
slope = partial(Derivative, output="a", cotangent="da", by=("z",))


@activation(
    terms=lambda z: {"a": 0 * z},
    cost=each(0, 1, 1),
    backward={"identity_backward": slope(terms=lambda da: {"dz": 0 * da}, cost=each(0, 1, 1))},
)
def identity_forward(z):
    return {"a": z}


@activation(
    terms=lambda a: {"a": a},
    cost=each(3, 1, 1, exps=1),
    backward={"sigmoid_backward": slope(terms=lambda da, a: {"dz": da * a}, cost=each(3, 2, 1))},
)
def sigmoid_forward(z):
    return {"a": expit(z)}


@activation(
    terms=lambda a: {"a": a},
    cost=each(0, 1, 1, exps=1),
    backward={"tanh_backward": slope(terms=lambda da: {"dz": da}, cost=each(3, 2, 1))},
)
def tanh_forward(z):
    return {"a": np.expm1(2 * z) / (np.expm1(2 * z) + 2)}


@activation(
    terms=lambda z: {"a": 0 * z},
    cost=each(1, 1, 1),
    backward={
        "relu_backward": slope(
            terms=lambda da: {"dz": 0 * da}, cost=each(1, 2, 1), smooth=False, slope_at_0=lambda: 0.0
        )
    },
)
def relu_forward(z):
    return {"a": (z + np.abs(z)) / 2}


@activation(
    terms=lambda z: {"a": z},
    cost=each(2, 1, 1),
    backward={
        "leaky_relu_backward": slope(
            terms=lambda da: {"dz": da}, cost=each(2, 2, 1), smooth=False, slope_at_0=lambda alpha: alpha
        )
    },
)
def leaky_relu_forward(z, alpha):
    return {"a": np.maximum(alpha * z, z)}


@activation(
    terms=lambda z: {"a": z},
    cost=each(8, 1, 1, exps=1),
    backward={
        "gelu_backward": slope(
            terms=lambda da, z: {"dz": da * (1 + np.abs(z) * (1 + 0.2 * z**2))}, cost=each(16, 2, 1, exps=1)
        )
    },
)
def gelu_forward(z):
    return {"a": z * expit(np.sqrt(8 / np.pi) * (z + 0.044715 * z**3))}


@activation(
    terms=lambda a: {"a": a},
    cost=each(3, 1, 1),
    backward={"softsign_backward": slope(terms=lambda da: {"dz": da}, cost=each(4, 2, 1))},
)
def softsign_forward(z):
    return {"a": z / np.maximum(1 + z, 1 - z)}


@fact(
    draws=(preactivations,),
    terms=lambda p: {"p": p * times(p.shape[1])},
    cost=each(4, 1, 1, exps=1),
    backward={
        "softmax_backward": Derivative(
            output="p",
            cotangent="dp",
            by=("z",),
            terms=lambda dp, p: {"dz": p * (np.abs(dp) + summed(dp * p, 1)[:, None])},
            cost=each(4, 2, 1),
        )
    },
    timed=_softmax_timed,
    ladder=OUTPUTS,
)
def softmax_forward(z):
    return {"p": softmax(z, axis=1)}
