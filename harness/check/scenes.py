"""What each kernel is called with: random inputs by the names of its parameters, and which pass belongs to which.

All arrays hold numbers that are representable in float32, so that both dtypes are given the same ones.
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from harness.check import equations
from kernels.layout import LIST_STRIDE, LISTED_ROWS, NORM_EPSILON, NORM_MOMENTUM, TILE, parted

Env = dict[str, Any]
"""Arguments by name: arrays and numbers."""


class Shape(NamedTuple):
    """Samples, inputs, outputs; a flat buffer has D · M entries."""

    n: int
    d: int
    m: int

    def __str__(self) -> str:
        return "x".join(map(str, self))


Draw = Callable[[np.random.Generator, Shape], Env]


class Derivative(NamedTuple):
    """A forward pass and the backward pass that must be its derivative."""

    forward: str
    backward: str
    output: str  # what is differentiated ...
    cotangent: str  # ... times this, summed: the argument in which the gradient of `output` arrives
    inputs: tuple[str, ...]  # ... by these; the gradient of x is written to dx
    smooth: bool = True  # analytic, and the reference takes complex numbers
    adds: bool = False  # the backward pass adds to what its output holds


DERIVATIVES = (
    Derivative("affine_forward", "affine_backward", "z", "dz", ("x", "w", "b")),
    Derivative("affine_forward", "affine_backward_parameters", "z", "dz", ("w", "b")),
    Derivative("residual_forward", "residual_backward", "z", "dout", ("skip",), adds=True),
    Derivative("sparse_affine_forward", "sparse_affine_backward", "z", "dz", ("w", "b")),
    Derivative("identity_forward", "identity_backward", "a", "da", ("z",)),
    Derivative("sigmoid_forward", "sigmoid_backward", "a", "da", ("z",)),
    Derivative("tanh_forward", "tanh_backward", "a", "da", ("z",)),
    Derivative("relu_forward", "relu_backward", "a", "da", ("z",), smooth=False),
    Derivative("leaky_relu_forward", "leaky_relu_backward", "a", "da", ("z",), smooth=False),
    Derivative("softmax_forward", "softmax_backward", "p", "dp", ("z",)),
    Derivative("cross_entropy_forward", "cross_entropy_backward", "losses", "dlosses", ("z",)),
    Derivative("binary_cross_entropy_forward", "binary_cross_entropy_backward", "losses", "dlosses", ("z",)),
    Derivative("mse_forward", "mse_backward", "losses", "dlosses", ("z",)),
    Derivative("batch_norm_forward", "batch_norm_backward", "out", "dout", ("x", "gamma", "beta")),
    Derivative("layer_norm_forward", "layer_norm_backward", "out", "dout", ("x", "gamma", "beta")),
    Derivative("dropout_forward", "dropout_backward", "out", "dout", ("x",)),
    Derivative("l2_forward", "l2_backward", "result", "dresult", ("w",), smooth=False, adds=True),
)
BACKWARD = {derivative.backward: derivative for derivative in DERIVATIVES}


def _normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    return rng.normal(0, scale, shape)


def _affine(rng: np.random.Generator, shape: Shape) -> Env:
    n, d, m = shape
    return {"x": _normal(rng, n, d), "w": _normal(rng, d, m), "b": _normal(rng, m)}


def _residual(rng: np.random.Generator, shape: Shape) -> Env:
    return {"z": _normal(rng, shape.n, shape.m), "skip": _normal(rng, shape.n, shape.m)}


def _pixels(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Bytes of which most are 0, as in MNIST; a blank row among them."""
    pixels = np.where(rng.random((rows, columns)) < 0.3, rng.integers(1, 256, (rows, columns)), 0).astype(np.uint8)
    pixels[rows // 2] = 0
    pixels[-1, -1] = 255
    pixels.flags.writeable = False  # as a mapped dataset
    return pixels


def packed(pixels: np.ndarray) -> Env:
    """Return the packed form of pixels (n, D), in the types in which the harness keeps it."""
    _, wide = parted(pixels.shape[1])
    parts = [row[left : left + wide] for row in pixels for left in range(0, len(row), wide)]
    places = [np.flatnonzero(part) for part in parts]
    entries = [256 * at + part[at] for at, part in zip(places, parts, strict=True)]
    return {
        "starts": np.cumsum([0, *map(len, places)]).astype(np.int64),
        "nonzeros": np.concatenate(entries).astype(np.uint16),
    }


def _pack(rng: np.random.Generator, shape: Shape) -> Env:
    return {"pixels": _pixels(rng, shape.n + 1, shape.d)}


def _gather(rng: np.random.Generator, shape: Shape) -> Env:
    rows = rng.permutation(shape.n + 2)[: shape.n]
    return {"pixels": _pixels(rng, shape.n + 2, shape.d), "rows": rows, "scale": 1 / 255, "shift": -0.25}


def _sparse(rng: np.random.Generator, shape: Shape) -> Env:
    """Rows of a packed data set by number, one of them twice; scratch memory holds what must never be read."""
    n, d, m = shape
    rows = rng.permutation(n + 2)[:n]
    rows[-1] = rows[0]
    return packed(_pixels(rng, n + 2, d)) | {
        "rows": rows,
        "scale": 1 / 255,
        "w": _normal(rng, d, m),
        "b": _normal(rng, m),
        "tile": np.full(LISTED_ROWS * TILE, np.nan),
        "lists": np.full((d, LIST_STRIDE), 2**16 - 1, np.uint16),
        "counts": np.full(d, -1, np.int32),
    }


def _sparse_step(rng: np.random.Generator, shape: Shape) -> Env:
    return _sparse(rng, shape) | {"dz": _normal(rng, shape.n, shape.m), "rate": 0.1}


def _preactivations(rng: np.random.Generator, shape: Shape) -> Env:
    """No entry within the step of a kink at 0; what happens on it is pinned apart."""
    z = _normal(rng, shape.n, shape.m, scale=3)
    return {"z": np.where(np.abs(z) < 1e-3, 1.0, z), "alpha": 0.125}


def _logits(classes_at_least: int) -> Draw:
    def draw(rng: np.random.Generator, shape: Shape) -> Env:
        outputs = max(shape.m, classes_at_least)
        return {
            "z": _normal(rng, shape.n, outputs, scale=3),
            "labels": rng.integers(0, max(outputs, 2), shape.n).astype(np.uint8),
            "dlosses": 1 / shape.n,  # the mean over the batch
        }

    return draw


def _norm(rng: np.random.Generator, shape: Shape) -> Env:
    n, _, m = shape
    return {
        "x": _normal(rng, n, m, scale=2) + 1,
        "gamma": _normal(rng, m),
        "beta": _normal(rng, m),
        "running_mean": _normal(rng, m),
        "running_variance": np.abs(_normal(rng, m)) + 0.5,
        "momentum": NORM_MOMENTUM,
        "epsilon": NORM_EPSILON,
    }


def _dropout(rng: np.random.Generator, shape: Shape) -> Env:
    return {
        "x": _normal(rng, shape.n, shape.m),
        "shape": (shape.n, shape.m),
        "key": rng.integers(2**64, dtype=np.uint64),
        "step": int(rng.integers(2**32)),
        "layer": 3,
        "rate": 0.375,
        "scale": 1 / (1 - 0.375),
    }


def _l2(rng: np.random.Generator, shape: Shape) -> Env:
    return {"w": _normal(rng, shape.d * shape.m), "coefficient": 0.3, "dresult": 1.0}


def _gradients(share: float) -> Draw:
    """Gradients, and a limit at this share of their norm."""

    def draw(rng: np.random.Generator, shape: Shape) -> Env:
        gradients = _normal(rng, shape.d * shape.m)
        return {"gradients": gradients, "max_norm": share * float(np.linalg.norm(gradients))}

    return draw


def _update(rng: np.random.Generator, shape: Shape) -> Env:
    size = shape.d * shape.m
    return {
        "parameters": _normal(rng, size),
        "gradients": _normal(rng, size),
        "velocity": _normal(rng, size),
        "squares": _normal(rng, size) ** 2,
        "first": _normal(rng, size),
        "second": _normal(rng, size) ** 2,
        "rate": 0.1,
        "momentum": 0.8,
        "beta1": 0.8,
        "beta2": 0.95,
        "rho": 0.7,
        "epsilon": 0.05,  # large, so that its place is felt
        "step": 3,
        "decay": 0.2,
        "decayed": size // 2,
    }


DRAWS: dict[str, tuple[Draw, ...]] = {
    "affine_forward": (_affine,),
    "residual_forward": (_residual,),
    "pack_rows": (_pack,),
    "gather_rows": (_gather,),
    "sparse_affine_forward": (_sparse,),
    "sparse_affine_sgd_step": (_sparse_step,),
    "identity_forward": (_preactivations,),
    "sigmoid_forward": (_preactivations,),
    "tanh_forward": (_preactivations,),
    "relu_forward": (_preactivations,),
    "leaky_relu_forward": (_preactivations,),
    "softmax_forward": (_preactivations,),
    "cross_entropy_forward": (_logits(2),),
    "binary_cross_entropy_forward": (_logits(1),),
    "mse_forward": (_logits(1),),
    "batch_norm_forward": (_norm,),
    "batch_norm_inference": (_norm,),
    "layer_norm_forward": (_norm,),
    "dropout_mask": (_dropout,),
    "dropout_forward": (_dropout,),
    "l2_forward": (_l2,),
    "global_norm": (_gradients(1),),
    "clip_by_global_norm": (_gradients(0.5), _gradients(2)),
    "sgd_step": (_update,),
    "ema_momentum_step": (_update,),
    "momentum_step": (_update,),
    "nesterov_step": (_update,),
    "adagrad_step": (_update,),
    "rmsprop_step": (_update,),
    "rmsprop_eps_outside_step": (_update,),
    "adam_step": (_update,),
    "adamw_step": (_update,),
}


SCRATCH = {"tile", "lists", "counts"}
"""Arguments that a kernel may spoil."""


class Scene(NamedTuple):
    """A kernel ready to be called."""

    arguments: Env  # everything that a parameter may name; outputs hold what must be overwritten
    outputs: tuple[str, ...]
    expected: Env | None  # outputs by the equation, in float64; None for a backward pass


def kernels_known() -> set[str]:
    """Return the names of all kernels for which there is a scene."""
    return {*DRAWS, *BACKWARD}


def cases(kernel: str, shapes: tuple[Shape, ...]) -> list[tuple[Shape, int]]:
    """Return each shape with each number of a draw."""
    source = BACKWARD[kernel].forward if kernel in BACKWARD else kernel
    return [(shape, variant) for shape in shapes for variant in range(len(DRAWS[source]))]


def scene(kernel: str, shape: Shape, variant: int, dtype: str) -> Scene:
    """Set a kernel up; the same numbers whenever it is asked, whatever the dtype."""
    derivative = BACKWARD.get(kernel)
    source = derivative.forward if derivative else kernel
    rng = np.random.default_rng([*source.encode(), *shape, variant])
    drawn = DRAWS[source][variant](rng, shape)
    arguments = {name: _rounded(value) for name, value in drawn.items()}
    expected = call(getattr(equations, source), arguments)
    if derivative is None:
        outputs = {name: arguments.get(name, _poisoned(value)) for name, value in expected.items()}
        return Scene(in_dtype(arguments | outputs, dtype), tuple(outputs), expected)
    saved = {name: value for name, value in expected.items() if name not in arguments}
    gradients = {f"d{name}": _gradient(rng, arguments[name], derivative.adds) for name in derivative.inputs}
    cotangent = _rounded(rng.normal(size=np.shape(expected[derivative.output])))
    arguments = {derivative.cotangent: cotangent} | arguments | saved | gradients
    return Scene(in_dtype(arguments, dtype), tuple(gradients), None)


def call(function: Callable[..., Any], arguments: Env) -> Any:
    """Call with the arguments that the function's parameters name."""
    signature = inspect.signature(getattr(function, "py_func", function))
    return function(*(arguments[name] for name in signature.parameters))


def run(kernel: Callable[..., Any], scene: Scene) -> tuple[Env, bool]:
    """Call a kernel on copies; return its outputs, and whether it left all other arguments as they were."""
    arguments = {
        name: value.copy() if isinstance(value, np.ndarray) else value for name, value in scene.arguments.items()
    }
    for name, value in scene.arguments.items():
        if isinstance(value, np.ndarray):
            arguments[name].flags.writeable = value.flags.writeable
    result = call(kernel, arguments)
    others = arguments.keys() - set(scene.outputs) - SCRATCH
    kept = all(np.array_equal(arguments[name], scene.arguments[name]) for name in others)
    return {name: result if name == "result" else arguments[name] for name in scene.outputs}, kept


def _rounded(value: Any) -> Any:
    return value.astype(np.float32).astype(np.float64) if _is_real(value) else value


def in_dtype(arguments: Env, dtype: str) -> Env:
    """Convert the arrays of floating-point numbers; bytes, row numbers and single numbers stay."""
    return {name: value.astype(dtype) if _is_real(value) else value for name, value in arguments.items()}


def _is_real(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _poisoned(value: Any) -> Any:
    """An output before the call: what is not overwritten must be noticed."""
    if not isinstance(value, np.ndarray):
        return None
    if value.dtype.kind == "f":
        return np.full(value.shape, np.nan)
    kind = np.uint8 if value.dtype == bool else value.dtype
    return np.full(value.shape, np.iinfo(kind).max, kind)


def _gradient(rng: np.random.Generator, like: Any, adds: bool) -> Any:
    return _rounded(rng.normal(size=like.shape)) if adds else np.full(like.shape, np.nan)
