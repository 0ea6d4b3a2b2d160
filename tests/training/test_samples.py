"""What is evaluated again and again is copied together, and is the same."""

import numpy as np

from harness.training.samples import gathered
from harness.training.setup import pack


def test_rows_that_are_copied_together_are_those_rows_packed():
    rng = np.random.default_rng(0)
    pixels = rng.integers(1, 256, (20, 300), np.uint8) * (rng.random((20, 300)) < 0.3)
    pixels[[4, 19]] = 0  # nothing is listed for these
    for rows in ([2, 3, 11], [0, 4, 19], [], [*range(20)]):
        found = gathered(pack(pixels), np.array(rows, np.int64), 300)
        expected = pack(pixels[rows])
        np.testing.assert_array_equal(found.starts, expected.starts)
        np.testing.assert_array_equal(found.nonzeros, expected.nonzeros)
