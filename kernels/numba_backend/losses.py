"""Losses on integer labels, with the output function each belongs to."""

import math

from kernels.numba_backend.activations import row_maximum, sigmoid_forward, softmax_forward
from kernels.numba_backend.machine.compile import kernel, part
from kernels.numba_backend.machine.views import row


@part
def _target(label, k, outputs):
    """One-hot target of output k; with one output the label itself."""
    return label if outputs == 1 else (1 if label == k else 0)


@kernel
def cross_entropy_forward(losses, p, z, labels):
    """``lossᵢ = log Σₖ exp zₖ - z_label``, ``p = softmax(z)``. Out: losses (N,), p (N, K). In: z (N, K), labels (N,).

    With the largest logit taken off, softmax's sum is ``exp(max) / p_max``, so the loss needs one logarithm a row.
    """
    softmax_forward(p, z)
    for i in range(z.shape[0]):
        losses[i] = row_maximum(row(z, i)) - z[i, labels[i]] - math.log(row_maximum(row(p, i)))


@kernel
def cross_entropy_backward(dz, p, labels):
    """``dz = (p - y) / N``. Out: dz (N, K). Saved: p (N, K). In: labels (N,)."""
    scale = p.dtype.type(1 / p.shape[0])
    for i in range(p.shape[0]):
        for k in range(p.shape[1]):
            dz[i, k] = (p[i, k] - p.dtype.type(_target(labels[i], k, p.shape[1]))) * scale


@kernel
def binary_cross_entropy_forward(losses, p, z, labels):
    """``lossᵢ = Σₖ max(z, 0) - z y + log(1 + exp(-|z|))``, ``p = sigmoid(z)``.

    Out: losses (N,), p (N, K). In: z (N, K), labels (N,).
    """
    sigmoid_forward(p, z)
    for i in range(z.shape[0]):
        total = z.dtype.type(0)
        for k in range(z.shape[1]):
            x = z[i, k]
            y = z.dtype.type(_target(labels[i], k, z.shape[1]))
            total += max(x, z.dtype.type(0)) - x * y + math.log1p(math.exp(-abs(x)))
        losses[i] = total


@kernel
def binary_cross_entropy_backward(dz, p, labels):
    """``dz = (p - y) / N``. Out: dz (N, K). Saved: p (N, K). In: labels (N,)."""
    cross_entropy_backward(dz, p, labels)


@kernel
def mse_forward(losses, p, z, labels):
    """``lossᵢ = ½ Σₖ (p - y)²``, ``p = sigmoid(z)``. Out: losses (N,), p (N, K). In: z (N, K), labels (N,)."""
    sigmoid_forward(p, z)
    half = p.dtype.type(0.5)
    for i in range(p.shape[0]):
        total = p.dtype.type(0)
        for k in range(p.shape[1]):
            error = p[i, k] - p.dtype.type(_target(labels[i], k, p.shape[1]))
            total += error * error
        losses[i] = total * half


@kernel
def mse_backward(dz, p, labels):
    """``dz = (p - y) p (1 - p) / N``. Out: dz (N, K). Saved: p (N, K). In: labels (N,)."""
    scale = p.dtype.type(1 / p.shape[0])
    one = p.dtype.type(1)
    for i in range(p.shape[0]):
        for k in range(p.shape[1]):
            error = p[i, k] - p.dtype.type(_target(labels[i], k, p.shape[1]))
            dz[i, k] = error * (p[i, k] * (one - p[i, k])) * scale
