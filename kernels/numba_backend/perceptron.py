"""The perceptron: a unit with a threshold, and the rule by which it learns."""

from kernels.numba_backend.machine.compile import kernel, part
from kernels.numba_backend.machine.views import row


@part
def _fires(x, w, b):
    """Whether ``x · w + b > 0``. In: x (D,), w (D,), b (1,)."""
    total = b[0]
    for j in range(w.size):
        total += x[j] * w[j]
    return total > 0


@kernel
def perceptron_forward(y, x, w, b):
    """``yᵢ = 1 where xᵢ · w + b > 0, else 0``. Out: y (N,). In: x (N, D), w (D,), b (1,)."""
    for i in range(x.shape[0]):
        y[i] = 1 if _fires(row(x, i), w, b) else 0


@kernel
def perceptron_epoch(w, b, x, labels, rate) -> int:
    """``w ← w + η (label - y) x``, sample by sample. In and out: w (D,), b (1,). In: x (N, D), labels (N,)."""
    mistakes, eta = 0, w.dtype.type(rate)
    for i in range(x.shape[0]):
        wanted = labels[i] != 0
        if _fires(row(x, i), w, b) == wanted:
            continue
        mistakes += 1
        change = eta if wanted else -eta
        for j in range(w.size):
            w[j] += change * x[i, j]
        b[0] += change
    return mistakes
