"""Named random streams of a seed: arms that share a seed share their split, weights, batch order and masks."""

from functools import lru_cache

import numpy as np

NAMES = ("split", "weights", "order", "dropout")  # a name's position enters its seed: append, never reorder

WORD = 2**32


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one purpose (`NAMES`), independent of those of other purposes and seeds."""
    words = [seed % WORD, NAMES.index(name)]
    # NumPy cuts a number into words of 32 bits and fills up with zeros: a second word of the seed goes last, where it
    # cannot be taken for the purpose
    return np.random.default_rng(words if seed < WORD else [*words, seed // WORD])


@lru_cache(maxsize=16)
def dropout_key(seed: int) -> np.uint64:
    """Return the 64-bit key of the dropout masks, which are a pure function of it (`kernels`)."""
    return stream(seed, "dropout").integers(2**64, dtype=np.uint64)
