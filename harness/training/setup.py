"""From a trial to what the kernels take: network, optimizer, first weights, images and their split."""

import importlib
import os
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.datasets import Dataset
from harness.errors import InputError
from harness.spec import Trial
from harness.training.initializers import INITIALIZERS
from harness.training.streams import stream
from kernels import layout
from kernels.choices import CONSTANTS, Optimizer
from kernels.layout import Images, Network, State

SPARSE_BELOW = 0.5
"""Share of nonzero pixels below which the compiled first layer visits only those; HARNESS_SPARSE_BELOW overrides it."""

TOGETHER = 256
"""Images of a pass that trains nothing: as many as products need for their full speed, and a cache holds."""


def refuse_disabled_compiler(backend: str) -> None:
    """Raise InputError where the compiled backend is asked for and the compiler is switched off."""
    if backend == "numba" and os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        raise InputError(
            f"NUMBA_DISABLE_JIT={os.environ['NUMBA_DISABLE_JIT']}: the compiled kernels need the compiler; "
            "unset it, or take the others: --set backend=numpy"
        )


def backend(name: str) -> ModuleType:
    """Return the module of kernels behind a backend's name; raises InputError for one that cannot be compiled."""
    refuse_disabled_compiler(name)
    return importlib.import_module(f"kernels.{name}_backend")


def is_compiled(trial: Trial) -> bool:
    """Tell whether earlier runs have left machine code for a trial; if not, it starts some 10 to 20 seconds later."""
    return (
        trial.backend != "numba" or importlib.import_module("kernels.numba_backend.machine.compile").CACHE_DIR.is_dir()
    )


def network_of(trial: Trial, inputs: int, classes: int) -> Network:
    """Lay out a trial's network."""
    return layout.network(
        [inputs, *trial.hidden, classes],
        activation=trial.activation,
        alpha=trial.alpha,
        normalization=trial.normalization,
        residual=trial.residual,
        dropout=trial.dropout,
        input_dropout=trial.input_dropout,
        dropout_form=trial.dropout_form,
        loss=trial.loss,
    )


def optimizer_of(trial: Trial) -> Optimizer:
    """Name a trial's update rule and constants."""
    constants = {name: getattr(trial, name) for name in CONSTANTS}
    return layout.optimizer(trial.optimizer, eps_outside=trial.eps_outside, **constants)


def initial_state(trial: Trial, network: Network, optimizer: Optimizer) -> State:
    """Draw the first weights, layer by layer; both dtypes round the same float64 numbers."""
    state = layout.new_state(network, optimizer, trial.dtype)
    rng = stream(trial.seed, "weights")
    layers = len(network.widths) - 1
    schemes = [trial.initializer] * (layers - 1) + [trial.output_initializer or trial.initializer]
    for layer, scheme in enumerate(schemes):
        fan_in, fan_out = int(network.widths[layer]), int(network.widths[layer + 1])
        extra: dict[str, Any] = {"std": trial.init_std} if scheme == "normal" else {}
        layout.weight(state.parameters, network, layer)[...] = INITIALIZERS[scheme](rng, fan_in, fan_out, **extra)
        if trial.bias_init == "normal":
            layout.bias(state.parameters, network, layer)[...] = rng.normal(0, trial.bias_std, fan_out)
    return state


def images_of(trial: Trial, dataset: Dataset, train: NDArray[np.int64]) -> tuple[Images, Images]:
    """Training and test images as the kernels read them; packed where that pays."""
    scale, shift = _input_map(trial, dataset, train)
    visited = trial.backend == "numba" and shift == 0
    pixels = packed_images(dataset) if visited else None
    sparse = pixels is not None
    return (
        images_from(dataset.train_images, dataset.train_labels, pixels and pixels[0], sparse, scale, shift),
        images_from(dataset.test_images, dataset.test_labels, pixels and pixels[1], sparse, scale, shift),
    )


def _input_map(trial: Trial, dataset: Dataset, train: NDArray[np.int64]) -> tuple[float, float]:
    """Return (scale, shift) of ``x = pixel · scale + shift``; standardised as given, else by the training images."""
    match trial.input_scale:
        case "unit":
            return 1 / 255, 0.0
        case "256":
            return 1 / 256, 0.0
        case "raw":
            return 1.0, 0.0
        case "standardised" if trial.mean is not None and trial.std is not None:
            return 1 / (255 * trial.std), -trial.mean / trial.std
        case "standardised":
            counts = np.bincount(dataset.train_images[train].reshape(-1), minlength=256)
            values = np.arange(256)
            mean = np.average(values, weights=counts)
            std = np.sqrt(np.average((values - mean) ** 2, weights=counts)) or 1.0
            return float(1 / std), float(-mean / std)


class Packed(NamedTuple):
    starts: NDArray[np.int64]
    nonzeros: NDArray[np.uint16]


_EMPTY = Packed(np.zeros(1, np.int64), np.zeros(0, np.uint16))


def packed_images(dataset: Dataset) -> tuple[Packed, Packed] | None:
    """Training and test images in packed form, made once a process; None where too few pixels are zero."""
    return _packed(dataset, sparse_below())


@lru_cache(maxsize=2)
def _packed(dataset: Dataset, below: float) -> tuple[Packed, Packed] | None:
    if np.count_nonzero(dataset.train_images) >= below * dataset.train_images.size:
        return None
    return pack(dataset.train_images), pack(dataset.test_images)


def sparse_below() -> float:
    """Return the share of nonzero pixels below which the first layer is sparse; raises InputError for what is none."""
    text = os.environ.get("HARNESS_SPARSE_BELOW", str(SPARSE_BELOW))
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InputError(f"HARNESS_SPARSE_BELOW={text}: expected a share of nonzero pixels between 0 and 1")
    return share


def pack(pixels: NDArray[np.uint8]) -> Packed:
    """Return rows of pixels (n, D) in packed form."""
    n, d = pixels.shape
    parts, _ = layout.parted(d)
    packed = Packed(np.zeros(n * parts + 1, np.int64), np.zeros(int(np.count_nonzero(pixels)), np.uint16))
    backend("numba").pack_rows(*packed, pixels)
    return packed


def images_from(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    packed: Packed | None,
    sparse: bool,
    scale: float,
    shift: float,
) -> Images:
    """Put pixels (n, D) and labels (n,) together as the kernels read them; `packed` are the pixels, or None."""
    return Images(np.asarray(pixels), np.asarray(labels), *(packed or _EMPTY), sparse, scale, shift)
