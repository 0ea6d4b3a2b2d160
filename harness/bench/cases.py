"""Arguments for every level-1 kernel: by the module a kernel lives in, and by the names in its signature.

Nothing here knows a kernel one by one, so that a new kernel with the usual names is measured without more ado.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.bench.costs import Cost, Size, cost
from harness.datasets import load_dataset
from kernels import layout
from kernels import numpy_backend as reference

CLASSES = 10
DTYPE: Final = "float32"
SCRATCH = ("tile", "lists", "counts")
"""Arguments in which a kernel may leave anything: not compared, and not counted as bytes that must move."""

FLAT = ("optimizers", "regularization")
"""Modules whose kernels run over flat buffers."""

_LAYERS = (Size(128, 784, 64), Size(32, 784, 128), Size(128, 512, 512), Size(128, 784, 512), Size(10, 784, 30))
_UNITS = (Size(128, 0, 64), Size(128, 0, 512), Size(4096, 0, 512), Size(10, 0, 30))
_OUTPUTS = (Size(128, 0, CLASSES), Size(10_000, 0, CLASSES), Size(1000, 0, CLASSES))
_BUFFERS = (Size(1, 0, 55_050), Size(1, 0, 4_096), Size(1, 0, 669_706), Size(1, 0, 6_000_000))
_FIRST_LAYERS = (Size(128, 784, 64), Size(32, 784, 128), Size(128, 784, 512), Size(10, 784, 30))
LADDERS: dict[str, tuple[Size, ...]] = {
    "affine": _LAYERS,
    "inputs": _FIRST_LAYERS,
    "sparse": _FIRST_LAYERS,
    "activations": _UNITS,
    "losses": _OUTPUTS,
    "normalization": _UNITS,
    "dropout": _UNITS,
    "optimizers": _BUFFERS,
    "regularization": _BUFFERS,
}

NUMBERS: dict[str, Any] = {
    "alpha": 0.01,
    "momentum": 0.9,
    "epsilon": 1e-5,
    "key": np.uint64(0x9E3779B97F4A7C15),
    "step": 7,
    "layer": 1,
    "rate": 1e-4,
    "scale": 1 / 255,
    "shift": 0.0,
    "coefficient": 1e-4,
    "max_norm": -1.0,  # below every norm: each call clips, and not only the first of many
    "rho": 0.9,
    "beta1": 0.9,
    "beta2": 0.999,
    "decay": 1e-4,
}


class Case(NamedTuple):
    """One kernel at one size: its arguments in order, what they take, and what the call has to do."""

    kernel: str
    size: Size
    arguments: dict[str, Any]
    cost: Cost
    working_set: int  # bytes of all arrays but scratch

    def copied(self) -> dict[str, Any]:
        """Return the arguments with arrays of their own, which start on a cache line as those of the loop do."""
        return {name: _aligned(a) if isinstance(a, np.ndarray) else a for name, a in self.arguments.items()}


def family(kernel: str) -> str:
    """Return the module of the reference backend that a level-1 kernel lives in."""
    return getattr(reference, kernel).__module__.rpartition(".")[2]


def ladder(kernel: str) -> tuple[Size, ...]:
    """Return the sizes at which a kernel is measured, the most telling first."""
    return _OUTPUTS if kernel.startswith("softmax") else LADDERS[family(kernel)]


def make_case(kernel: str, size: Size) -> Case:
    """Return a kernel's case, the same at every call; raises KeyError where an argument or the cost is unknown."""
    rng = np.random.default_rng(0)
    arrays = _ARRAYS[family(kernel)](size, rng, kernel)
    names = inspect.signature(getattr(reference, kernel)).parameters
    arguments = {name: arrays[name] if name in arrays else NUMBERS[name] for name in names}
    if family(kernel) in ("inputs", "sparse"):
        size = size._replace(nonzeros=int(np.count_nonzero(_pixels(size.n))))
    working_set = sum(a.nbytes for name, a in arguments.items() if isinstance(a, np.ndarray) and name not in SCRATCH)
    return Case(kernel, size, arguments, cost(kernel, size), working_set)


Arrays = dict[str, Any]
Builder = Callable[[Size, np.random.Generator, str], Arrays]


