"""Which kernel each choice runs, and with what: read off the choices' names and the kernels' own signatures.

Both loops make their branches from the families below when they are imported. A choice whose kernel is missing, or
takes what the loops do not give, ends the import.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from kernels.choices import ACTIVATIONS, CONSTANTS, LOSSES, NORMALIZATIONS, OVER_THE_BATCH, STEPS, Rule

MOMENTS = ("first", "second")
"""What the loops call the buffers that a rule keeps, in its own order."""


class Family(NamedTuple):
    """The kernels that do one thing, of which a network's choice takes one."""

    name: str  # of the function that calls the chosen one
    kernels: Mapping[int, str]  # by the code of the choice
    given: tuple[str, ...]  # arguments that the loops have for them; a kernel takes those that its signature names


class Branch(NamedTuple):
    """A kernel, and what it is given, in the order of its signature."""

    kernel: Callable[..., Any]
    takes: tuple[str, ...]


def _named(pattern: str, names: Sequence[str], chosen: Sequence[str] | None = None) -> dict[int, str]:
    """The kernel of each choice by its position in `names`; only of those `chosen`, where that is said."""
    return {code: pattern.format(name) for code, name in enumerate(names) if chosen is None or name in chosen}


_NORMS = [name for name in NORMALIZATIONS if name != "none"]
_NORMALIZED = (
    "out", "xhat", "mean", "inverse_std", "running_mean", "running_variance", "x", "gamma", "beta", "momentum",
    "epsilon",
)  # fmt: skip

ACTIVATE = Family("activate", _named("{}_forward", ACTIVATIONS), ("a", "z", "alpha"))
ACTIVATE_BACKWARD = Family("activate_backward", _named("{}_backward", ACTIVATIONS), ("dz", "da", "a", "z", "alpha"))
LOSS_FORWARD = Family("loss_forward", _named("{}_forward", LOSSES), ("losses", "p", "z", "labels"))
LOSS_BACKWARD = Family("loss_backward", _named("{}_backward", LOSSES), ("dz", "p", "z", "labels"))
NORMALIZE = Family("normalize", _named("{}_norm_forward", NORMALIZATIONS, _NORMS), _NORMALIZED)
NORMALIZE_INFERENCE = Family(
    "normalize_inference", _named("{}_norm_inference", NORMALIZATIONS, OVER_THE_BATCH), _NORMALIZED
)
NORMALIZE_BACKWARD = Family(
    "normalize_backward",
    _named("{}_norm_backward", NORMALIZATIONS, _NORMS),
    ("dx", "dgamma", "dbeta", "dout", "xhat", "mean", "inverse_std", "gamma"),
)
UPDATE = Family(
    "update",
    _named("{}_step", list(STEPS)),
    ("parameters", "gradients", "rate", "step", "decay", "decayed", *CONSTANTS),
)


def branches(family: Family, module: ModuleType) -> dict[int, Branch]:
    """Return the kernels of a family, by code, from the module they belong in.

    Raises ImportError with the kernel and the file where one is missing, or does not fit what the loops give.
    """
    return {code: _branch(family, code, module) for code in family.kernels}


def _branch(family: Family, code: int, module: ModuleType) -> Branch:
    kernel = kernel_named(family.kernels[code], module)
    rule = list(STEPS.values())[code] if family is UPDATE else Rule()
    given = {name: name for name in family.given} | dict(zip(rule.moments, MOMENTS, strict=False))
    wanted = parameters(kernel)
    where = f"{file_of(module)}: {family.kernels[code]}"
    for name in wanted:
        if name not in given:
            raise ImportError(f"{where} takes {name!r}, which is not among what it can be given: {', '.join(given)}")
    for name in (*rule.moments, *(("decay",) if rule.decoupled else ())):
        if name not in wanted:
            raise ImportError(f"{where} does not take {name!r}, which its rule in kernels/choices.py asks for")
    if "decay" in wanted and not rule.decoupled:
        raise ImportError(f"{where} decays the weights, so its rule in kernels/choices.py must be decoupled")
    return Branch(kernel, tuple(given[name] for name in wanted))


def call_chosen(family: Family, module: ModuleType) -> Callable[..., None]:
    """Return a function: code of the choice and all that the family is given, by name → the chosen kernel is called."""
    made = branches(family, module)

    def call(code: int, **given: Any) -> None:
        kernel, takes = made[code]
        kernel(*(given[name] for name in takes))

    return call


def kernel_named(name: str, module: ModuleType) -> Callable[..., Any]:
    """Return a kernel of the module; raises ImportError with its name and file where there is none."""
    try:
        kernel: Callable[..., Any] = getattr(module, name)
    except AttributeError:
        raise ImportError(f"{file_of(module)}: the kernel {name} is missing") from None
    return kernel


def parameters(kernel: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a kernel's arguments, compiled or not."""
    return tuple(inspect.signature(getattr(kernel, "py_func", kernel)).parameters)


def kernels_of(module: ModuleType) -> list[Callable[..., Any]]:
    """Return the public functions that stand in a module, in their order."""
    return [
        value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    ]


def twin(kernel: Callable[..., Any], module: ModuleType) -> Callable[..., Any]:
    """Return the kernel of the same name in another backend's module.

    Raises ImportError with its name and file where it is missing or has another signature.
    """
    found = kernel_named(kernel.__name__, module)
    if parameters(found) != parameters(kernel):
        ours, theirs = (f"({', '.join(parameters(one))})" for one in (found, kernel))
        raise ImportError(f"{file_of(module)}: {kernel.__name__}{ours}, but the reference has {theirs}")
    return found


def file_of(module: ModuleType) -> str:
    """Return a module's file as it is written in messages."""
    return f"{module.__name__.replace('.', '/')}.py"
