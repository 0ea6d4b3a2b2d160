"""Level-1 kernels, one at a time: against their equation, the reference, the other dtype, and measured slopes."""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from harness.check.measures import central_differences, complex_step, relative, scaled, ulps, worst
from harness.check.result import Check
from harness.check.scenes import BACKWARD, Env, Scene, Shape, call, cases, in_dtype, kernels_known, run, scene
from harness.check.terms import ALLOWED, TERMS

SHAPES = (Shape(1, 1, 1), Shape(5, 3, 4), Shape(3, 9, 70), Shape(33, 20, 17))
"""Single numbers, odd sizes, more columns than vector lanes, more rows than columns."""
TINY = SHAPES[:2]
"""Where the slope by every input is measured."""
LAYERS = (Shape(300, 301, 170), Shape(7, 260, 12), Shape(7, 20, 20), Shape(257, 20, 5), Shape(257, 9, 20))
"""Of affine maps: where a product is done in blocks, or left to BLAS, and a packed row has two parts; a small batch
onto two vectors of columns, of float64 and of float32, which overlap; more rows than are listed at a time."""

FLOAT32 = 1e-4  # of the largest number
DIFFERENCES, DIFFERENCES_FLOOR = 1e-6, 1e-8 / 1e-6  # rtol, atol / rtol
COMPLEX, COMPLEX_FLOOR = 1e-11, 1e-14 / 1e-11


def kernel_checks(name: str, backend: ModuleType, reference: ModuleType, label: str) -> Iterator[Check]:
    """Yield every check of a backend's kernel; one that nothing is known about fails."""
    if name not in kernels_known() or name not in TERMS:
        yield Check(name, label, "-", "-", "known", np.inf, 0.0)
        return
    kernel, truth = getattr(backend, name), getattr(reference, name)
    for shape, variant in cases(name, SHAPES + LAYERS if "affine" in name or name == "pack_rows" else SHAPES):
        outputs = {}
        for dtype in ("float64", "float32"):
            stage = scene(name, shape, variant, dtype)
            outputs[dtype], kept = run(kernel, stage)

            def check(check: str, error: float, bound: float, dtype: str = dtype, shape: Shape = shape) -> Check:
                return Check(name, label, dtype, str(shape), check, error, bound)

            yield check("inputs kept", 0.0 if kept else np.inf, 0.0)
            if stage.expected is not None:
                yield check("equation", _ulps(name, stage, outputs[dtype], stage.expected, dtype), ALLOWED)
            if backend is not reference:
                yield check("reference", _ulps(name, stage, outputs[dtype], run(truth, stage)[0], dtype), ALLOWED)
        wide, narrow = outputs["float64"], outputs["float32"]
        terms = _terms(name, stage, wide)
        yield check("float64", worst([scaled(narrow[out], wide[out], terms[out]) for out in wide]), FLOAT32)
        if name in BACKWARD and shape in TINY:
            yield from _slopes(name, shape, variant, backend, wide, label, backend is reference)
    yield from _kink(name, kernel, label)


def _terms(name: str, stage: Scene, outputs: Env) -> Env:
    """Size of each output's terms; what an output held before the call goes before what it holds after it."""
    before = {key: value for key, value in stage.arguments.items() if not _unset(value)}
    return call(TERMS[name], {**outputs, **before})


def _ulps(name: str, stage: Scene, got: Env, expected: Env, dtype: str) -> float:
    terms = _terms(name, stage, expected)
    return worst([ulps(got[out], expected[out], terms[out], dtype) for out in stage.outputs])


def _unset(value: Any) -> bool:
    """Tell whether an output has no value before the call."""
    return value is None or (isinstance(value, np.ndarray) and value.dtype.kind == "f" and bool(np.isnan(value).any()))


def _slopes(
    name: str, shape: Shape, variant: int, backend: ModuleType, found: Env, label: str, complex_too: bool
) -> Iterator[Check]:
    """Compare what a backward pass wrote with the slope of its forward pass by every entry of every input."""
    derivative = BACKWARD[name]
    forward = getattr(backend, derivative.forward)
    start = scene(derivative.forward, shape, variant, "float64")
    stage = scene(name, shape, variant, "float64")
    cotangent = stage.arguments[derivative.cotangent]

    def errors(measure: Callable[..., Any], dtype: str, floor: float) -> float:
        found_errors = []
        for input_name in derivative.inputs:

            def weighted(x: Any, input_name: str = input_name) -> Any:
                arguments = in_dtype(start.arguments | {input_name: x}, dtype)
                outputs, _ = run(forward, start._replace(arguments=arguments))
                return np.sum(cotangent * outputs[derivative.output])

            slope = measure(weighted, start.arguments[input_name])
            before = stage.arguments[f"d{input_name}"] if derivative.adds else 0.0
            found_errors.append(relative(found[f"d{input_name}"] - before, slope, floor))
        return worst(found_errors)

    measured = errors(central_differences, "float64", DIFFERENCES_FLOOR)
    yield Check(name, label, "float64", str(shape), "differences", measured, DIFFERENCES)
    if complex_too and derivative.smooth:
        measured = errors(complex_step, "complex128", COMPLEX_FLOOR)
        yield Check(name, label, "float64", str(shape), "complex step", measured, COMPLEX)


def _kink(name: str, kernel: Callable[..., Any], label: str) -> Iterator[Check]:
    """Pin the slope where ReLU has none: g(0) = 0, leaky ReLU's is alpha."""
    pinned: dict[str, tuple[tuple[float, ...], float]] = {
        "relu_backward": ((), 0.0),
        "leaky_relu_backward": ((0.125,), 0.125),
    }
    if name not in pinned:
        return
    numbers, slope = pinned[name]
    for dtype in ("float64", "float32"):
        dz, da, a = np.full((1, 2), np.nan, dtype), np.full((1, 2), 2, dtype), np.array([[0.0, -0.0]], dtype)
        kernel(dz, da, a, *numbers)
        yield Check(name, label, dtype, "1x2", "slope at 0", worst(np.abs(dz - 2 * slope)), 0.0)
