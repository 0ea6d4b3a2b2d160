"""Affine maps and skip connections."""

import numpy as np


def affine_forward(z, x, w, b):
    """``z = x w + b``.

    Out: z (N, M). In: x (N, D), w (D, M), b (M,). Source: tutorial 2.1, transposed (samples are rows).
    """
    np.matmul(x, w, out=z)  # (N, D) @ (D, M) -> (N, M)
    z += b


def affine_backward(dx, dw, db, dz, x, w):
    """``dx = dz wᵀ``, ``dw = xᵀ dz``, ``db = Σₙ dz``: gradients of the input and of the parameters.

    Out: dx (N, D), dw (D, M), db (M,). In: dz (N, M). Saved: x (N, D), w (D, M). The mean over the batch is already
    in dz (the loss divides by N). Source: tutorial 2.3, equations 2 to 4.
    """
    np.matmul(dz, w.T, out=dx)  # (N, M) @ (M, D) -> (N, D)
    affine_backward_parameters(dw, db, dz, x)


def affine_backward_parameters(dw, db, dz, x):
    """``dw = xᵀ dz``, ``db = Σₙ dz``: a first layer's backward pass, where nobody asks for dx.

    Out: dw (D, M), db (M,). In: dz (N, M). Saved: x (N, D). Source: tutorial 2.3, equations 3 and 4.
    """
    np.matmul(x.T, dz, out=dw)  # (D, N) @ (N, M) -> (D, M)
    np.sum(dz, axis=0, out=db)  # (N, M) -> (M,)


def residual_forward(z, skip):
    """``z += skip``: a skip connection between equal widths.

    In and out: z (N, M). In: skip (N, M). Source: He et al. 2016; tutorial 3.3.
    """
    z += skip


def residual_backward(dskip, dout):
    """``dskip += dout``: the skip's share joins the gradient that came through the block.

    In and out: dskip (N, M). In: dout (N, M), which is also the gradient of z. Source: He et al. 2016; tutorial 3.3.
    """
    dskip += dout
