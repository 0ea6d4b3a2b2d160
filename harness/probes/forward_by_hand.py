"""The tutorial's first exercise: a forward pass that can be done by hand."""

import numpy as np

from harness.probes.measured import Measured
from harness.spec.probes import ForwardByHand
from harness.training.setup import backend


def forward_by_hand(asked: ForwardByHand) -> Measured:
    """Send x = (1, 2) through two sigmoid layers with the tutorial's weights, by a backend's kernels in float64.

    Its weights stand as columns, W x + b; here they are transposed. Source: tutorial 5.2, exercise 1.
    """
    kernels = backend(asked.backend)
    a = np.array([[1.0, 2.0]])
    for w in (np.array([[0.1, 0.3], [0.2, 0.4]]), np.array([[0.5], [0.6]])):
        z, out = np.empty((1, w.shape[1])), np.empty((1, w.shape[1]))
        kernels.affine_forward(z, a, w, np.zeros(w.shape[1]))
        kernels.sigmoid_forward(out, z)
        a = out
    return Measured({"output": float(a[0, 0])})
