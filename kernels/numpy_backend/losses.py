"""Losses on integer labels, each with the output function it belongs to.

Forward: the loss of each sample and the output (probabilities or sigmoid activations) from the logits. Backward: the
gradient of the *mean* loss over the batch with respect to the logits. A target is the label's one-hot row; with one
output (K = 1) the label itself, 0 or 1.
"""

import numpy as np

from kernels.numpy_backend.activations import sigmoid_forward, softmax_forward


def _targets(labels, outputs):
    """One-hot rows (N, K) of the labels; the column of labels where there is one output."""
    return labels[:, None] == (np.arange(outputs) if outputs > 1 else np.ones(1))


def cross_entropy_forward(losses, p, z, labels):
    """``lossᵢ = log Σₖ exp zₖ - z_label`` and ``p = softmax(z)``: never log of a rounded probability.

    Out: losses (N,), p (N, K). In: z (N, K), labels (N,) integers below K. Source: tutorial 2.2, 5.1.
    """
    softmax_forward(p, z)
    shifted = z - z.max(axis=1, keepdims=True)  # (N, K), largest is 0
    log_sum = np.log(np.exp(shifted).sum(axis=1))  # (N,)
    losses[...] = log_sum - shifted[np.arange(len(z)), labels]


def cross_entropy_backward(dz, p, labels):
    """``dz = (p - y) / N``. Out: dz (N, K). Saved: p (N, K). In: labels (N,). Source: tutorial 2.3."""
    dz[...] = (p - _targets(labels, p.shape[1])) / len(p)


def binary_cross_entropy_forward(losses, p, z, labels):
    """``lossᵢ = Σₖ max(z, 0) - z y + log(1 + exp(-|z|))`` and ``p = sigmoid(z)``: the sum over all outputs.

    Out: losses (N,), p (N, K). In: z (N, K), labels (N,). Source: tutorial 2.2; Nielsen, chapter 3.
    """
    sigmoid_forward(p, z)
    y = _targets(labels, z.shape[1])  # (N, K)
    positive = z.real > 0
    terms = np.where(positive, z, 0) - z * y + np.log1p(np.exp(np.where(positive, -z, z)))
    np.sum(terms, axis=1, out=losses)


def binary_cross_entropy_backward(dz, p, labels):
    """``dz = (p - y) / N``: sigmoid's slope cancels.

    Out: dz (N, K). Saved: p (N, K). In: labels (N,). Source: tutorial 2.3 (cross-entropy and sigmoid).
    """
    dz[...] = (p - _targets(labels, p.shape[1])) / len(p)


def mse_forward(losses, p, z, labels):
    """``lossᵢ = ½ Σₖ (p - y)²`` with ``p = sigmoid(z)``: the half of tutorial 2.3 and Nielsen, not of tutorial 2.2.

    Out: losses (N,), p (N, K). In: z (N, K), labels (N,). Source: tutorial 2.3.
    """
    sigmoid_forward(p, z)
    error = p - _targets(labels, z.shape[1])  # (N, K)
    losses[...] = (error * error).sum(axis=1) / 2


def mse_backward(dz, p, labels):
    """``dz = (p - y) p (1 - p) / N``. Out: dz (N, K). Saved: p (N, K). In: labels (N,). Source: tutorial 2.3."""
    dz[...] = (p - _targets(labels, p.shape[1])) * (p * (1 - p)) / len(p)
