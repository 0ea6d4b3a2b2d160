"""What is known of the perceptron's kernels. They are checked with whole numbers, so that no sum is ever rounded."""

import numpy as np

from harness.check.facts.entry import TIMED, Cost, Env, Size, fact

LADDER = (Size(128, 784, 1), Size(1000, 2, 1))


def _whole_numbers(rng: np.random.Generator, size: Size) -> Env:
    """Sums of these may be 0 exactly, where the unit must not fire."""
    return {
        "x": rng.integers(-2, 3, (size.n, size.d)).astype(np.float64),
        "w": rng.integers(-2, 3, size.d).astype(np.float64),
        "b": rng.integers(-2, 3, 1).astype(np.float64),
        "labels": rng.integers(0, 2, size.n).astype(np.uint8),
        "rate": 0.5,
    }


def _on_the_line(rng: np.random.Generator, size: Size) -> Env:
    return _whole_numbers(rng, size) | {"w": np.zeros(size.d), "b": np.zeros(1)}


def _timed(rng: np.random.Generator, size: Size) -> Env:
    drawn = _whole_numbers(rng, size) | {"y": np.zeros(size.n)}
    return {k: v.astype(TIMED) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v for k, v in drawn.items()}


def _terms(w, b, x):
    """Size of the terms of w and b after a pass; those of the mistakes, which are counted, are 0."""
    return {"w": np.abs(w) + np.abs(x).sum(axis=0), "b": np.abs(b) + len(x), "result": 0.0}


@fact(
    draws=(_whole_numbers, _on_the_line),
    terms=lambda y: {"y": np.ones_like(y)},
    cost=lambda s: Cost(2 * s.n * s.d + 2 * s.n, s.n * s.d + s.d + 1, s.n),
    timed=_timed,
    ladder=LADDER,
)
def perceptron_forward(x, w, b):
    return {"y": np.heaviside(np.einsum("nd,d->n", x, w) + b, 0.0)}


@fact(
    draws=(_whole_numbers, _on_the_line),
    terms=_terms,
    cost=lambda s: Cost(2 * s.n * s.d + 2 * s.n, s.n * s.d + s.d + 1 + s.n / 4, s.d + 1),  # if it makes no mistake
    timed=_timed,
    ladder=LADDER,
)
def perceptron_epoch(x, w, b, labels, rate):
    """With the threshold as the weight of an input that is always 1."""
    weights, mistakes = np.append(w, b), 0
    for inputs, wanted in zip(np.column_stack([x, np.ones(len(x))]), labels.astype(bool), strict=True):
        if (weights @ inputs > 0) != wanted:
            weights = weights + rate * inputs if wanted else weights - rate * inputs
            mistakes += 1
    return {"w": weights[:-1], "b": weights[-1:], "result": mistakes}
