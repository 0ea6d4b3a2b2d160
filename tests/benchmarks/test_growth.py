"""A training step grows no faster with width, depth and batch than its arithmetic does."""

from itertools import pairwise

import pytest

from harness.bench import growth
from harness.training.threads import one_thread

SLACK = 1.2  # noise, and caches that are left


@pytest.mark.parametrize("ladder", growth.LADDERS)
def test_time_grows_no_faster_than_arithmetic(benchmark, ladder):
    with one_thread():
        rows = benchmark.pedantic(growth.measure, (ladder, 7, 0.03), rounds=1)
    for small, large in pairwise(rows):
        time, arithmetic = large["us_per_step"] / small["us_per_step"], large["flops"] / small["flops"]
        assert time <= SLACK * arithmetic, f"{small['network']} → {large['network']}"
