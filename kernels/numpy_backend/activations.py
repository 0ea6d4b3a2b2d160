"""Element-wise activations and softmax. The derivative at a kink is pinned: ReLU'(0) = 0, leaky ReLU'(0) = alpha."""

import math

import numpy as np

GELU_SCALE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715  # of its tanh form


def identity_forward(a, z):
    """``a = z``: no activation. Out: a (N, M). In: z (N, M). Source: tutorial 1.3."""
    a[...] = z


def identity_backward(dz, da, a):
    """``dz = da``. Out: dz (N, M). In: da (N, M). Saved: a (N, M). Source: tutorial 1.3."""
    dz[...] = da


def sigmoid_forward(a, z):
    """``a = 1 / (1 + exp(-z))``, from ``exp(-|z|)`` so that nothing overflows.

    Out: a (N, M). In: z (N, M). Source: tutorial 1.2.
    """
    positive = z.real >= 0
    e = np.exp(np.where(positive, -z, z))  # in (0, 1]
    a[...] = np.where(positive, 1, e) / (1 + e)


def sigmoid_backward(dz, da, a):
    """``dz = da · a (1 - a)``. Out: dz (N, M). In: da (N, M). Saved: a (N, M). Source: tutorial 2.3."""
    dz[...] = da * (a * (1 - a))


def tanh_forward(a, z):
    """``a = tanh z``. Out: a (N, M). In: z (N, M). Source: tutorial 1.3."""
    np.tanh(z, out=a)


def tanh_backward(dz, da, a):
    """``dz = da · (1 - a²)``. Out: dz (N, M). In: da (N, M). Saved: a (N, M). Source: tutorial 1.3, 2.3."""
    dz[...] = da * (1 - a * a)


def relu_forward(a, z):
    """``a = max(0, z)``; NaN stays NaN. Out: a (N, M). In: z (N, M). Source: tutorial 1.3."""
    np.maximum(z, 0, out=a)


def relu_backward(dz, da, a):
    """``dz = da where a > 0, else 0``. Out: dz (N, M). In: da (N, M). Saved: a (N, M). Source: tutorial 1.3, 2.3."""
    dz[...] = np.where(a > 0, da, 0)


def leaky_relu_forward(a, z, alpha):
    """``a = z where z > 0, else alpha z``, 0 < alpha < 1.

    Out: a (N, M). In: z (N, M). Source: tutorial 1.3 (``max(alpha x, x)``).
    """
    a[...] = np.where(z > 0, z, alpha * z)


def leaky_relu_backward(dz, da, a, alpha):
    """``dz = da where a > 0, else alpha da`` (a has the sign of z).

    Out: dz (N, M). In: da (N, M). Saved: a (N, M). Source: tutorial 1.3, 2.3.
    """
    dz[...] = np.where(a > 0, da, alpha * da)


def gelu_forward(a, z):
    """``a = z (1 + tanh u) / 2`` with ``u = √(2/π) (z + 0.044715 z³)``: the tanh form.

    Out: a (N, M). In: z (N, M). Source: Hendrycks and Gimpel 2016.
    """
    a[...] = z * (1 + np.tanh(GELU_SCALE * (z + GELU_CUBE * z**3))) / 2


def gelu_backward(dz, da, z):
    """``dz = da · (1 + tanh u + z (1 - tanh² u) u') / 2`` with u of the forward pass and its slope u'.

    Out: dz (N, M). In: da (N, M). Saved: z (N, M). Source: Hendrycks and Gimpel 2016.
    """
    t = np.tanh(GELU_SCALE * (z + GELU_CUBE * z**3))
    slope = GELU_SCALE * (1 + 3 * GELU_CUBE * z**2)
    dz[...] = da * (1 + t + z * (1 - t**2) * slope) / 2


def softsign_forward(a, z):
    """``a = z / (1 + |z|)``. Out: a (N, M). In: z (N, M). Source: Bergstra et al. 2009."""
    a[...] = z / (1 + np.where(z.real > 0, z, -z))


def softsign_backward(dz, da, a):
    """``dz = da · (1 - |a|)²``. Out: dz (N, M). In: da (N, M). Saved: a (N, M). Source: Bergstra et al. 2009."""
    dz[...] = da * (1 - np.abs(a)) ** 2


def softmax_forward(p, z):
    """``p = exp(z - max z) / Σ exp(z - max z)`` by row; logits of any size are safe.

    Out: p (N, K). In: z (N, K). Source: tutorial 5.1.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))  # (N, K)
    np.divide(e, e.sum(axis=1, keepdims=True), out=p)


def softmax_backward(dz, dp, p):
    """``dz = p (dp - Σₖ dp p)``: the product with softmax's Jacobian.

    Out: dz (N, K). In: dp (N, K). Saved: p (N, K). Source: Goodfellow, Bengio and Courville 2016, section 6.2.2.
    """
    dz[...] = p * (dp - (dp * p).sum(axis=1, keepdims=True))
