"""Softmax with cross-entropy at extreme logits: the kernel that takes both at once, and the two steps apart."""

import numpy as np

from harness.probes.measured import Measured
from harness.spec.probes import ExtremeLogits
from harness.training.streams import stream
from kernels.numpy_backend import losses

CLASSES = 10


def extreme_logits(asked: ExtremeLogits) -> Measured:
    """Measure losses and gradients of logits between ± `largest_logit`, in float32, against a formula in float64.

    `two_steps` is softmax as written, exp z / Σ exp z, and then -log p of the label, as the tutorial's 2.2 writes them
    first. Shares are of samples, in per cent; `deviation` is the largest relative error of a finite loss, with 1 added
    to the size of the loss; there is none where no loss is.
    """
    rng = stream(asked.seed, "weights")
    z = rng.uniform(-asked.largest_logit, asked.largest_logit, (asked.samples, CLASSES)).astype(np.float32)
    labels = rng.integers(CLASSES, size=asked.samples).astype(np.uint8)
    each, p, dz = np.empty(asked.samples, np.float32), np.empty_like(z), np.empty_like(z)
    with np.errstate(all="ignore"):  # that it overflows is what is measured
        if asked.form == "joint":
            losses.cross_entropy_forward(each, p, z, labels)
        else:
            p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
            each = -np.log(p[np.arange(asked.samples), labels])
        losses.cross_entropy_backward(dz, p, labels)
    true = _true_losses(z.astype(np.float64), labels)
    finite = np.isfinite(each)
    error = np.abs(each - true)[finite] / (1 + true[finite])
    return Measured(
        {
            "loss_not_finite": 100 * float(np.mean(~finite)),
            "gradient_not_finite": 100 * float(np.mean(~np.isfinite(dz).all(axis=1))),
            "deviation": float(error.max() if len(error) else np.nan),
        }
    )


def _true_losses(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """``log Σₖ exp(zₖ - z_label)``, from the largest term."""
    apart = z - z[np.arange(len(z)), labels][:, None]
    return np.logaddexp.reduce(apart, axis=1)
