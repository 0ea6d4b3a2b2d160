"""L2 and gradient clipping, over flat buffers."""

import math

from kernels.numba_backend.machine.compile import kernel, summing_kernel


@summing_kernel
def _sum_of_squares(x):
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i] * x[i]
    return total


@kernel
def l2_forward(w, coefficient):
    """Return ``coefficient / 2 · Σ w²``. In: w (P,); coefficient λ / n."""
    return coefficient / 2 * float(_sum_of_squares(w))


@kernel
def l2_backward(dw, w, coefficient):
    """``dw += coefficient · w``. In and out: dw (P,). In: w (P,); coefficient λ / n."""
    factor = w.dtype.type(coefficient)
    for i in range(w.size):
        dw[i] += factor * w[i]


@kernel
def global_norm(gradients):
    """Return ``√Σ g²`` over all gradients (P,)."""
    return float(math.sqrt(_sum_of_squares(gradients)))


@kernel
def clip_by_global_norm(gradients, max_norm):
    """``g ← g · max_norm / ‖g‖`` where ``‖g‖ > max_norm``; return the norm before clipping."""
    norm = global_norm(gradients)
    if norm > max_norm:
        factor = gradients.dtype.type(max_norm / norm)
        for i in range(gradients.size):
            gradients[i] *= factor
    return norm
