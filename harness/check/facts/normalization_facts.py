"""What is known of batch norm and layer norm."""

from functools import partial

import numpy as np

from harness.check.facts.entry import Derivative, Env, Size, each, fact, normal, normal_timed, summed, times
from harness.check.facts.ladders import UNITS
from kernels.layout import NORM_EPSILON, NORM_MOMENTUM


def _units(rng: np.random.Generator, size: Size) -> Env:
    n, m = size.n, size.m
    return {
        "x": normal(rng, n, m, scale=2) + 1,
        "gamma": normal(rng, m),
        "beta": normal(rng, m),
        "running_mean": normal(rng, m),
        "running_variance": np.abs(normal(rng, m)) + 0.5,
        "momentum": NORM_MOMENTUM,
        "epsilon": NORM_EPSILON,
    }


def _timed(rng: np.random.Generator, size: Size) -> Env:
    n, m = size.n, size.m
    per_unit = ("gamma", "beta", "dgamma", "dbeta", "mean", "running_mean")
    arrays = normal_timed(
        rng, dict.fromkeys(("out", "xhat", "x", "dx", "dout"), (n, m)) | dict.fromkeys(per_unit, (m,))
    )
    positive = {name: rng.random(m).astype(np.float32) for name in ("running_variance", "inverse_std")}
    return arrays | positive | {"momentum": NORM_MOMENTUM, "epsilon": NORM_EPSILON}


def _layer_timed(rng: np.random.Generator, size: Size) -> Env:
    return _timed(rng, size) | {"inverse_std": rng.random(size.n).astype(np.float32)}


def _normalized_terms(x, xhat, deviation, axis, gamma, beta):
    """Rounding of the mean, relative to the spread, enters once; that of the spread by as much again."""
    size = np.abs(x).max(axis=axis, keepdims=True) / deviation
    normalized = (np.abs(xhat) + 1) * (size + 1) * times(x.shape[axis])
    spread = ((size + 1) * times(x.shape[axis])).squeeze(axis)
    return {
        "out": np.abs(gamma) * normalized + np.abs(beta),
        "xhat": normalized,
        "inverse_std": spread / deviation.squeeze(axis),
    }


def _batch_norm_terms(x, xhat, gamma, beta, inverse_std, running_mean, running_variance):
    variance = summed(x * x, 0) / max(len(x) - 1, 1)
    return _normalized_terms(x, xhat, 1 / inverse_std[None, :], 0, gamma, beta) | {
        "mean": summed(x, 0) / len(x),
        "running_mean": np.abs(running_mean) + summed(x, 0) / len(x),
        "running_variance": running_variance + variance,
    }


def _inference_terms(x, inverse_std, running_mean, gamma, beta):
    normalized = (np.abs(x) + np.abs(running_mean)) * inverse_std
    return {"out": np.abs(gamma) * normalized + np.abs(beta), "xhat": normalized, "inverse_std": inverse_std}


def _parameter_terms(dout, xhat):
    return {"dgamma": summed(dout * xhat, 0), "dbeta": summed(dout, 0)}


def _input_terms(g, xhat, deviation, axis):
    """Size of the terms of the gradient of x, from that of xhat, g."""
    mean, product = summed(g, axis) / g.shape[axis], summed(g * xhat, axis) / g.shape[axis]
    mean, product = np.expand_dims(mean, axis), np.expand_dims(product, axis)
    return (np.abs(g) + mean + np.abs(xhat) * product) / deviation


norm = partial(fact, draws=(_units,), ladder=UNITS)
slope = partial(Derivative, output="out", cotangent="dout", by=("x", "gamma", "beta"))


@norm(
    terms=_batch_norm_terms,
    cost=each(8, 1, 2),
    backward={
        "batch_norm_backward": slope(
            terms=lambda dout, xhat, inverse_std, gamma: (
                {"dx": _input_terms(gamma * dout, xhat, 1 / inverse_std, 0)} | _parameter_terms(dout, xhat)
            ),
            cost=each(9, 2, 1),
        )
    },
    timed=_timed,
)
def batch_norm_forward(running_mean, running_variance, x, gamma, beta, momentum, epsilon):
    xhat = (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + epsilon)
    new = 1 - momentum if len(x) > 1 else 0.0
    unbiased = np.var(x, axis=0, ddof=1) if len(x) > 1 else running_variance
    return {
        "out": gamma * xhat + beta,
        "xhat": xhat,
        "mean": np.mean(x, axis=0),
        "inverse_std": (np.var(x, axis=0) + epsilon) ** -0.5,
        "running_mean": (1 - new) * running_mean + new * np.mean(x, axis=0),
        "running_variance": (1 - new) * running_variance + new * unbiased,
    }


@norm(
    terms=_inference_terms,
    cost=each(4, 1, 2),
    timed=_timed,
)
def batch_norm_inference(x, running_mean, running_variance, gamma, beta, epsilon):
    xhat = (x - running_mean) / np.sqrt(running_variance + epsilon)
    return {"out": gamma * xhat + beta, "xhat": xhat, "inverse_std": (running_variance + epsilon) ** -0.5}


@norm(
    terms=lambda x, xhat, inverse_std, gamma, beta: _normalized_terms(
        x, xhat, 1 / inverse_std[:, None], 1, gamma, beta
    ),
    cost=each(8, 1, 2),
    backward={
        "layer_norm_backward": slope(
            terms=lambda dout, xhat, inverse_std, gamma: (
                {"dx": _input_terms(gamma * dout, xhat, 1 / inverse_std[:, None], 1)} | _parameter_terms(dout, xhat)
            ),
            cost=each(12, 2, 1),
        )
    },
    timed=_layer_timed,
)
def layer_norm_forward(x, gamma, beta, epsilon):
    deviation = np.sqrt(np.var(x, axis=1) + epsilon)
    xhat = (x - np.mean(x, axis=1)[:, None]) / deviation[:, None]
    return {"out": gamma * xhat + beta, "xhat": xhat, "inverse_std": 1 / deviation}
