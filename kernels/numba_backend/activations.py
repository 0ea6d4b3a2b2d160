"""Element-wise activations and softmax over flat views, so that one loop serves every shape.

Output and input are different arrays: where they overlap, the compiler's check sends the loop down its scalar path.
"""

from kernels.numba_backend.machine.compile import kernel, part, summing_part
from kernels.numba_backend.machine.elementary import exp, tanh
from kernels.numba_backend.machine.views import flat, row
from kernels.numpy_backend.activations import GELU_CUBE, GELU_SCALE


@kernel
def identity_forward(a, z):
    """``a = z``. Out: a (N, M). In: z (N, M)."""
    out, x = flat(a), flat(z)
    for i in range(x.size):
        out[i] = x[i]


@kernel
def identity_backward(dz, da, a):
    """``dz = da``. Out: dz (N, M). In: da (N, M). Saved: a (N, M)."""
    identity_forward(dz, da)


@kernel
def sigmoid_forward(a, z):
    """``a = 1 / (1 + exp(-z))``. Out: a (N, M). In: z (N, M)."""
    out, x = flat(a), flat(z)
    one = a.dtype.type(1)
    for i in range(x.size):
        e = exp(-abs(x[i]))
        out[i] = (one if x[i] >= 0 else e) / (one + e)


@kernel
def sigmoid_backward(dz, da, a):
    """``dz = da · a (1 - a)``. Out: dz (N, M). In: da (N, M). Saved: a (N, M)."""
    out, grad, y = flat(dz), flat(da), flat(a)
    one = a.dtype.type(1)
    for i in range(y.size):
        out[i] = grad[i] * (y[i] * (one - y[i]))


@kernel
def tanh_forward(a, z):
    """``a = tanh z``. Out: a (N, M). In: z (N, M)."""
    out, x = flat(a), flat(z)
    for i in range(x.size):
        out[i] = tanh(x[i])


@kernel
def tanh_backward(dz, da, a):
    """``dz = da · (1 - a²)``. Out: dz (N, M). In: da (N, M). Saved: a (N, M)."""
    out, grad, y = flat(dz), flat(da), flat(a)
    one = a.dtype.type(1)
    for i in range(y.size):
        out[i] = grad[i] * (one - y[i] * y[i])


@kernel
def relu_forward(a, z):
    """``a = max(0, z)``; NaN stays NaN. Out: a (N, M). In: z (N, M)."""
    out, x = flat(a), flat(z)
    zero = a.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if x[i] <= zero else x[i]


@kernel
def relu_backward(dz, da, a):
    """``dz = da where a > 0, else 0``. Out: dz (N, M). In: da (N, M). Saved: a (N, M)."""
    out, grad, y = flat(dz), flat(da), flat(a)
    zero = a.dtype.type(0)
    for i in range(y.size):
        out[i] = grad[i] if y[i] > zero else zero


@kernel
def leaky_relu_forward(a, z, alpha):
    """``a = z where z > 0, else alpha z``. Out: a (N, M). In: z (N, M), 0 < alpha < 1."""
    out, x = flat(a), flat(z)
    zero, slope = a.dtype.type(0), a.dtype.type(alpha)
    for i in range(x.size):
        out[i] = x[i] if x[i] > zero else slope * x[i]


@kernel
def leaky_relu_backward(dz, da, a, alpha):
    """``dz = da where a > 0, else alpha da``. Out: dz (N, M). In: da (N, M). Saved: a (N, M)."""
    out, grad, y = flat(dz), flat(da), flat(a)
    zero, slope = a.dtype.type(0), a.dtype.type(alpha)
    for i in range(y.size):
        out[i] = grad[i] if y[i] > zero else slope * grad[i]


@kernel
def gelu_forward(a, z):
    """``a = z (1 + tanh u) / 2``. Out: a (N, M). In: z (N, M)."""
    out, x = flat(a), flat(z)
    number = a.dtype.type
    one, half, scale, cube = number(1), number(0.5), number(GELU_SCALE), number(GELU_CUBE)
    for i in range(x.size):
        out[i] = x[i] * (one + tanh(scale * (x[i] + cube * x[i] * x[i] * x[i]))) * half


@kernel
def gelu_backward(dz, da, z):
    """``dz = da · (1 + tanh u + z (1 - tanh² u) u') / 2``. Out: dz (N, M). In: da (N, M). Saved: z (N, M)."""
    out, grad, x = flat(dz), flat(da), flat(z)
    number = dz.dtype.type
    one, half, scale, cube = number(1), number(0.5), number(GELU_SCALE), number(GELU_CUBE)
    for i in range(x.size):
        square = cube * x[i] * x[i]
        t = tanh(scale * (x[i] + square * x[i]))
        slope = scale * (one + number(3) * square)
        out[i] = grad[i] * (one + t + x[i] * (one - t * t) * slope) * half


@kernel
def softsign_forward(a, z):
    """``a = z / (1 + |z|)``. Out: a (N, M). In: z (N, M)."""
    out, x = flat(a), flat(z)
    one = a.dtype.type(1)
    for i in range(x.size):
        out[i] = x[i] / (one + abs(x[i]))


@kernel
def softsign_backward(dz, da, a):
    """``dz = da · (1 - |a|)²``. Out: dz (N, M). In: da (N, M). Saved: a (N, M)."""
    out, grad, y = flat(dz), flat(da), flat(a)
    one = a.dtype.type(1)
    for i in range(y.size):
        rest = one - abs(y[i])
        out[i] = grad[i] * (rest * rest)


@part
def row_maximum(x):
    """Return the largest of x (K,); NaN where the first is NaN."""
    largest = x[0]
    for k in range(1, x.size):
        largest = max(largest, x[k])
    return largest


@summing_part
def _row_sum(x):
    total = x.dtype.type(0)
    for k in range(x.size):
        total += x[k]
    return total


@kernel
def softmax_forward(p, z):
    """``p = exp(z - max z) / Σ exp(z - max z)`` by row. Out: p (N, K). In: z (N, K)."""
    for i in range(z.shape[0]):
        pi, zi = row(p, i), row(z, i)
        largest = row_maximum(zi)
        for k in range(zi.size):
            pi[k] = zi[k] - largest
    values = flat(p)  # all rows at once: ten classes do not fill the vectors
    for j in range(values.size):
        values[j] = exp(values[j])
    for i in range(p.shape[0]):
        pi = row(p, i)
        scale = p.dtype.type(1) / _row_sum(pi)
        for k in range(pi.size):
            pi[k] *= scale


@kernel
def softmax_backward(dz, dp, p):
    """``dz = p (dp - Σₖ dp p)``. Out: dz (N, K). In: dp (N, K). Saved: p (N, K)."""
    for i in range(p.shape[0]):
        out, grad, y = row(dz, i), row(dp, i), row(p, i)
        inner = _dot(grad, y)
        for k in range(y.size):
            out[k] = y[k] * (grad[k] - inner)


@summing_part
def _dot(x, y):
    total = x.dtype.type(0)
    for k in range(x.size):
        total += x[k] * y[k]
    return total
