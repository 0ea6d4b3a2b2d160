"""How many seeds a verdict takes: arithmetic, which planning does without loading what compares."""

import math


def seeds_that_can_decide(comparisons: int) -> int:
    """Return the least n at which one of so many comparisons can have an adjusted p of at most 0.05."""
    return math.ceil(1 + math.log2(20 * comparisons))
