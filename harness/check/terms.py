"""How large the terms are that a kernel adds up: what a difference of roundings between backends is measured by.

The last place of a cancelled result says nothing, that of its largest term does. A sum of K terms, in whatever order,
is within ``K ε / 2 · Σ|terms|`` of the truth, so two sums are within ``K ε · Σ|terms|`` of each other: with 4 units
in the last place allowed everywhere, a sum counts K / 4 times, at least once. Zero means equal, bit for bit.

Functions take the inputs and the outputs of a kernel by name and return the size of each output's terms.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from kernels.layout import parted

ALLOWED = 4.0
"""Units in the last place of the largest term."""


def _sum(terms: Any, axis: int) -> Any:
    """Size of a sum along an axis."""
    return np.abs(terms).sum(axis=axis) * max(1.0, terms.shape[axis] / ALLOWED)


def _target(labels: Any, p: Any) -> Any:
    return (labels[:, None] == np.arange(p.shape[1])) if p.shape[1] > 1 else labels[:, None]


def _affine(x: Any, w: Any, b: Any) -> Any:
    return np.abs(x) @ np.abs(w) * max(1.0, (len(w) + 1) / ALLOWED) + np.abs(b)


def _affine_backward(x: Any, dz: Any) -> dict[str, Any]:
    return {"dw": np.abs(x.T) @ np.abs(dz) * max(1.0, len(dz) / ALLOWED), "db": _sum(dz, 0)}


def _dense(starts: Any, nonzeros: Any, width: int) -> Any:
    parts, wide = parted(width)
    row, part = np.divmod(np.repeat(np.arange(len(starts) - 1), np.diff(starts)), parts)
    x = np.zeros(((len(starts) - 1) // parts, width))
    x[row, part * wide + nonzeros // 256] = nonzeros % 256
    return x


def _sparse_step(w: Any, dz: Any, starts: Any, nonzeros: Any, rows: Any, scale: float, rate: float) -> dict[str, Any]:
    """At most 16 products are added to w one by one, where each sum rounds at its size; of more, the sum is added."""
    terms = np.abs(_dense(starts, nonzeros, len(w))[rows].T * scale * rate) @ np.abs(dz)
    times = np.array([min(len(dz), 16), len(dz)]) + 1
    of_w, of_terms = np.maximum(1.0, times / ALLOWED)
    return {"w": np.abs(w) * of_w + terms * of_terms}


def _loss_backward(p: Any, labels: Any) -> Any:
    return np.maximum(p, _target(labels, p)) / len(p)


def _norm_forward(x: Any, xhat: Any, deviation: Any, axis: int, gamma: Any, beta: Any) -> dict[str, Any]:
    """Rounding of the mean, relative to the spread, enters once; that of the spread by as much again."""
    size = np.abs(x).max(axis=axis, keepdims=True) / deviation
    normalized = (np.abs(xhat) + 1) * (size + 1) * max(1.0, x.shape[axis] / ALLOWED)
    spread = ((size + 1) * max(1.0, x.shape[axis] / ALLOWED)).squeeze(axis)
    return {
        "out": np.abs(gamma) * normalized + np.abs(beta),
        "xhat": normalized,
        "inverse_std": spread / deviation.squeeze(axis),
    }


def _batch_norm(
    x: Any,
    xhat: Any,
    gamma: Any,
    beta: Any,
    inverse_std: Any,
    running_mean: Any,
    running_variance: Any,
) -> dict[str, Any]:
    variance = _sum(x * x, 0) / max(len(x) - 1, 1)
    return _norm_forward(x, xhat, 1 / inverse_std[None, :], 0, gamma, beta) | {
        "mean": _sum(x, 0) / len(x),
        "running_mean": np.abs(running_mean) + _sum(x, 0) / len(x),
        "running_variance": running_variance + variance,
    }


def _norm_sums(dout: Any, xhat: Any) -> dict[str, Any]:
    return {"dgamma": _sum(dout * xhat, 0), "dbeta": _sum(dout, 0)}


def _norm_backward(g: Any, xhat: Any, deviation: Any, axis: int) -> Any:
    mean, product = _sum(g, axis) / g.shape[axis], _sum(g * xhat, axis) / g.shape[axis]
    mean, product = np.expand_dims(mean, axis), np.expand_dims(product, axis)
    return (np.abs(g) + mean + np.abs(xhat) * product) / deviation


def _momentum(velocity: Any, parameters: Any, kept: Any, new: Any, rate: float) -> dict[str, Any]:
    size = np.abs(kept) + np.abs(new)
    return {"velocity": size, "parameters": np.abs(parameters) + rate * (size + np.abs(velocity))}


def _adaptive(parameters: Any, squares: Any, gradients: Any, rate: float, root: Any) -> dict[str, Any]:
    return {"squares": squares, "parameters": np.abs(parameters) + rate * np.abs(gradients) / root}


def _adam(
    parameters: Any, first: Any, second: Any, gradients: Any, rate: float, beta1: float, beta2: float, step: int
) -> dict[str, Any]:
    """`first` before the step: its two terms may cancel in the new one."""
    size = beta1 * np.abs(first) + (1 - beta1) * np.abs(gradients)
    root = np.sqrt((beta2 * second + (1 - beta2) * gradients**2) / (1 - beta2**step))
    return {
        "first": size,
        "second": second + gradients**2,
        "parameters": np.abs(parameters) + rate * size / (1 - beta1**step) / root,
    }


TERMS: dict[str, Callable[..., dict[str, Any]]] = {
    "affine_forward": lambda x, w, b: {"z": _affine(x, w, b)},
    "affine_backward": lambda dz, x, w: {"dx": _affine(dz, w.T, 0.0)} | _affine_backward(x, dz),
    "affine_backward_parameters": lambda dz, x: _affine_backward(x, dz),
    "residual_forward": lambda z, skip: {"z": np.abs(z) + np.abs(skip)},
    "residual_backward": lambda dskip, dout: {"dskip": np.abs(dskip) + np.abs(dout)},
    "pack_rows": lambda starts, nonzeros: {"starts": 0 * starts, "nonzeros": 0 * nonzeros},
    "gather_rows": lambda pixels, rows, scale, shift: {"x": pixels[rows] * scale + abs(shift)},
    "sparse_affine_forward": lambda starts, nonzeros, rows, scale, w, b: {
        "z": _affine(_dense(starts, nonzeros, len(w))[rows] * scale, w, b)
    },
    "sparse_affine_backward": lambda dz, starts, nonzeros, rows, scale, w: _affine_backward(
        _dense(starts, nonzeros, len(w))[rows] * scale, dz
    ),
    "sparse_affine_sgd_step": _sparse_step,
    "identity_forward": lambda z: {"a": 0 * z},
    "identity_backward": lambda da: {"dz": 0 * da},
    "sigmoid_forward": lambda a: {"a": a},
    "sigmoid_backward": lambda da, a: {"dz": da * a},
    "tanh_forward": lambda a: {"a": a},
    "tanh_backward": lambda da: {"dz": da},
    "relu_forward": lambda z: {"a": 0 * z},
    "relu_backward": lambda da: {"dz": 0 * da},
    "leaky_relu_forward": lambda z: {"a": z},
    "leaky_relu_backward": lambda da: {"dz": da},
    "softmax_forward": lambda p: {"p": p * max(1.0, p.shape[1] / ALLOWED)},
    "softmax_backward": lambda dp, p: {"dz": p * (np.abs(dp) + _sum(dp * p, 1)[:, None])},
    "cross_entropy_forward": lambda z, p: {
        "losses": 2 * np.abs(z).max(axis=1) + p.shape[1] / ALLOWED,
        "p": p * max(1.0, p.shape[1] / ALLOWED),
    },
    "cross_entropy_backward": lambda p, labels: {"dz": _loss_backward(p, labels)},
    "binary_cross_entropy_forward": lambda z, p: {"losses": _sum(np.abs(z) + 1, 1), "p": p},
    "binary_cross_entropy_backward": lambda p, labels: {"dz": _loss_backward(p, labels)},
    "mse_forward": lambda p, labels: {"losses": _sum(np.maximum(p, _target(labels, p)) ** 2, 1), "p": p},
    "mse_backward": lambda p, labels: {"dz": _loss_backward(p, labels) * p},
    "batch_norm_forward": _batch_norm,
    "batch_norm_backward": lambda dout, xhat, inverse_std, gamma: (
        {"dx": _norm_backward(gamma * dout, xhat, 1 / inverse_std, 0)} | _norm_sums(dout, xhat)
    ),
    "batch_norm_inference": lambda x, running_mean, running_variance, gamma, beta, epsilon: {
        "out": np.abs(gamma) * (np.abs(x) + np.abs(running_mean)) / np.sqrt(running_variance + epsilon) + np.abs(beta)
    },
    "layer_norm_forward": lambda x, xhat, inverse_std, gamma, beta: _norm_forward(
        x, xhat, 1 / inverse_std[:, None], 1, gamma, beta
    ),
    "layer_norm_backward": lambda dout, xhat, inverse_std, gamma: (
        {"dx": _norm_backward(gamma * dout, xhat, 1 / inverse_std[:, None], 1)} | _norm_sums(dout, xhat)
    ),
    "dropout_mask": lambda mask: {"mask": 0 * mask},
    "dropout_forward": lambda out, mask: {"out": out, "mask": 0 * mask},
    "dropout_backward": lambda dx: {"dx": dx},
    "l2_forward": lambda w, coefficient: {"result": coefficient * _sum(w * w, 0)},
    "l2_backward": lambda dw, w, coefficient: {"dw": np.abs(dw) + coefficient * np.abs(w)},
    "global_norm": lambda gradients, result: {"result": _sum(gradients**2, 0) / result},
    "clip_by_global_norm": lambda gradients, result: {
        "result": result * max(1.0, len(gradients) / ALLOWED),
        "gradients": gradients * max(1.0, len(gradients) / ALLOWED),
    },
    "sgd_step": lambda parameters, gradients, rate: {"parameters": np.abs(parameters) + rate * np.abs(gradients)},
    "ema_momentum_step": lambda parameters, velocity, gradients, rate, momentum: _momentum(
        velocity, parameters, momentum * velocity, (1 - momentum) * gradients, rate
    ),
    "momentum_step": lambda parameters, velocity, gradients, rate, momentum: _momentum(
        velocity, parameters, momentum * velocity, gradients, rate
    ),
    "nesterov_step": lambda parameters, velocity, gradients, rate, momentum: _momentum(
        velocity, parameters, momentum * velocity, 2 * gradients, rate
    ),
    "adagrad_step": lambda parameters, squares, gradients, rate, epsilon: _adaptive(
        parameters, squares + gradients**2, gradients, rate, np.sqrt(squares + gradients**2) + epsilon
    ),
    "rmsprop_step": lambda parameters, squares, gradients, rate, rho: _adaptive(
        parameters, squares + gradients**2, gradients, rate, np.sqrt(rho * squares)
    ),
    "rmsprop_eps_outside_step": lambda parameters, squares, gradients, rate, rho: _adaptive(
        parameters, squares + gradients**2, gradients, rate, np.sqrt(rho * squares)
    ),
    "adam_step": _adam,
    "adamw_step": _adam,
}
