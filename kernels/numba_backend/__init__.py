"""The compiled backend: the names, order and signatures of `kernels.numpy_backend`, one machine-code loop each.

Formulas, shapes and sources stand in the reference's docstrings; what is said here is how a loop is arranged.
"""

from importlib import import_module

from kernels import branches, numpy_backend


def _twins(module):
    """The kernels of the reference's module, as the module of the same name here has them."""
    ours = import_module(f"{__name__}.{module.__name__.rpartition('.')[2]}")
    return tuple(branches.twin(kernel, ours) for kernel in branches.kernels_of(module))


LEVEL_1 = tuple(kernel for module in numpy_backend.FAMILIES for kernel in _twins(module))
LEVEL_2 = _twins(numpy_backend.epoch)

__all__ = [kernel.__name__ for kernel in LEVEL_1 + LEVEL_2]
globals().update({kernel.__name__: kernel for kernel in LEVEL_1 + LEVEL_2})
