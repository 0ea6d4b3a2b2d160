"""Batch normalization (sums down the rows, all units at once) and layer normalization (sums along each row)."""

import math

from kernels.numba_backend.affine import sum_rows
from kernels.numba_backend.machine.compile import kernel, part, summing_part
from kernels.numba_backend.machine.views import row


@part
def _scale_and_shift(out, xhat, gamma, beta):
    """``out = γ xhat + β``."""
    for i in range(xhat.shape[0]):
        to, x = row(out, i), row(xhat, i)
        for j in range(x.size):
            to[j] = gamma[j] * x[j] + beta[j]


@part
def _gradients_of_scale_and_shift(dgamma, dbeta, dout, xhat):
    """``dγ = Σₙ dout xhat``, ``dβ = Σₙ dout``."""
    dgamma[:] = 0
    dbeta[:] = 0
    for i in range(dout.shape[0]):
        grad, x = row(dout, i), row(xhat, i)
        for j in range(grad.size):
            dgamma[j] += grad[j] * x[j]
            dbeta[j] += grad[j]


@kernel
def batch_norm_forward(out, xhat, mean, inverse_std, running_mean, running_variance, x, gamma, beta, momentum, epsilon):
    """``xhat = (x - μ) / √(σ² + ε)``, ``out = γ xhat + β``; running estimates as in the reference.

    Out: out (N, M), may be x; xhat (N, M); mean, inverse_std (M,). In and out: running_mean, running_variance (M,).
    In: x (N, M); gamma, beta (M,). `inverse_std` holds the variance on the way.
    """
    n, number = x.shape[0], x.dtype.type
    sum_rows(mean, x)
    for j in range(mean.size):
        mean[j] /= number(n)
    inverse_std[:] = 0
    for i in range(n):
        to, xi = row(xhat, i), row(x, i)
        for j in range(xi.size):
            to[j] = xi[j] - mean[j]
            inverse_std[j] += to[j] * to[j]
    keep, new = number(momentum), number(1 - momentum)
    if n == 1:
        keep, new = number(1), number(0)
    unbiased = number(n / max(n - 1, 1))
    for j in range(mean.size):
        variance = inverse_std[j] / number(n)
        running_mean[j] = keep * running_mean[j] + new * mean[j]
        running_variance[j] = keep * running_variance[j] + new * (variance * unbiased)
        inverse_std[j] = number(1) / math.sqrt(variance + number(epsilon))
    for i in range(n):
        to, xi = row(out, i), row(xhat, i)
        for j in range(xi.size):
            xi[j] *= inverse_std[j]
            to[j] = gamma[j] * xi[j] + beta[j]


@kernel
def batch_norm_backward(dx, dgamma, dbeta, dout, xhat, inverse_std, gamma):
    """``dx = γ/σ (dout - mean dout - xhat · mean(dout xhat))``.

    Out: dx (N, M); dgamma, dbeta (M,). In: dout (N, M). Saved: xhat (N, M), inverse_std, gamma (M,).
    """
    _gradients_of_scale_and_shift(dgamma, dbeta, dout, xhat)
    share = dout.dtype.type(1 / dout.shape[0])
    for i in range(dout.shape[0]):
        to, grad, x = row(dx, i), row(dout, i), row(xhat, i)
        for j in range(grad.size):
            to[j] = (gamma[j] * inverse_std[j]) * (grad[j] - dbeta[j] * share - x[j] * (dgamma[j] * share))


@kernel
def batch_norm_inference(out, xhat, inverse_std, x, running_mean, running_variance, gamma, beta, epsilon):
    """``xhat = (x - running mean) / √(running variance + ε)``, ``out = γ xhat + β``.

    Out: out (N, M), may be x; xhat (N, M), inverse_std (M,). In: x (N, M); running_mean, running_variance, gamma,
    beta (M,).
    """
    number = x.dtype.type
    for j in range(inverse_std.size):
        inverse_std[j] = number(1) / math.sqrt(running_variance[j] + number(epsilon))
    for i in range(x.shape[0]):
        to, xi = row(xhat, i), row(x, i)
        for j in range(xi.size):
            to[j] = (xi[j] - running_mean[j]) * inverse_std[j]
    _scale_and_shift(out, xhat, gamma, beta)


@summing_part
def _normalize_row(xhat, x, epsilon):
    """Write one normalized row; return 1/σ."""
    number = x.dtype.type
    total = number(0)
    for j in range(x.size):
        total += x[j]
    mean = total / number(x.size)
    squares = number(0)
    for j in range(x.size):
        squares += (x[j] - mean) * (x[j] - mean)
    inverse_std = number(1) / math.sqrt(squares / number(x.size) + number(epsilon))
    for j in range(x.size):
        xhat[j] = (x[j] - mean) * inverse_std
    return inverse_std


@kernel
def layer_norm_forward(out, xhat, inverse_std, x, gamma, beta, epsilon):
    """``xhat = (x - μ) / √(σ² + ε)``, ``out = γ xhat + β`` over each sample's units.

    Out: out (N, M), may be x; xhat (N, M), inverse_std (N,). In: x (N, M), gamma, beta (M,).
    """
    for i in range(x.shape[0]):
        inverse_std[i] = _normalize_row(row(xhat, i), row(x, i), epsilon)
    _scale_and_shift(out, xhat, gamma, beta)


@summing_part
def _layer_norm_row_backward(dx, dout, xhat, inverse_std, gamma):
    number = dout.dtype.type
    sum_g, sum_gx = number(0), number(0)
    for j in range(dout.size):
        g = gamma[j] * dout[j]
        sum_g += g
        sum_gx += g * xhat[j]
    mean_g, mean_gx = sum_g / number(dout.size), sum_gx / number(dout.size)
    for j in range(dout.size):
        dx[j] = inverse_std * (gamma[j] * dout[j] - mean_g - xhat[j] * mean_gx)


@kernel
def layer_norm_backward(dx, dgamma, dbeta, dout, xhat, inverse_std, gamma):
    """``dx = 1/σ (g - mean g - xhat · mean(g xhat))`` with ``g = γ dout``.

    Out: dx (N, M); dgamma, dbeta (M,). In: dout (N, M). Saved: xhat (N, M), inverse_std (N,), gamma (M,).
    """
    _gradients_of_scale_and_shift(dgamma, dbeta, dout, xhat)
    for i in range(dout.shape[0]):
        _layer_norm_row_backward(row(dx, i), row(dout, i), row(xhat, i), inverse_std[i], gamma)
