"""L2 and gradient clipping, over flat buffers."""

import math

import numpy as np


def l2_forward(w, coefficient) -> float:
    """Return ``coefficient / 2 · Σ w²``. In: w (P,) the weights; coefficient λ / n. Source: tutorial 4.4."""
    total, unit = _sum_of_squares(w)
    return coefficient / 2 * float(total) * unit * unit


def l2_backward(dw, w, coefficient):
    """``dw += coefficient · w``: as the loss gains ``coefficient / 2 · Σ w²``, so that SGD decays by ``1 - η λ / n``.

    In and out: dw (P,). In: w (P,) the weights, without biases; coefficient λ / n.
    Source: Nielsen, chapter 3; tutorial 4.4.
    """
    dw += coefficient * w


def global_norm(gradients) -> float:
    """Return ``√Σ g²`` over all gradients (P,). Source: Pascanu, Mikolov and Bengio 2013."""
    total, unit = _sum_of_squares(gradients)
    return float(np.sqrt(total)) * unit


def clip_by_global_norm(gradients, max_norm) -> float:
    """``g ← g · max_norm / ‖g‖`` where ``‖g‖ > max_norm``; return the norm before clipping.

    In and out: gradients (P,). Source: Pascanu, Mikolov and Bengio 2013. PyTorch adds 1e-6 to the norm; here not.
    """
    norm = global_norm(gradients)
    if norm > max_norm:
        factor = max_norm / norm
        if factor >= np.finfo(gradients.dtype).tiny:
            gradients *= factor
        else:  # the dtype does not hold it, but holds its root
            gradients *= math.sqrt(factor)
            gradients *= math.sqrt(factor)
    return norm


def _sum_of_squares(x):
    """Return ``Σ (x / unit)²`` and the unit: 1, or the largest |x| where the dtype cannot hold the sum otherwise."""
    with np.errstate(over="ignore", under="ignore"):
        total = np.sum(x * x)
        if np.finfo(x.dtype).tiny <= total < np.inf:
            return total, 1.0
        largest = np.max(np.abs(x), initial=0)
        if not 0 < largest < np.inf:
            return total, 1.0
        return np.sum((x / largest) ** 2), float(largest)
