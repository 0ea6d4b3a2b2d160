"""A kernel with all its arguments, ready to be called; they are made from its entry in `harness.check.facts`.

All arrays hold numbers that are representable in float32, so that both dtypes are given the same ones.
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from harness.check.facts import fact_of
from harness.check.facts.entry import SCRATCH, Env, Size


class Scene(NamedTuple):
    """A kernel ready to be called."""

    arguments: Env  # everything that a parameter may name; outputs hold what must be overwritten
    outputs: tuple[str, ...]
    expected: Env | None  # outputs by the equation, in float64; None for a backward pass


def scene(kernel: str, size: Size, variant: int, dtype: str) -> Scene:
    """Return a kernel's scene at a size, with the inputs of one of its draws.

    The numbers are the same at every call and in both dtypes. Raises HarnessError for a kernel that nobody described.
    """
    fact = fact_of(kernel)
    rng = np.random.default_rng([*fact.name.encode(), size.n, size.d, size.m, variant])
    arguments = {name: _rounded(value) for name, value in fact.draws[variant](rng, size).items()}
    expected = call(fact.equation, arguments)
    if kernel not in fact.backward:
        outputs = {name: arguments.get(name, _poisoned(value)) for name, value in expected.items()}
        return Scene(in_dtype(arguments | outputs, dtype), tuple(outputs), expected)
    derivative = fact.backward[kernel]
    saved = {name: value for name, value in expected.items() if name not in arguments}
    gradients = {f"d{name}": _gradient(rng, arguments[name], derivative.adds) for name in derivative.by}
    cotangent = _rounded(rng.normal(size=np.shape(expected[derivative.output])))
    arguments = {derivative.cotangent: cotangent} | arguments | saved | gradients
    return Scene(in_dtype(arguments, dtype), tuple(gradients), None)


def call(function: Callable[..., Any], arguments: Env) -> Any:
    """Call a function with the arguments that its parameters name."""
    signature = inspect.signature(getattr(function, "py_func", function))
    return function(*(arguments[name] for name in signature.parameters))


def run(kernel: Callable[..., Any], scene: Scene) -> tuple[Env, bool]:
    """Call a kernel on copies; return its outputs, and whether all other arguments are as they were."""
    arguments = {
        name: value.copy() if isinstance(value, np.ndarray) else value for name, value in scene.arguments.items()
    }
    for name, value in scene.arguments.items():
        if isinstance(value, np.ndarray):
            arguments[name].flags.writeable = value.flags.writeable
    result = call(kernel, arguments)
    others = arguments.keys() - {*scene.outputs, *SCRATCH}
    kept = all(np.array_equal(arguments[name], scene.arguments[name]) for name in others)
    return {name: result if name == "result" else arguments[name] for name in scene.outputs}, kept


def in_dtype(arguments: Env, dtype: str) -> Env:
    """Convert the arrays of floating-point numbers; bytes, row numbers and single numbers stay."""
    return {name: value.astype(dtype) if _is_real(value) else value for name, value in arguments.items()}


def _rounded(value: Any) -> Any:
    return value.astype(np.float32).astype(np.float64) if _is_real(value) else value


def _is_real(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _poisoned(value: Any) -> Any:
    """Return what an output holds before the call: where it is not overwritten, that must be noticed."""
    if not isinstance(value, np.ndarray):
        return None
    if value.dtype.kind == "f":
        return np.full(value.shape, np.nan)
    kind = np.uint8 if value.dtype == bool else value.dtype
    return np.full(value.shape, np.iinfo(kind).max, kind)


def _gradient(rng: np.random.Generator, like: Any, adds: bool) -> Any:
    return _rounded(rng.normal(size=like.shape)) if adds else np.full(like.shape, np.nan)
