"""The laws of a mean and its t-interval."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.intervals import summarise, t_interval

numbers = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)
samples = st.lists(numbers, min_size=2, max_size=30)


def test_interval_of_three_seeds_by_hand():
    found = t_interval([1.0, 2.0, 3.0])
    assert (found.n, found.mean) == (3, 2.0)
    assert found.half == pytest.approx(4.302652729749464 / np.sqrt(3))  # t(2) at 97.5 %, times s = 1, over √3


@given(samples)
def test_interval_is_scipys(values):
    found = t_interval(values)
    error = scipy.stats.sem(values)
    if error == 0:
        assert found.low == found.mean == found.high
    else:
        low, high = scipy.stats.t.interval(0.95, len(values) - 1, np.mean(values), error)
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-6)


def test_one_seed_has_a_mean_and_no_interval():
    found = t_interval([0.97])
    assert (found.n, found.mean) == (1, 0.97)
    assert np.isnan([found.low, found.high]).all()


def test_no_seed_has_nothing():
    found = t_interval([])
    assert found.n == 0
    assert np.isnan([found.mean, found.low, found.high]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_seed_without_a_value_is_not_dropped_in_silence(bad):
    with pytest.raises(ValueError, match="finite"):
        t_interval([0.9, bad])


@given(samples, st.floats(0.5, 8), st.floats(-100, 100))
def test_interval_moves_and_stretches_with_its_values(values, scale, shift):
    before, after = t_interval(values), t_interval([scale * value + shift for value in values])
    expected = [scale * bound + shift for bound in (before.mean, before.low, before.high)]
    assert [after.mean, after.low, after.high] == pytest.approx(expected, rel=1e-6, abs=1e-2)


def test_interval_covers_the_true_mean_95_times_in_100():
    draws = np.random.default_rng(0).normal(3.0, 2.0, size=(4000, 5))
    covered = [found.low <= 3.0 <= found.high for found in map(t_interval, draws)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.012)  # 3.5 standard errors of the share


def test_summary_is_the_interval_of_each_group():
    frame = pd.DataFrame({"arm": list("bbbaa"), "error": [1.0, 2.0, 4.0, 5.0, 9.0]})
    table = summarise(frame, ["arm"], "error")
    assert table["arm"].tolist() == ["b", "a"]  # as they came
    for row, values in zip(table.to_dict("records"), ([1.0, 2.0, 4.0], [5.0, 9.0]), strict=True):
        one = t_interval(values)
        assert (row["n"], row["mean"], row["low"], row["high"]) == pytest.approx((one.n, one.mean, one.low, one.high))


def test_summary_counts_the_seeds_without_a_value():
    frame = pd.DataFrame({"arm": ["a"] * 4 + ["b"], "error": [1.0, np.nan, 3.0, np.inf, np.nan]})
    table = summarise(frame, ["arm"], "error").set_index("arm")
    assert table.loc["a", ["n", "total", "mean"]].tolist() == [2, 4, 2.0]
    assert table.loc["b", ["n", "total"]].tolist() == [0, 1]
    assert np.isnan(table.loc["b", "mean"])


def test_summary_of_nothing_has_the_same_columns():
    full = summarise(pd.DataFrame({"arm": ["a"], "error": [1.0]}), ["arm"], "error")
    empty = summarise(pd.DataFrame({"arm": [], "error": []}), ["arm"], "error")
    assert list(empty.columns) == list(full.columns)
    assert len(empty) == 0
