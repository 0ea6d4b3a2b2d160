"""What a probe returns."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Measured(NamedTuple):
    """One number for each of the probe's `METRICS`, and one column for each of its `ROWS`, all of one length."""

    metrics: Mapping[str, float]
    rows: Mapping[str, Sequence[float]] = {}


def log_spaced(limit: int) -> list[int]:
    """Return the steps up to `limit` that stand for all in a figure: every one at first, then about 25 a decade."""
    spaced = np.geomspace(1, limit, int(25 * np.log10(limit)) + 2)
    return [0, *dict.fromkeys(round(step) for step in spaced)]
