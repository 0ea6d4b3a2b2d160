"""The reference backend: each function reads as its equation, one NumPy expression a step.

Slow and true; every compiled kernel in `kernels.numba_backend` is held to these.
"""

from typing import TYPE_CHECKING, Any

from kernels import branches
from kernels.numpy_backend import (
    activations,
    affine,
    dropout,
    epoch,
    inputs,
    losses,
    normalization,
    optimizers,
    perceptron,
    regularization,
    sparse,
)

FAMILIES = affine, inputs, sparse, activations, losses, normalization, dropout, regularization, optimizers, perceptron
"""Modules of kernels, in the order in which these are listed and checked."""
LEVEL_1 = tuple(kernel for module in FAMILIES for kernel in branches.kernels_of(module))
LEVEL_2 = tuple(branches.kernels_of(epoch))

__all__ = [kernel.__name__ for kernel in LEVEL_1 + LEVEL_2]
if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The kernels below, which a checker of types does not see."""


globals().update({kernel.__name__: kernel for kernel in LEVEL_1 + LEVEL_2})
