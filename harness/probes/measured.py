"""What a probe returns."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Measured(NamedTuple):
    """One number for each of the probe's `METRICS`, and one column for each of its `ROWS`, all of one length."""

    metrics: Mapping[str, float]
    rows: Mapping[str, Sequence[float]] = {}
