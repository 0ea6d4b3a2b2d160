"""A thousand arms against the reference are compared in seconds, at ten seeds and at the most that are exact."""

import numpy as np
import pandas as pd
import pytest

from harness.statistics.paired import EXACT_UP_TO, paired_differences, pairs_of

ARMS = 1000
SECONDS = 5


@pytest.mark.parametrize("seeds", [10, EXACT_UP_TO, 40])
def test_a_thousand_arms_are_compared_in_seconds(benchmark, seeds):
    values = np.random.default_rng(seeds).normal(size=(seeds, ARMS))
    frame = pd.DataFrame(values).melt(ignore_index=False, var_name="arm").rename_axis("seed").reset_index()
    pairs = pairs_of(list(range(ARMS)), 0)
    table = benchmark.pedantic(paired_differences, (frame, pairs), rounds=1)
    assert len(table) == ARMS - 1
    assert table["p"].between(0, 1).all()
    assert benchmark.stats.stats.max < SECONDS
