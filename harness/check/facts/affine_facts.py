"""What is known of affine maps and skip connections."""

from functools import partial

import numpy as np

from harness.check.facts.entry import Cost, Derivative, Env, Size, each, fact, normal, normal_timed, summed, times
from harness.check.facts.ladders import LAYERS

BLOCKS = (Size(300, 301, 170), Size(7, 260, 12), Size(7, 20, 20), Size(257, 20, 5), Size(257, 9, 20))
"""Where a product is done in blocks along each dimension, and a packed row has two parts; a small batch onto two
vectors of columns, of float64 and of float32, which overlap; more rows than are listed at a time."""


def affine_terms(x, w, b):
    """Size of the terms of ``x @ w + b``."""
    return np.abs(x) @ np.abs(w) * times(len(w) + 1) + np.abs(b)


def gradient_terms(x, dz):
    """Size of the terms of the gradients of w and b."""
    return {"dw": np.abs(x.T) @ np.abs(dz) * times(len(dz)), "db": summed(dz, 0)}


def _map(rng: np.random.Generator, size: Size) -> Env:
    n, d, m = size.n, size.d, size.m
    return {"x": normal(rng, n, d), "w": normal(rng, d, m), "b": normal(rng, m)}


def _skip(rng: np.random.Generator, size: Size) -> Env:
    return {"z": normal(rng, size.n, size.m), "skip": normal(rng, size.n, size.m)}


def _timed(rng: np.random.Generator, size: Size) -> Env:
    n, d, m = size.n, size.d, size.m
    shapes = {
        "x": (n, d), "dx": (n, d), "w": (d, m), "dw": (d, m), "b": (m,), "db": (m,), "z": (n, m), "dz": (n, m),
        "skip": (n, m), "dskip": (n, m), "dout": (n, m),
    }  # fmt: skip
    return normal_timed(rng, shapes)


def _gradient_cost(s: Size) -> Cost:
    return Cost(2 * s.n * s.d * s.m + s.n * s.m, s.n * s.m + s.n * s.d, s.d * s.m + s.m)


def _backward_cost(s: Size) -> Cost:
    of_w = _gradient_cost(s)
    return Cost(of_w.flops + 2 * s.n * s.d * s.m, of_w.reads + s.d * s.m, of_w.writes + s.n * s.d)


slope = partial(Derivative, output="z")


@fact(
    draws=(_map,),
    terms=lambda x, w, b: {"z": affine_terms(x, w, b)},
    cost=lambda s: Cost(2 * s.n * s.d * s.m + s.n * s.m, s.n * s.d + s.d * s.m + s.m, s.n * s.m),
    backward={
        "affine_backward": slope(
            cotangent="dz",
            by=("x", "w", "b"),
            terms=lambda dz, x, w: {"dx": affine_terms(dz, w.T, 0.0)} | gradient_terms(x, dz),
            cost=_backward_cost,
        ),
        "affine_backward_parameters": slope(
            cotangent="dz",
            by=("w", "b"),
            terms=lambda dz, x: gradient_terms(x, dz),
            cost=_gradient_cost,
        ),
    },
    timed=_timed,
    ladder=LAYERS,
    checked_also_at=BLOCKS,
)
def affine_forward(x, w, b):
    return {"z": np.einsum("nd,dm->nm", x, w) + b}


@fact(
    draws=(_skip,),
    terms=lambda z, skip: {"z": np.abs(z) + np.abs(skip)},
    cost=each(1, 2, 1),
    backward={
        "residual_backward": slope(
            cotangent="dout",
            by=("skip",),
            adds=True,
            terms=lambda dskip, dout: {"dskip": np.abs(dskip) + np.abs(dout)},
            cost=each(1, 2, 1),
        )
    },
    timed=_timed,
    ladder=LAYERS,
)
def residual_forward(z, skip):
    return {"z": z + skip}
