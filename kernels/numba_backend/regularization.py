"""L2 and gradient clipping, over flat buffers."""

import math

import numpy as np

from kernels.numba_backend.machine.compile import kernel, part, summing_part


@summing_part
def _plain_sum(x):
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i] * x[i]
    return total


@part
def _sum_of_squares(x):
    """Return ``Σ (x / unit)²`` and the unit: 1, or the largest |x| where the dtype cannot hold the sum otherwise."""
    total, largest = _plain_sum(x), x.dtype.type(0)
    if np.finfo(x.dtype).tiny <= total < math.inf:
        return total, 1.0
    for i in range(x.size):
        largest = max(largest, abs(x[i]))
    if not 0 < largest < math.inf:
        return total, 1.0
    total = x.dtype.type(0)
    for i in range(x.size):
        total += (x[i] / largest) * (x[i] / largest)
    return total, float(largest)


@kernel
def l2_forward(w, coefficient) -> float:
    """Return ``coefficient / 2 · Σ w²``. In: w (P,); coefficient λ / n."""
    total, unit = _sum_of_squares(w)
    return coefficient / 2 * float(total) * unit * unit


@kernel
def l2_backward(dw, w, coefficient):
    """``dw += coefficient · w``. In and out: dw (P,). In: w (P,); coefficient λ / n."""
    factor = w.dtype.type(coefficient)
    for i in range(w.size):
        dw[i] += factor * w[i]


@kernel
def global_norm(gradients) -> float:
    """Return ``√Σ g²`` over all gradients (P,)."""
    total, unit = _sum_of_squares(gradients)
    return float(math.sqrt(total)) * unit


@kernel
def clip_by_global_norm(gradients, max_norm) -> float:
    """``g ← g · max_norm / ‖g‖`` where ``‖g‖ > max_norm``; return the norm before clipping."""
    norm = global_norm(gradients)
    if norm > max_norm:
        factor = max_norm / norm
        if factor >= np.finfo(gradients.dtype).tiny:
            _multiply(gradients, factor)
        else:  # the dtype does not hold it, but holds its root
            _multiply(gradients, math.sqrt(factor))
            _multiply(gradients, math.sqrt(factor))
    return norm


@part
def _multiply(x, factor):
    number = x.dtype.type(factor)
    for i in range(x.size):
        x[i] *= number
