"""A kernel at one size, ready to be timed: its arguments and its cost, both from what `harness.check.facts` knows."""

import inspect
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.check.facts import fact_of, file_of
from harness.check.facts.entry import SCRATCH, Cost, Size
from harness.errors import HarnessError
from kernels import layout
from kernels import numpy_backend as reference


class Case(NamedTuple):
    """One kernel at one size: its arguments in order, and what the call has to do."""

    kernel: str
    size: Size
    arguments: dict[str, Any]
    cost: Cost
    working_set: int  # bytes of all arrays but scratch

    def copied(self) -> dict[str, Any]:
        """Return the arguments with arrays of their own, which start on a cache line as those of the loop do."""
        return {name: _aligned(a) if isinstance(a, np.ndarray) else a for name, a in self.arguments.items()}


def make_case(kernel: str, size: Size) -> Case:
    """Return a kernel's case, the same at every call.

    Raises HarnessError for a kernel that nobody has described, or one of whose arguments has no value.
    """
    fact = fact_of(kernel)
    known = fact.timed(np.random.default_rng(0), size)
    names = inspect.signature(getattr(reference, kernel)).parameters
    unknown = [name for name in names if name not in known]
    if unknown:
        raise HarnessError(
            f"{kernel}: `timed` of its entry has no value for {', '.join(unknown)}; add it in {file_of(kernel)}"
        )
    arguments = {name: known[name] for name in names}
    size = size._replace(nonzeros=len(known.get("nonzeros", ())))
    working_set = sum(a.nbytes for name, a in arguments.items() if isinstance(a, np.ndarray) and name not in SCRATCH)
    return Case(kernel, size, arguments, fact.of(kernel).cost(size), working_set)


def _aligned(array: NDArray[Any]) -> NDArray[Any]:
    memory = np.empty(array.nbytes + layout.CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % layout.CACHE_LINE
    copy = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
