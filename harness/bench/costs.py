"""What each level-1 kernel has to do: its arithmetic, and the bytes it must move if every array passes by once.

These are the least costs that the definition of a kernel allows, not those of an implementation: a kernel that makes
two passes is charged for one, and so shows as further from the machine's limit. A comparison, a division and a root
count as one operation each, on integers too, a multiply-add as two; exponentials, logarithms and tanh are counted
apart.
"""

from typing import NamedTuple


class Size(NamedTuple):
    """Rows N, inputs D, outputs M; `nonzeros` of the N × D inputs where they are packed. Flat kernels have N = 1."""

    n: int
    d: int
    m: int
    nonzeros: int = 0


class Cost(NamedTuple):
    """Operations, and numbers of the working precision read and written (a byte counts as a quarter of one)."""

    flops: float
    reads: float
    writes: float
    exps: float = 0.0


PER_ELEMENT: dict[str, Cost] = {  # of N × M, or of the P parameters of a flat buffer
    "residual_forward": Cost(1, 2, 1),
    "residual_backward": Cost(1, 2, 1),
    "identity_forward": Cost(0, 1, 1),
    "identity_backward": Cost(0, 1, 1),
    "sigmoid_forward": Cost(3, 1, 1, 1),
    "sigmoid_backward": Cost(3, 2, 1),
    "tanh_forward": Cost(0, 1, 1, 1),
    "tanh_backward": Cost(3, 2, 1),
    "relu_forward": Cost(1, 1, 1),
    "relu_backward": Cost(1, 2, 1),
    "leaky_relu_forward": Cost(2, 1, 1),
    "leaky_relu_backward": Cost(2, 2, 1),
    "softmax_forward": Cost(4, 1, 1, 1),
    "softmax_backward": Cost(4, 2, 1),
    "cross_entropy_forward": Cost(4, 1, 1, 1),
    "cross_entropy_backward": Cost(2, 1, 1),
    "binary_cross_entropy_forward": Cost(8, 1, 1, 2),
    "binary_cross_entropy_backward": Cost(2, 1, 1),
    "mse_forward": Cost(6, 1, 1, 1),
    "mse_backward": Cost(5, 1, 1),
    "batch_norm_forward": Cost(8, 1, 2),
    "batch_norm_backward": Cost(9, 2, 1),
    "batch_norm_inference": Cost(4, 1, 1),
    "layer_norm_forward": Cost(8, 1, 2),
    "layer_norm_backward": Cost(12, 2, 1),
    "dropout_mask": Cost(25, 0, 0.25),  # a quarter of the ten rounds of Philox that make four numbers
    "dropout_forward": Cost(26, 1, 1.25),
    "dropout_backward": Cost(1, 1.25, 1),
    "l2_forward": Cost(2, 1, 0),
    "l2_backward": Cost(2, 2, 1),
    "global_norm": Cost(2, 1, 0),
    "clip_by_global_norm": Cost(3, 2, 1),
    "sgd_step": Cost(2, 2, 1),
    "ema_momentum_step": Cost(5, 3, 2),
    "momentum_step": Cost(4, 3, 2),
    "nesterov_step": Cost(6, 3, 2),
    "adagrad_step": Cost(6, 3, 2),
    "rmsprop_step": Cost(8, 3, 2),
    "rmsprop_eps_outside_step": Cost(8, 3, 2),
    "adam_step": Cost(12, 4, 3),
    "adamw_step": Cost(13, 4, 3),
}


def affine_forward(s: Size) -> Cost:
    return Cost(2 * s.n * s.d * s.m + s.n * s.m, s.n * s.d + s.d * s.m + s.m, s.n * s.m)


def affine_backward(s: Size) -> Cost:
    parameters = affine_backward_parameters(s)
    return Cost(parameters.flops + 2 * s.n * s.d * s.m, parameters.reads + s.d * s.m, parameters.writes + s.n * s.d)


def affine_backward_parameters(s: Size) -> Cost:
    return Cost(2 * s.n * s.d * s.m + s.n * s.m, s.n * s.m + s.n * s.d, s.d * s.m + s.m)


def pack_rows(s: Size) -> Cost:
    return Cost(0, s.n * s.d / 4, s.nonzeros / 2)  # of 2 bytes each


def gather_rows(s: Size) -> Cost:
    return Cost(2 * s.n * s.d, s.n * s.d / 4, s.n * s.d)


def sparse_affine_forward(s: Size) -> Cost:
    return Cost(2 * s.nonzeros * s.m + s.n * s.m, s.nonzeros / 2 + s.d * s.m + s.m, s.n * s.m)


def sparse_affine_backward(s: Size) -> Cost:
    return Cost(2 * s.nonzeros * s.m + s.n * s.m, s.nonzeros / 2 + s.n * s.m, s.d * s.m + s.m)


def sparse_affine_sgd_step(s: Size) -> Cost:
    return Cost(2 * s.nonzeros * s.m, s.nonzeros / 2 + s.n * s.m + s.d * s.m, s.d * s.m)


BY_SHAPE = {
    formula.__name__: formula
    for formula in (
        affine_forward,
        affine_backward,
        affine_backward_parameters,
        pack_rows,
        gather_rows,
        sparse_affine_forward,
        sparse_affine_backward,
        sparse_affine_sgd_step,
    )
}


def cost(kernel: str, size: Size) -> Cost:
    """Return what `kernel` costs at this size; raises KeyError for a kernel that nobody has costed."""
    if kernel in BY_SHAPE:
        return BY_SHAPE[kernel](size)
    return Cost(*(size.n * size.m * share for share in PER_ELEMENT[kernel]))
