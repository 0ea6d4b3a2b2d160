"""What is known of the kernels that pack and gather rows of pixels, and pixels for those that read packed rows."""

import math

import numpy as np

from harness.check.facts.affine_facts import BLOCKS
from harness.check.facts.entry import Cost, Env, Size, fact, normal_timed
from harness.check.facts.ladders import FIRST_LAYERS
from harness.datasets import load_dataset
from kernels.layout import parted


def pixels_drawn(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Bytes of which most are 0, as in MNIST; a blank row among them."""
    pixels = np.where(rng.random((rows, columns)) < 0.3, rng.integers(1, 256, (rows, columns)), 0).astype(np.uint8)
    pixels[rows // 2] = 0
    pixels[-1, -1] = 255
    pixels.flags.writeable = False  # as a mapped dataset
    return pixels


def pixels_timed(rows: int) -> np.ndarray:
    """Real rows, since what the sparse kernels do depends on where the nonzero pixels lie."""
    return np.array(load_dataset("mnist").test_images[:rows])


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


def _dense(rng: np.random.Generator, size: Size) -> Env:
    return {"pixels": pixels_drawn(rng, size.n + 1, size.d)}


def _dense_timed(_: np.random.Generator, size: Size) -> Env:
    pixels = pixels_timed(size.n)
    return {"pixels": pixels} | {name: np.zeros_like(array) for name, array in packed(pixels).items()}


def _some_rows(rng: np.random.Generator, size: Size) -> Env:
    rows = rng.permutation(size.n + 2)[: size.n]
    return {"pixels": pixels_drawn(rng, size.n + 2, size.d), "rows": rows, "scale": 1 / 255, "shift": -0.25}


def _some_rows_timed(rng: np.random.Generator, size: Size) -> Env:
    drawn = {"pixels": pixels_timed(size.n), "rows": rng.permutation(size.n), "scale": 1 / 255, "shift": 0.0}
    return normal_timed(rng, {"x": (size.n, size.d)}) | drawn


@fact(
    draws=(_dense,),
    terms=lambda starts, nonzeros: {"starts": 0 * starts, "nonzeros": 0 * nonzeros},
    cost=lambda s: Cost(0, s.n * s.d / 4, s.nonzeros / 2),  # of 2 bytes each
    timed=_dense_timed,
    ladder=FIRST_LAYERS,
    checked_also_at=BLOCKS,
)
def pack_rows(pixels):
    starts, nonzeros = [0], []
    wide = math.ceil(pixels.shape[1] / math.ceil(pixels.shape[1] / 256))
    for row in pixels.tolist():
        for part in (row[left : left + wide] for left in range(0, len(row), wide)):
            nonzeros += [256 * place + value for place, value in enumerate(part) if value]
            starts.append(len(nonzeros))
    return {"starts": np.array(starts), "nonzeros": np.array(nonzeros, np.uint16)}


@fact(
    draws=(_some_rows,),
    terms=lambda pixels, rows, scale, shift: {"x": pixels[rows] * scale + abs(shift)},
    cost=lambda s: Cost(2 * s.n * s.d, s.n * s.d / 4, s.n * s.d),
    timed=_some_rows_timed,
    ladder=FIRST_LAYERS,
)
def gather_rows(pixels, rows, scale, shift):
    return {"x": np.take(pixels, rows, axis=0).astype(np.float64) * scale + shift}
