"""What the backward pass of a network costs beside its forward pass: measured, and by the count of its products."""

import itertools
import time
from collections.abc import Callable

import numpy as np

from harness.probes.measured import Measured
from harness.spec.probes import BackwardCost
from harness.training.streams import stream
from kernels.numpy_backend import activations, affine


def backward_cost(asked: BackwardCost) -> Measured:
    """Time both passes through ReLU layers, one after the other and turn by turn; the least of `repeats` counts.

    The first layer takes no gradient of its inputs, so by products the ratio is below 2. The times are those of this
    machine at this moment, so two runs differ.
    """
    widths = [asked.inputs, *[asked.units] * asked.depth, 10]
    rng = stream(asked.seed, "weights")
    shapes = list(itertools.pairwise(widths))
    w = [rng.normal(0, np.sqrt(2 / d), (d, m)).astype(np.float32) for d, m in shapes]
    b = [np.zeros(m, np.float32) for _, m in shapes]
    a = [np.zeros((asked.batch, width), np.float32) for width in widths]
    z = [np.zeros((asked.batch, m), np.float32) for _, m in shapes]
    dz = [np.zeros_like(each) for each in z]
    da = [np.zeros_like(each) for each in a]
    dw, db = [np.zeros_like(each) for each in w], [np.zeros_like(each) for each in b]
    a[0][...] = rng.random(a[0].shape)
    dz[-1][...] = rng.normal(size=dz[-1].shape)
    last = len(w) - 1

    def forward() -> None:
        for layer in range(last + 1):
            affine.affine_forward(z[layer], a[layer], w[layer], b[layer])
            if layer < last:
                activations.relu_forward(a[layer + 1], z[layer])

    def backward() -> None:
        for layer in range(last, 0, -1):
            affine.affine_backward(da[layer], dw[layer], db[layer], dz[layer], a[layer], w[layer])
            activations.relu_backward(dz[layer - 1], da[layer], a[layer])
        affine.affine_backward_parameters(dw[0], db[0], dz[0], a[0])

    times = np.array([[_seconds(forward), _seconds(backward)] for _ in range(asked.repeats)])
    products = sum(d * m for d, m in shapes)
    forward_time, backward_time = times.min(axis=0)
    return Measured(
        {
            "ratio": backward_time / forward_time,
            "ratio_of_products": (2 * products - widths[0] * widths[1]) / products,
            "forward_ms": 1e3 * forward_time,
            "backward_ms": 1e3 * backward_time,
        }
    )


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
