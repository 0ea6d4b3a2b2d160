"""Which training images are trained on and which validate."""

import numpy as np

from harness.errors import InputError


def split_indices(
    n: int, train_size: int | None, val_size: int, split: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the row numbers (int64, ascending, disjoint) of the training and of the validation images.

    `n` is the number of images in the training set; `train_size` None takes all that validation leaves.
    ``"random"`` draws both with `rng`; ``"head"`` is file order: the first images train, the last validate.
    Either way the validation images do not depend on `train_size`, and a smaller training set is part of a
    larger one.
    """
    train_size = n - val_size if train_size is None else train_size
    if val_size < 0 or train_size < 1 or train_size + val_size > n:
        raise InputError(
            f"train_size {train_size} + val_size {val_size}: the dataset has {n} training images; "
            "train_size must be at least 1, val_size at least 0, and both together no more than that"
        )
    match split:
        case "random":
            order = rng.permutation(n)
        case "head":
            order = np.roll(np.arange(n), val_size)
        case _:
            raise InputError(f"split '{split}': allowed are random, head")
    val, train = order[:val_size], order[val_size : val_size + train_size]
    return _ascending(train, n), _ascending(val, n)


def _ascending(rows: np.ndarray, n: int) -> np.ndarray:
    """Sort different row numbers below n, faster than by comparing them."""
    named = np.zeros(n, np.bool_)
    named[rows] = True
    return np.flatnonzero(named).astype(np.int64, copy=False)
