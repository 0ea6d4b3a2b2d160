"""Update rules where the inputs, and so the gradients of the weights, are badly scaled."""

import numpy as np

from harness.datasets import load_dataset
from harness.probes.measured import Measured, log_spaced
from harness.spec.probes import ScaledPixels
from harness.training.streams import stream
from kernels import layout
from kernels.numpy_backend import affine, inputs, losses
from kernels.numpy_backend.epoch import update


def scaled_pixels(asked: ScaledPixels) -> Measured:
    """Train softmax regression from zero weights on pixels, the j-th times 10^(decades · (uⱼ - ½)), uⱼ uniform.

    `loss` is the cross-entropy of all `images` training images after `steps`; one that is not finite, or above that of
    guessing, counts as guessing. Source: tutorial 4.2.
    """
    dataset, rng = load_dataset(asked.dataset), stream(asked.seed, "weights")
    scales = np.power(10.0, asked.decades * (rng.random(dataset.train_images.shape[1]) - 0.5))  # (D,)
    rows = rng.permutation(len(dataset.train_images))[: asked.images]
    x, labels = np.empty((len(rows), len(scales))), dataset.train_labels[rows]
    inputs.gather_rows(x, dataset.train_images, rows, 1 / 255, 0.0)
    x *= scales
    size = x.shape[1] * dataset.classes
    parameters, gradients, first, second = np.zeros((4, size + dataset.classes))
    rule = layout.optimizer(asked.optimizer, eps_outside=False)
    curve = []
    for step in range(asked.steps + 1):
        batch = slice(None) if step == asked.steps else rng.integers(len(rows), size=asked.batch_size)
        value = _gradient(gradients, parameters, x[batch], labels[batch])
        if step == asked.steps or not np.isfinite(value):
            break
        curve.append(value)
        update(
            rule.rule, parameters=parameters, first=first, second=second, gradients=gradients,
            rate=asked.learning_rate, step=step + 1, decay=0.0, decayed=0, **rule._asdict(),
        )  # fmt: skip
    chance = float(np.log(dataset.classes))
    loss = value if np.isfinite(value) and value < chance else chance
    shown = [step for step in log_spaced(asked.steps) if step < len(curve)]
    return Measured({"loss": loss}, {"step": shown, "batch_loss": [curve[step] for step in shown]})


def _gradient(gradients: np.ndarray, parameters: np.ndarray, x: np.ndarray, labels: np.ndarray) -> float:
    """Write the gradient of the mean loss and return the loss; weights come first, biases last."""
    classes = len(parameters) // (x.shape[1] + 1)
    w, dw = (flat[:-classes].reshape(x.shape[1], classes) for flat in (parameters, gradients))
    z, p, each = np.empty((len(x), classes)), np.empty((len(x), classes)), np.empty(len(x))
    with np.errstate(all="ignore"):  # a rate that is too large overflows
        affine.affine_forward(z, x, w, parameters[-classes:])
        losses.cross_entropy_forward(each, p, z, labels)
        losses.cross_entropy_backward(z, p, labels)
        affine.affine_backward_parameters(dw, gradients[-classes:], z, x)
    return float(each.mean())
