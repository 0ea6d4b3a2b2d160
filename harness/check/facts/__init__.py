"""What is known of each level-1 kernel, in one entry, for `harness check` and `harness bench` alike.

There is a file for each module of kernels: what `kernels/numpy_backend/activations.py` computes, `activations_facts.py`
describes. An entry is an equation under a decorator that says the rest (`entry.py`); it describes a forward kernel
together with its backward kernels, or an update. To add a kernel, add its entry to the file of its module: nothing else
lists it.
"""

import importlib
import pkgutil

from harness.check.facts.entry import Cost, Derivative, Fact, Size
from harness.errors import HarnessError
from kernels import numpy_backend as reference

ENTRIES: tuple[Fact, ...] = tuple(
    entry
    for file in pkgutil.iter_modules(__path__)
    if file.name.endswith("_facts")
    for entry in vars(importlib.import_module(f"{__name__}.{file.name}")).values()
    if isinstance(entry, Fact)
)
FACTS: dict[str, Fact] = {kernel: entry for entry in ENTRIES for kernel in (entry.name, *entry.backward)}
"""The entry of each kernel by the kernel's name; a backward kernel has that of its forward pass."""
DERIVATIVES: dict[str, Derivative] = {
    kernel: derivative for entry in ENTRIES for kernel, derivative in entry.backward.items()
}
"""Every backward kernel that is described."""


def fact_of(kernel: str) -> Fact:
    """Return the entry of a kernel; where there is none, raises HarnessError that names the file to describe it in."""
    if kernel not in FACTS:
        raise HarnessError(f"{kernel}: not described; do so in {file_of(kernel)}")
    return FACTS[kernel]


def cost(kernel: str, size: Size) -> Cost:
    """Return what a kernel costs at this size; raises HarnessError for a kernel that nobody has described."""
    return fact_of(kernel).of(kernel).cost(size)


def family(kernel: str) -> str:
    """Return the module of the reference backend that a level-1 kernel lives in."""
    return str(getattr(reference, kernel).__module__).rpartition(".")[2]


def file_of(kernel: str) -> str:
    """Return the file in which a kernel is described, or should be; of a name that is no kernel's, the folder."""
    folder = __name__.replace(".", "/")
    return f"{folder}/{family(kernel)}_facts.py" if hasattr(reference, kernel) else folder
