"""Datasets that are made rather than read: every input of a parity function, and noise with labels that mean nothing.

The bytes are the same on every machine and in every version of NumPy: they are counted, or come from a hash.
"""

import hashlib
import re

import numpy as np

from harness.errors import InputError

BITS = range(2, 17)  # of a parity
NOISE_IMAGES = {"train": 10_000, "test": 2_000}
SIDE, CLASSES = 28, 10  # of noise: MNIST's

MADE = {
    "xor": "XOR: the four inputs of two bits, which is parity:2",
    "parity:N": f"Parity: all 2^N inputs of N bits ({BITS[0]} to {BITS[-1]}), labelled by whether an odd number is set",
    "noise": "Noise: images of random bytes, ten classes that they say nothing of",
}
"""The names, as they are told to people; N stands for a number."""


def is_made(name: str) -> bool:
    """Tell whether a name is that of a made dataset.

    Raises InputError for a parity of a number of bits that there is none of.
    """
    if not (bits := re.fullmatch(r"parity:(.*)", name)):
        return name in ("xor", "noise")
    if bits[1] not in map(str, BITS):
        raise InputError(f"dataset '{name}': expected parity:N with a whole number N from {BITS[0]} to {BITS[-1]}")
    return True


def made_arrays(name: str) -> dict[str, np.ndarray]:
    """Return the four arrays of a made dataset, uint8, images (n, rows, columns) and labels (n,).

    Of a parity, training and test set are the same: there are no other inputs, so the test error tells whether the
    function was learned, not how it carries over. A bit that is set is 255, as a white pixel is.
    """
    if name == "noise":
        return _noise()
    return _parity(2 if name == "xor" else int(name.removeprefix("parity:")))


def _parity(bits: int) -> dict[str, np.ndarray]:
    numbers = np.arange(2**bits, dtype=np.uint32)
    inputs = (numbers[:, None] >> np.arange(bits - 1, -1, -1)).astype(np.uint8) & 1  # (2^N, N), the highest bit first
    parts = {"images": 255 * inputs[:, None, :], "labels": inputs.sum(axis=1, dtype=np.uint8) % 2}
    return {f"{kind}_{part}": array.copy() for kind in ("train", "test") for part, array in parts.items()}


def _noise() -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for kind, count in NOISE_IMAGES.items():
        stream = hashlib.shake_256(f"noise {kind}".encode()).digest(count * SIDE * SIDE)
        arrays[f"{kind}_images"] = np.frombuffer(stream, np.uint8).reshape(count, SIDE, SIDE).copy()
        arrays[f"{kind}_labels"] = (np.arange(count) % CLASSES).astype(np.uint8)
    return arrays
