"""The laws of paired differences: the interval, the sign-flip test, Holm's adjustment, and what may be missing."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from harness.statistics.decidable import seeds_that_can_decide
from harness.statistics.paired import (
    PAIR_COLUMNS,
    holm,
    paired_differences,
    pairs_of,
    sign_flip_test,
    smallest_p,
)

FAMILIES = 2000
ALLOWED = 0.05 + 3 * np.sqrt(0.05 * 0.95 / FAMILIES)  # three standard errors of the simulation
MARGINALS = {
    "gaussian": lambda rng, size: rng.normal(size=size),
    "skewed": lambda rng, size: rng.lognormal(sigma=1.5, size=size),
    "heavy-tailed": lambda rng, size: rng.standard_t(1.5, size=size),
    "ties": lambda rng, size: rng.integers(0, 4, size=size) / 100,
}


def frame_of(**arms):
    """Values of arms at seeds 0, 1, …, seed by seed; None is a trial that has not been run."""
    rows = [
        (seed, arm, value) for arm, values in arms.items() for seed, value in enumerate(values) if value is not None
    ]
    return pd.DataFrame(rows, columns=["seed", "arm", "value"])


def only(values, a="a", b="b"):
    return paired_differences(values, [(a, b)]).iloc[0]


def by_enumeration(d):
    """The share of all flips with a sum at least as far from 0, one by one."""
    seen = abs(sum(d))
    sums = [
        abs(sum(s * x for s, x in zip(signs, d, strict=True))) for signs in itertools.product((1, -1), repeat=len(d))
    ]
    return np.mean([total >= seen - 1e-9 for total in sums])


@pytest.mark.parametrize("n", [2, 3, 5, 8, 11])
@pytest.mark.parametrize(
    "draw", [np.random.default_rng(1).normal, lambda size: np.random.default_rng(2).integers(-2, 4, size)]
)
def test_p_is_that_of_scipys_exact_permutation_test(n, draw):
    a, b = draw(size=(2, n)).astype(float)
    expected = scipy.stats.permutation_test(
        (a, b),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert sign_flip_test(a - b)[0] == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 4, 7, 10])
def test_p_is_the_share_of_all_flips_that_reach_the_sum(n):
    rng = np.random.default_rng(n)
    rows = np.vstack([rng.normal(0.5, size=(20, n)), rng.integers(-1, 3, size=(20, n)) / 100])
    assert sign_flip_test(rows) == pytest.approx([by_enumeration(row) for row in rows], abs=1e-12)


def test_up_to_20_seeds_every_flip_counts():
    d = np.random.default_rng(3).normal(0.3, size=20)
    sums = np.zeros(1)
    for value in d:
        sums = np.concatenate([sums + value, sums - value])
    assert sign_flip_test(d)[0] == pytest.approx(np.mean(np.abs(sums) >= abs(d.sum()) - 1e-9), abs=1e-12)
    assert sign_flip_test(np.abs(d))[0] == 2.0**-19 == smallest_p(20)


def test_beyond_20_seeds_p_is_drawn_near_the_exact_one_and_always_the_same():
    d = np.random.default_rng(4).normal(0.25, size=22)
    sums = np.zeros(1)
    for value in d:
        sums = np.concatenate([sums + value, sums - value])
    exact = np.mean(np.abs(sums) >= abs(d.sum()))
    (drawn,) = sign_flip_test(d)
    assert drawn == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / 100_000))
    assert drawn != exact
    assert sign_flip_test(d)[0] == drawn
    assert sign_flip_test(np.abs(d))[0] == pytest.approx(1 / 100_001) == smallest_p(22)


def test_rounding_parts_no_tie():
    error = 100 * (1 - np.array([0.9769, 0.9779, 0.9723, 0.9713, 0.9755]))
    other = 100 * (1 - np.array([0.9779, 0.9769, 0.9713, 0.9703, 0.9745]))  # each a hundredth apart
    assert sign_flip_test(error - other)[0] == sign_flip_test([1, -1, -1, -1, -1])[0] == 12 / 32


def test_holm_of_the_textbook():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == pytest.approx([0.02])
    assert holm([]).size == 0


def test_a_comparison_without_p_counts_in_the_family():
    found = holm([0.01, np.nan, 0.02])
    assert found[[0, 2]] == pytest.approx([0.03, 0.04])
    assert np.isnan(found[1])


@pytest.mark.parametrize("n", [6, 8, 10])
@pytest.mark.parametrize("marginal", MARGINALS)
def test_of_families_without_a_difference_one_in_twenty_at_most_shows_one(marginal, n):
    rng = np.random.default_rng([n, *marginal.encode()])
    values = MARGINALS[marginal](rng, (FAMILIES, n, 26)) + MARGINALS[marginal](rng, (FAMILIES, n, 1))
    differences = (values[:, :, 1:] - values[:, :, :1]).transpose(0, 2, 1)  # 25 arms against one reference
    p = sign_flip_test(differences.reshape(-1, n)).reshape(FAMILIES, 25)
    for m in (1, 5, 25):
        false = np.mean([(holm(family) <= 0.05).any() for family in p[:, :m]])
        assert false <= ALLOWED, f"{m} comparisons"


def test_a_difference_that_is_there_is_found():
    rng = np.random.default_rng(5)
    differences = rng.normal(1.0, 1.0, size=(FAMILIES, 10))
    assert np.mean(sign_flip_test(differences) <= 0.05) > 0.75  # the t-test has 0.80


def test_intervals_of_gaussian_differences_cover_95_times_in_100():
    pairs, seeds, truth = 10_000, 8, 0.3
    rng = np.random.default_rng(6)
    values = rng.normal(size=(seeds, 1)) * 5 + rng.normal(size=(seeds, 2 * pairs))
    values[:, :pairs] += truth
    frame = pd.DataFrame(values).melt(ignore_index=False, var_name="arm").rename_axis("seed").reset_index()
    table = paired_differences(frame, [(number, pairs + number) for number in range(pairs)])
    covered = np.mean((table["low"] <= truth) & (truth <= table["high"]))
    assert 0.94 <= covered <= 0.96


def test_the_interval_is_scipys():
    rng = np.random.default_rng(7)
    a, b = rng.normal(5, 1, size=(2, 9))
    row, expected = only(frame_of(a=a, b=b)), scipy.stats.ttest_rel(a, b).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))
    assert row["difference"] == pytest.approx(np.mean(a - b))


def test_three_seeds_by_hand():
    row = only(frame_of(a=[1.0, 2.0, 3.0], b=[2.0, 4.0, 6.0]))
    assert (row["n"], row["difference"], row["share"], row["p"]) == (3, -2.0, 1.0, 0.25)
    assert row["high"] - row["low"] == pytest.approx(2 * 4.302652729749464 / np.sqrt(3))


def test_the_seeds_in_favour_are_those_where_a_is_better_ties_aside():
    values = frame_of(a=[1.0, 2.0, 3.0, 4.0], b=[2.0, 2.0, 2.0, 5.0])
    assert only(values)["share"] == 0.5
    assert paired_differences(values, [("a", "b")], lower_is_better=False)["share"].tolist() == [0.25]


def test_two_arms_that_are_the_same_differ_by_nothing():
    row = only(frame_of(a=[4.1, 4.7, 3.9], b=[4.1, 4.7, 3.9]))
    assert (row["difference"], row["low"], row["high"], row["share"], row["p"]) == (0, 0, 0, 0, 1)


def test_what_seeds_bring_to_both_arms_cancels_out():
    rng = np.random.default_rng(8)
    a, b, shift = rng.normal(size=6), rng.normal(size=6), 100 * rng.normal(size=6)
    plain, shifted = only(frame_of(a=a, b=b)), only(frame_of(a=a + shift, b=b + shift))
    assert shifted.drop(["a", "b"]).tolist() == pytest.approx(plain.drop(["a", "b"]).tolist())


def test_swapping_the_arms_turns_the_sign_and_nothing_else():
    values = frame_of(a=[1.0, 2.5, 3.0, 7.0], b=[2.0, 2.0, 2.0, 2.0])
    one, other = only(values), only(values, "b", "a")
    assert (other["difference"], other["low"], other["high"]) == (-one["difference"], -one["high"], -one["low"])
    assert other["p"] == one["p"]
    assert other["share"] == 1 - one["share"]


def test_the_order_of_the_rows_changes_nothing():
    rng = np.random.default_rng(9)
    values = frame_of(**{arm: rng.normal(size=7) for arm in "abcd"})
    pairs = pairs_of(list("abcd"), "b")
    shuffled = values.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(
        paired_differences(shuffled, pairs), paired_differences(values, pairs), check_exact=True
    )


def test_one_seed_has_a_difference_and_no_interval():
    row = only(frame_of(a=[1.0], b=[3.0]))
    assert (row["n"], row["difference"], row["share"], row["p"]) == (1, -2.0, 1.0, 1.0)
    assert np.isnan([row["low"], row["high"]]).all()


def test_a_seed_that_only_one_arm_has_is_not_paired():
    row = only(frame_of(a=[1.0, 2.0, None, 9.0], b=[2.0, 4.0, 7.0, None]))
    assert (row["n"], row["difference"]) == (2, -1.5)
    table = paired_differences(frame_of(a=[1.0, 2.0, 2.5], b=[2.0, 4.0, 7.0], c=[5.0]), [("a", "b"), ("c", "b")])
    assert table["n"].tolist() == [3, 1]


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
def test_a_seed_without_a_value_leaves_no_result_and_is_counted(nothing):
    row = only(frame_of(a=[1.0, nothing, 3.0], b=[2.0, 4.0, 6.0]))
    assert row["n"] == 3
    assert row[["difference", "low", "high", "share", "p", "p_adjusted"]].isna().all()


def test_an_arm_that_has_no_trial_keeps_its_row():
    table = paired_differences(frame_of(a=[1.0, 2.0], b=[2.0, 4.0]), [("a", "b"), ("never", "b")])
    assert table["n"].tolist() == [2, 0]
    assert table.loc[1, ["difference", "p", "p_adjusted"]].isna().all()
    assert table.loc[0, "p_adjusted"] == 2 * table.loc[0, "p"]


def test_no_pair_is_an_empty_table():
    table = paired_differences(frame_of(a=[1.0, 2.0]), [])
    assert list(table.columns) == list(PAIR_COLUMNS)
    assert table.empty


def test_no_trial_leaves_every_pair_without_a_seed():
    table = paired_differences(frame_of(), [("a", "b")])
    assert table["n"].tolist() == [0]
    assert table.loc[0, ["difference", "low", "high", "share", "p", "p_adjusted"]].isna().all()


def test_a_seed_that_an_arm_has_twice_is_refused():
    twice = pd.concat([frame_of(a=[1.0], b=[2.0])] * 2)
    with pytest.raises(ValueError, match="duplicate"):
        only(twice)


def test_up_to_six_arms_every_pair_is_compared_once_and_of_more_those_with_the_reference():
    six, seven = list("abcdef"), list("abcdefg")
    pairs = pairs_of(six, "c")
    assert pairs[:5] == [(arm, "c") for arm in "abdef"]
    assert {frozenset(pair) for pair in pairs} == {frozenset(pair) for pair in itertools.combinations(six, 2)}
    assert len(pairs) == 15
    assert pairs_of(seven, "c") == [(arm, "c") for arm in "abdefg"]
    assert len({frozenset(pair) for pair in pairs_of(seven, "c", every=True)}) == 21
    assert pairs_of(["a"], "a") == []


@pytest.mark.parametrize("comparisons", [1, 2, 5, 15, 25, 100])
def test_the_seeds_that_can_decide_are_the_fewest(comparisons):
    n = seeds_that_can_decide(comparisons)
    assert comparisons * smallest_p(n) <= 0.05 < comparisons * smallest_p(n - 1)


def test_a_miss_counts_as_the_larger_budget_of_the_two_arms_compared():
    rows = [(seed, arm, value, value is None, most)
            for arm, most, values in (("a", 4.0, [2, None, None]), ("b", 6.0, [3, 5, None]), ("c", 9.0, [1, 1, None]))
            for seed, value in enumerate(values)]  # fmt: skip
    values = pd.DataFrame(rows, columns=["seed", "arm", "value", "missed", "most"]).fillna({"value": 9.0})
    found = paired_differences(values, [("a", "b"), ("a", "c"), ("b", "c")])
    expected = [np.mean([-1, 6 - 5, 0]), np.mean([1, 9 - 1, 0]), np.mean([2, 4, 0])]
    assert found["difference"].tolist() == pytest.approx(expected)
