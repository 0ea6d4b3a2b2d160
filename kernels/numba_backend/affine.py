"""Affine maps and skip connections."""

import numpy as np

from kernels.numba_backend.compile import kernel, part
from kernels.numba_backend.products import product, transposed_product
from kernels.numba_backend.views import flat, row


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
    np.dot(dz, w.T, dx)
    affine_backward_parameters(dw, db, dz, x)


@part
def sum_rows(out, x):
    """``out = Σₙ x``: rows are added up in order, all columns at once. Out: out (M,). In: x (N, M)."""
    out[:] = 0
    for i in range(x.shape[0]):
        xi = row(x, i)
        for j in range(xi.size):
            out[j] += xi[j]


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