def _affine(size: Size, rng: np.random.Generator, _: str) -> Arrays:
    n, d, m = size.n, size.d, size.m
    shapes = {
        "x": (n, d), "dx": (n, d), "w": (d, m), "dw": (d, m), "b": (m,), "db": (m,), "z": (n, m), "dz": (n, m),
        "skip": (n, m), "dskip": (n, m), "dout": (n, m),
    }  # fmt: skip
    return _normal(shapes, rng)


def _inputs(size: Size, rng: np.random.Generator, kernel: str) -> Arrays:
    """Real rows, since what the sparse kernels do depends on where the nonzero pixels lie."""
    pixels = _pixels(size.n)
    nonzeros = np.count_nonzero(pixels)
    parts, _ = layout.parted(size.d)
    packed = {"starts": np.zeros(size.n * parts + 1, np.int64), "nonzeros": np.zeros(nonzeros, np.uint16)}
    if kernel != "pack_rows":
        reference.pack_rows(packed["starts"], packed["nonzeros"], pixels)
    scratch = {
        "tile": np.zeros(layout.LISTED_ROWS * layout.TILE, DTYPE),
        "lists": np.zeros((size.d, layout.LIST_STRIDE), np.uint16),
        "counts": np.zeros(size.d, np.int32),
    }
    return _affine(size, rng, kernel) | packed | scratch | {"pixels": pixels, "rows": rng.permutation(size.n)}


def _activations(size: Size, rng: np.random.Generator, _: str) -> Arrays:
    names = ("a", "z", "da", "dz", "dp")
    arrays = _normal(dict.fromkeys(names, (size.n, size.m)), rng)
    return arrays | {"p": rng.dirichlet(np.ones(size.m), size.n).astype(DTYPE)}


def _losses(size: Size, rng: np.random.Generator, kernel: str) -> Arrays:
    labels = rng.integers(0, size.m, size.n).astype(np.uint8)
    return _activations(size, rng, kernel) | {"losses": np.zeros(size.n, DTYPE), "labels": labels}


def _normalization(size: Size, rng: np.random.Generator, kernel: str) -> Arrays:
    n, m = size.n, size.m
    units = ("gamma", "beta", "dgamma", "dbeta", "mean", "running_mean")
    shapes: Arrays = dict.fromkeys(("out", "xhat", "x", "dx", "dout"), (n, m)) | dict.fromkeys(units, (m,))
    positive = {"running_variance": (m,), "inverse_std": (n if kernel.startswith("layer_norm") else m,)}
    return _normal(shapes, rng) | {name: rng.random(shape).astype(DTYPE) for name, shape in positive.items()}


def _dropout(size: Size, rng: np.random.Generator, _: str) -> Arrays:
    arrays = _normal(dict.fromkeys(("out", "x", "dx", "dout"), (size.n, size.m)), rng)
    return arrays | {"mask": rng.integers(0, 2, (size.n, size.m)).astype(np.uint8), "rate": 0.5, "scale": 2.0}


def _flat(size: Size, rng: np.random.Generator, _: str) -> Arrays:
    names = ("parameters", "gradients", "velocity", "first", "w", "dw")
    arrays = _normal(dict.fromkeys(names, (size.m,)), rng)
    positive = {name: rng.random(size.m).astype(DTYPE) for name in ("squares", "second")}
    return arrays | positive | {"decayed": size.m * 9 // 10}


_ARRAYS: dict[str, Builder] = {
    "affine": _affine,
    "inputs": _inputs,
    "sparse": _inputs,
    "activations": _activations,
    "losses": _losses,
    "normalization": _normalization,
    "dropout": _dropout,
    **dict.fromkeys(FLAT, _flat),
}


def _normal(shapes: Mapping[str, tuple[int, ...]], rng: np.random.Generator) -> Arrays:
    return {name: rng.standard_normal(shape, DTYPE) for name, shape in shapes.items()}


def _pixels(n: int) -> NDArray[np.uint8]:
    return np.array(load_dataset("mnist").test_images[:n])


def _aligned(array: NDArray[Any]) -> NDArray[Any]:
    memory = np.empty(array.nbytes + layout.CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % layout.CACHE_LINE
    copy = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
