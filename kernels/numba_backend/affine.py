"""Affine maps and skip connections."""

from kernels.numba_backend.machine.compile import kernel, part
from kernels.numba_backend.machine.simd import lanes, load, load_some, splat, store, store_some
from kernels.numba_backend.machine.views import flat
from kernels.numba_backend.products import product, product_transposed, transposed_product


@kernel
def affine_forward(z, x, w, b):
    """``z = x w + b``. Out: z (N, M). In: x (N, D), w (D, M), b (M,)."""
    product(z, x, w, b)


@kernel
def affine_backward_parameters(dw, db, dz, x):
    """``dw = xᵀ dz``, ``db = Σₙ dz``. Out: dw (D, M), db (M,). In: dz (N, M). Saved: x (N, D)."""
    transposed_product(dw, x, dz)
    sum_rows(db, dz)


@kernel
def affine_backward(dx, dw, db, dz, x, w):
    """``dx = dz wᵀ`` and the parameters' gradients.

    Out: dx (N, D), dw (D, M), db (M,). In: dz (N, M). Saved: x (N, D), w (D, M).
    """
    product_transposed(dx, dz, w)
    affine_backward_parameters(dw, db, dz, x)


@part
def sum_rows(out, x):
    """``out = Σₙ x``: rows are added up in order, all columns at once. Out: out (M,). In: x (N, M)."""
    n, m = x.shape
    if m < lanes(x):
        some = splat(x.dtype.type(0))
        for i in range(n):
            some = some + load_some(x, i * m, m)
        store_some(out, 0, some, m)
        return
    for left in range(0, m, lanes(x)):
        j, total = min(left, m - lanes(x)), splat(x.dtype.type(0))
        for i in range(n):
            total = total + load(x, i * m + j)
        store(out, j, total)


@kernel
def residual_forward(z, skip):
    """``z += skip``. In and out: z (N, M). In: skip (N, M)."""
    _accumulate(flat(z), flat(skip))


@kernel
def residual_backward(dskip, dout):
    """``dskip += dout``. In and out: dskip (N, M). In: dout (N, M)."""
    _accumulate(flat(dskip), flat(dout))


@part
def _accumulate(total, term):
    for i in range(total.size):
        total[i] += term[i]
