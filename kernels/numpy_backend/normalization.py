"""Batch normalization and layer normalization over rows of samples."""

import numpy as np


def batch_norm_forward(out, xhat, mean, inverse_std, running_mean, running_variance, x, gamma, beta, momentum, epsilon):
    """``xhat = (x - μ) / √(σ² + ε)``, ``out = γ xhat + β``, with mean and biased variance over the batch.

    The running estimates move by ``r ← momentum r + (1 - momentum) s``; the running variance takes the unbiased
    estimate (N - 1), as PyTorch does. One sample has no variance, so it moves neither of them.
    Out: out (N, M), may be x; xhat (N, M); mean, inverse_std (M,). In and out: running_mean, running_variance (M,).
    In: x (N, M); gamma, beta (M,). Source: Ioffe and Szegedy 2015; tutorial 4.3.
    """
    n = len(x)
    mean[...] = x.mean(axis=0)  # (M,)
    centred = x - mean  # (N, M)
    variance = (centred * centred).mean(axis=0)  # (M,)
    if n > 1:
        running_mean[...] = momentum * running_mean + (1 - momentum) * mean
        running_variance[...] = momentum * running_variance + (1 - momentum) * (variance * (n / (n - 1)))
    inverse_std[...] = 1 / np.sqrt(variance + epsilon)
    xhat[...] = centred * inverse_std
    out[...] = gamma * xhat + beta


def batch_norm_backward(dx, dgamma, dbeta, dout, xhat, inverse_std, gamma):
    """``dx = γ/σ (dout - mean dout - xhat · mean(dout xhat))``, means over the batch.

    Out: dx (N, M); dgamma, dbeta (M,). In: dout (N, M). Saved: xhat (N, M), inverse_std, gamma (M,).
    Source: Ioffe and Szegedy 2015, section 3.
    """
    n = len(dout)
    np.sum(dout * xhat, axis=0, out=dgamma)
    np.sum(dout, axis=0, out=dbeta)
    dx[...] = (gamma * inverse_std) * (dout - dbeta / n - xhat * (dgamma / n))


def batch_norm_inference(out, xhat, inverse_std, x, running_mean, running_variance, gamma, beta, epsilon):
    """``xhat = (x - running mean) / √(running variance + ε)``, ``out = γ xhat + β``.

    Out: out (N, M), may be x; xhat (N, M), inverse_std (M,). In: x (N, M); running_mean, running_variance, gamma,
    beta (M,). Source: Ioffe and Szegedy 2015, algorithm 2; tutorial 4.3.
    """
    inverse_std[...] = 1 / np.sqrt(running_variance + epsilon)
    xhat[...] = (x - running_mean) * inverse_std
    out[...] = gamma * xhat + beta


def layer_norm_forward(out, xhat, inverse_std, x, gamma, beta, epsilon):
    """``xhat = (x - μ) / √(σ² + ε)``, ``out = γ xhat + β``, with mean and biased variance over each sample's units.

    Out: out (N, M), may be x; xhat (N, M), inverse_std (N,). In: x (N, M), gamma, beta (M,).
    Source: Ba, Kiros and Hinton 2016; tutorial 4.3.
    """
    centred = x - x.mean(axis=1, keepdims=True)  # (N, M)
    variance = (centred * centred).mean(axis=1)  # (N,)
    inverse_std[...] = 1 / np.sqrt(variance + epsilon)
    xhat[...] = centred * inverse_std[:, None]
    out[...] = gamma * xhat + beta


def layer_norm_backward(dx, dgamma, dbeta, dout, xhat, inverse_std, gamma):
    """``dx = 1/σ (g - mean g - xhat · mean(g xhat))`` with ``g = γ dout``, means over each sample's units.

    Out: dx (N, M); dgamma, dbeta (M,). In: dout (N, M). Saved: xhat (N, M), inverse_std (N,), gamma (M,).
    Source: Ba, Kiros and Hinton 2016.
    """
    np.sum(dout * xhat, axis=0, out=dgamma)
    np.sum(dout, axis=0, out=dbeta)
    g = gamma * dout  # (N, M)
    mean_g = g.mean(axis=1, keepdims=True)
    mean_gx = (g * xhat).mean(axis=1, keepdims=True)
    dx[...] = inverse_std[:, None] * (g - mean_g - xhat * mean_gx)
