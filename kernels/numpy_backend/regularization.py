"""L2 and gradient clipping, over flat buffers."""

import numpy as np


def l2_forward(w, coefficient):
    """Return ``coefficient / 2 · Σ w²``. In: w (P,) the weights; coefficient λ / n. Source: tutorial 4.4."""
    return coefficient / 2 * float(np.sum(w * w))


def l2_backward(dw, w, coefficient):
    """``dw += coefficient · w``: as the loss gains ``coefficient / 2 · Σ w²``, so that SGD decays by ``1 - η λ / n``.

    In and out: dw (P,). In: w (P,) the weights, without biases; coefficient λ / n.
    Source: Nielsen, chapter 3; tutorial 4.4.
    """
    dw += coefficient * w


def global_norm(gradients):
    """Return ``√Σ g²`` over all gradients (P,). Source: Pascanu, Mikolov and Bengio 2013."""
    return float(np.sqrt(np.sum(gradients * gradients)))


def clip_by_global_norm(gradients, max_norm):
    """``g ← g · max_norm / ‖g‖`` where ``‖g‖ > max_norm``; return the norm before clipping.

    In and out: gradients (P,). Source: Pascanu, Mikolov and Bengio 2013. PyTorch adds 1e-6 to the norm; here not.
    """
    norm = global_norm(gradients)
    if norm > max_norm:
        gradients *= max_norm / norm
    return norm
