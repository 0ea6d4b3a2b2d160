"""Initial weights: one function a scheme, each (generator, fan_in, fan_out) -> float64 array (fan_in, fan_out).

Where the field has two formulas for one name, the docstring says which. Tutorial 4.1 writes Xavier's and He's standard
deviation in the place where N(0, ·) usually has its variance; here ``N(0, s²)`` names the variance.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]


def zeros(rng: np.random.Generator, fan_in: int, fan_out: int) -> Weights:  # noqa: ARG001
    """All zero: symmetry is never broken."""
    return np.zeros((fan_in, fan_out))


def normal(rng: np.random.Generator, fan_in: int, fan_out: int, std: float = 1.0) -> Weights:
    """``N(0, std²)``, whatever the widths; std 1 is Nielsen's *large* initialization."""
    return rng.normal(0, std, (fan_in, fan_out))


def uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> Weights:
    """``U(±1/√fan_in)``: LeCun's rule of thumb, PyTorch's default for linear layers."""
    return rng.uniform(-1, 1, (fan_in, fan_out)) / np.sqrt(fan_in)


def lecun_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Weights:
    """``N(0, 1/fan_in)`` (LeCun et al. 1998); not truncated. Nielsen's *default* initialization."""
    return rng.normal(0, np.sqrt(1 / fan_in), (fan_in, fan_out))


def xavier_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Weights:
    """``N(0, 2/(fan_in + fan_out))`` (Glorot and Bengio 2010); not truncated, as PyTorch."""
    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))


def xavier_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> Weights:
    """``U(±√(6/(fan_in + fan_out)))`` (Glorot and Bengio 2010): Keras's default."""
    return rng.uniform(-1, 1, (fan_in, fan_out)) * np.sqrt(6 / (fan_in + fan_out))


def he_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Weights:
    """``N(0, 2/fan_in)`` (He et al. 2015); fan_in mode, gain of ReLU, not truncated."""
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def he_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> Weights:
    """``U(±√(6/fan_in))`` (He et al. 2015)."""
    return rng.uniform(-1, 1, (fan_in, fan_out)) * np.sqrt(6 / fan_in)


def orthogonal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Weights:
    """Orthonormal rows or columns, whichever are fewer, uniformly distributed (Saxe et al. 2014); gain 1."""
    tall = rng.normal(0, 1, (max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))  # makes the factorization unique, and q uniform
    return np.ascontiguousarray(q if fan_in >= fan_out else q.T)


INITIALIZERS: dict[str, Callable[..., Weights]] = {
    scheme.__name__: scheme
    for scheme in (
        zeros,
        normal,
        uniform,
        lecun_normal,
        xavier_normal,
        xavier_uniform,
        he_normal,
        he_uniform,
        orthogonal,
    )
}
