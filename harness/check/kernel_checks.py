"""Level-1 kernels, one at a time, are compared with their equation, the reference, the other dtype, and slopes."""

from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType
from typing import Any

import numpy as np

from harness.check.facts import DERIVATIVES, FACTS, file_of
from harness.check.facts.entry import ALLOWED, Env, Size
from harness.check.measures import central_differences, complex_step, relative, scaled, ulps, worst
from harness.check.one_check import Check
from harness.check.scenes import Scene, call, in_dtype, run, scene

SIZES = (Size(1, 1, 1), Size(5, 3, 4), Size(3, 9, 70), Size(33, 20, 17))
"""Single numbers, odd sizes, more columns than vector lanes, more rows than columns."""
TINY = SIZES[:2]
"""Where the slope by every input is measured."""

FLOAT32 = 1e-4  # of the largest number
DIFFERENCES, DIFFERENCES_FLOOR = 1e-6, 1e-8 / 1e-6  # rtol, atol / rtol
COMPLEX, COMPLEX_FLOOR = 1e-11, 1e-14 / 1e-11


def kernel_checks(name: str, backend: ModuleType, reference: ModuleType, label: str) -> Iterator[Check]:
    """Yield every check of a backend's kernel; a kernel that nobody has described fails, and the file is named."""
    if name not in FACTS:
        yield Check(name, label, "-", "-", "described", np.inf, 0.0, note=f"not described; do so in {file_of(name)}")
        return
    kernel, truth = getattr(backend, name), getattr(reference, name)
    fact, derivative = FACTS[name], DERIVATIVES.get(name)
    for size, variant in product(SIZES + fact.checked_also_at, range(len(fact.draws))):
        outputs = {}
        for dtype in ("float64", "float32"):
            stage = scene(name, size, variant, dtype)
            outputs[dtype], kept = run(kernel, stage)

            def check(check: str, error: float, bound: float, dtype: str = dtype, size: Size = size) -> Check:
                return Check(name, label, dtype, str(size), check, error, bound)

            yield check("inputs kept", 0.0 if kept else np.inf, 0.0)
            if stage.expected is not None:
                yield check("equation", _ulps(name, stage, outputs[dtype], stage.expected, dtype), ALLOWED)
            if backend is not reference:
                yield check("reference", _ulps(name, stage, outputs[dtype], run(truth, stage)[0], dtype), ALLOWED)
        wide, narrow = outputs["float64"], outputs["float32"]
        terms = _terms(name, stage, wide)
        yield check("float64", worst([scaled(narrow[out], wide[out], terms[out]) for out in wide]), FLOAT32)
        if derivative is not None and size in TINY:
            yield from _slopes(name, size, variant, backend, wide, label, backend is reference)
    if derivative is not None:
        yield from _slope_at_0(name, kernel, label)


def _terms(name: str, stage: Scene, outputs: Env) -> Env:
    """Return the size of each output's terms; they see an updated buffer as it was before the call."""
    before = {key: value for key, value in stage.arguments.items() if not _unset(value)}
    sizes: Env = call(FACTS[name].of(name).terms, {**outputs, **before})
    return sizes


def _ulps(name: str, stage: Scene, got: Env, expected: Env, dtype: str) -> float:
    terms = _terms(name, stage, expected)
    return worst([ulps(got[out], expected[out], terms[out], dtype) for out in stage.outputs])


def _unset(value: Any) -> bool:
    """Tell whether an output has no value before the call."""
    return value is None or (isinstance(value, np.ndarray) and value.dtype.kind == "f" and bool(np.isnan(value).any()))


def _slopes(
    name: str, size: Size, variant: int, backend: ModuleType, found: Env, label: str, complex_too: bool
) -> Iterator[Check]:
    """Compare what a backward pass wrote with the slope of its forward pass by every entry of every input."""
    forward, derivative = FACTS[name].name, DERIVATIVES[name]
    start = scene(forward, size, variant, "float64")
    stage = scene(name, size, variant, "float64")
    cotangent = stage.arguments[derivative.cotangent]

    def errors(measure: Callable[..., Any], dtype: str, floor: float) -> float:
        found_errors = []
        for input_name in derivative.by:

            def weighted(x: Any, input_name: str = input_name) -> Any:
                arguments = in_dtype(start.arguments | {input_name: x}, dtype)
                outputs, _ = run(getattr(backend, forward), start._replace(arguments=arguments))
                return np.sum(cotangent * outputs[derivative.output])

            slope = measure(weighted, start.arguments[input_name])
            before = stage.arguments[f"d{input_name}"] if derivative.adds else 0.0
            found_errors.append(relative(found[f"d{input_name}"] - before, slope, floor))
        return worst(found_errors)

    measured = errors(central_differences, "float64", DIFFERENCES_FLOOR)
    yield Check(name, label, "float64", str(size), "differences", measured, DIFFERENCES)
    if complex_too and derivative.smooth:
        measured = errors(complex_step, "complex128", COMPLEX_FLOOR)
        yield Check(name, label, "float64", str(size), "complex step", measured, COMPLEX)


def _slope_at_0(name: str, kernel: Callable[..., Any], label: str) -> Iterator[Check]:
    """Compare the slope at 0 and at -0 with the one that is agreed on, if there is one; no bit may differ."""
    fact, derivative = FACTS[name], DERIVATIVES[name]
    if derivative.slope_at_0 is None:
        return
    (source,) = derivative.by
    numbers = fact.draws[0](np.random.default_rng(0), Size(1, 1, 2))
    inputs = numbers | {source: np.array([[0.0, -0.0]])}
    outputs = {out: np.where(a == 0, inputs[source], a) for out, a in call(fact.equation, inputs).items()}  # -0 stays
    expected = 2 * call(derivative.slope_at_0, inputs)
    for dtype in ("float64", "float32"):
        gradient = np.full((1, 2), np.nan, dtype)
        arguments = in_dtype(inputs | outputs | {derivative.cotangent: np.full((1, 2), 2.0)}, dtype)
        call(kernel, arguments | {f"d{source}": gradient})
        yield Check(name, label, dtype, "1x2", "slope at 0", worst(np.abs(gradient - expected)), 0.0)
