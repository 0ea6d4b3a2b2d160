"""The laws of verdicts: each form against another's opinion, what is missing, and families in which nothing is true."""

import numpy as np
import pytest
import scipy.stats
from null_families import (
    EXCHANGEABLE,
    GAUSSIAN,
    allowed,
    arms_of_one_kind,
    decided_by_looking,
    false_equivalences,
    false_verdicts,
    on_the_edge,
    possible,
    real_errors,
    two_sets,
)
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from harness.statistics.decidable import seeds_that_can_decide
from harness.statistics.judging import (
    Estimate,
    Evidence,
    advantage_test,
    all_equal,
    disagree,
    estimate,
    inside_test,
    judge_families,
    nearest_rival,
    out_of_reach,
    slopes,
)
from harness.statistics.paired import holm, sign_flip_test

FAMILIES = 2000


def scipys_p(differences):
    """The exact two-sided p of the same test, by scipy."""
    return scipy.stats.permutation_test(
        (differences, np.zeros_like(differences)),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    ).pvalue


def judged(advantages, m=1, at_least=0.0, looks=1):
    """The word for one claim of a family of m, by its advantages (k, n)."""
    return str(judge_families(advantage_test([advantages], at_least), m, looks).verdict[0])


def test_against_one_rival_p_is_that_of_scipys_permutation_test():
    ahead = np.random.default_rng(0).normal(0.5, size=(1, 9))
    for advantages in (ahead, -ahead):
        assert advantage_test(advantages).p == pytest.approx(scipys_p(advantages[0]), abs=1e-12)
    found = advantage_test(ahead)
    assert (found.refuted, advantage_test(-ahead).supported) == (1, 1), "only one direction can be shown"


def test_every_rival_must_be_beaten():
    rng = np.random.default_rng(1)
    advantages = np.abs(rng.normal(1.0, 0.3, size=(3, 8)))
    advantages[1] = rng.normal(size=8)
    advantages[1] += 0.3 - advantages[1].mean()
    found = advantage_test(advantages)
    assert found.supported == pytest.approx(max(map(scipys_p, advantages)))
    advantages[2] *= -1
    assert advantage_test(advantages).supported == 1


def test_any_rival_ahead_refutes_at_k_times_its_p():
    rng = np.random.default_rng(2)
    advantages = np.vstack([rng.normal(1, 1, size=8), -np.abs(rng.normal(size=8)), rng.normal(-0.4, 1, size=8)])
    behind = [row for row in advantages if row.mean() < 0]
    found = advantage_test(advantages)
    assert found.refuted == pytest.approx(min(1, 3 * min(map(scipys_p, behind))))
    assert judged(advantages) == "refuted"


def test_an_advantage_that_is_too_small_counts_for_neither_side():
    small, large = np.linspace(0.05, 0.09, 8)[None], np.linspace(0.15, 0.19, 8)[None]
    words = {judged(sign * row, at_least=0.1) for sign in (1, -1) for row in [small]}
    assert words == {"inconclusive"}
    assert judged(small) == "supported"
    assert [judged(large, at_least=0.1), judged(-large, at_least=0.1)] == ["supported", "refuted"]
    noisy = np.random.default_rng(3).normal(0.6, 0.5, size=(1, 9))
    assert advantage_test(noisy, 0.1).supported == pytest.approx(scipys_p(noisy[0] - 0.1))
    assert advantage_test(-noisy, 0.1).refuted == pytest.approx(scipys_p(noisy[0] - 0.1))


def test_two_arms_that_are_the_same_are_not_told_apart():
    found = advantage_test(np.zeros((1, 8)))
    assert (found.supported, found.refuted) == (1, 1)


@pytest.mark.parametrize("form", [advantage_test, lambda values: inside_test(values, -1, 1)])
def test_a_seed_without_a_value_leaves_no_p_whoever_the_rival(form):
    values = np.random.default_rng(4).normal(size=(2, 8))
    values[1, 3] = np.nan
    assert np.isnan(form(values)).all()
    assert judge_families(form(values[None]), 1).verdict.tolist() == ["inconclusive"]


def tost_by_hand(d, low, high):
    """Two one-sided tests as the textbook has them: the larger p of `mean ≤ low` and `mean ≥ high`."""
    error = d.std(ddof=1) / np.sqrt(len(d))
    return max(
        scipy.stats.t.sf((d.mean() - low) / error, len(d) - 1), scipy.stats.t.cdf((d.mean() - high) / error, len(d) - 1)
    )


def test_equivalent_is_tost_over_all_pairs():
    d = np.random.default_rng(5).normal(0.05, 0.2, size=(3, 10))
    p = [tost_by_hand(row, -0.3, 0.3) for row in d]
    assert inside_test(d, -0.3, 0.3).supported == pytest.approx(max(p))
    assert p[0] == pytest.approx(ttost_paired(d[0], np.zeros(10), -0.3, 0.3)[0])
    assert inside_test(d, -0.3, 0.3).refuted == 1


def test_what_lies_outside_refutes_at_twice_its_p_a_pair():
    d = np.random.default_rng(6).normal(0.0, 0.2, size=(3, 10))
    d[1] -= 0.6
    p = scipy.stats.ttest_1samp(d[1], -0.3, alternative="less").pvalue
    assert inside_test(d, -0.3, 0.3).refuted == pytest.approx(2 * 3 * p)
    assert judge_families(inside_test(d[None], -0.3, 0.3), 1).verdict.tolist() == ["refuted"]


def test_without_spread_the_mean_alone_says_whether_it_lies_inside():
    assert inside_test(np.zeros((1, 5)), -0.1, 0.1).supported == 0
    assert inside_test(np.full((1, 5), 0.25), -0.125, 0.125).refuted == 0
    on_the_bound = inside_test(np.full((1, 5), 0.125), -0.125, 0.125)
    assert (on_the_bound.supported, on_the_bound.refuted) == (0.5, 1)
    assert inside_test([[0.0]], -0.1, 0.1) == (1, 1), "one seed shows nothing"


def test_a_slope_is_the_mean_rise_a_step():
    ladder = np.add.outer([1, 3, 5, 7], [0, 10, -10])
    assert slopes(ladder) == pytest.approx([2, 2, 2])
    y = np.random.default_rng(7).normal(size=(5, 4))
    assert slopes(y) == pytest.approx([scipy.stats.linregress(range(5), column).slope for column in y.T])
    assert slopes(y[::-1]) == pytest.approx(-slopes(y))
    assert slopes(y[:2]) == pytest.approx(y[1] - y[0])


def test_what_has_no_chance_in_it_is_equal_at_every_seed_or_not():
    assert all_equal([0.3, 0.3], 0.2, 0.1) == "supported", "the tolerance itself is allowed, rounding aside"
    assert all_equal([0.68171, 0.6818], 0.6817, 1e-4) == "supported"
    assert all_equal([0.6817, 0.6819], 0.6817, 1e-4) == "refuted"
    assert all_equal([1.0], 1.0, 0.0) == "supported"
    assert all_equal([], 1.0, 0.1) == all_equal([1.0, np.nan], 1.0, 0.1) == "inconclusive"


@pytest.mark.parametrize("m", [1, 2, 7, 40])
def test_the_adjustment_is_statsmodels_holm(m, monkeypatch):
    monkeypatch.setattr("gc.collect", lambda: 0)  # multipletests calls it; among the suite's objects it takes a second
    p = np.random.default_rng(m).beta(0.3, 1, size=(6, m))
    expected = [multipletests(row, 0.05, method="holm") for row in p]
    assert holm(p) == pytest.approx(np.array([row[1] for row in expected]))
    rejected = judge_families(Evidence(p, np.ones_like(p)), m).verdict == "supported"
    assert np.array_equal(rejected, np.array([row[0] for row in expected]))


def test_claims_without_data_and_looks_at_the_data_are_paid_for():
    evidence = Evidence(np.array([0.001, 1.0]), np.array([1.0, 0.02]))
    assert judge_families(evidence, 2).verdict.tolist() == ["supported", "refuted"]
    assert judge_families(evidence, 5).p_adjusted == pytest.approx([0.005, 0.08])
    assert judge_families(evidence, 2, looks=3).p_adjusted == pytest.approx([0.006, 0.06])
    assert judge_families(evidence, 2, looks=3).p == pytest.approx([0.001, 0.02])


@pytest.mark.parametrize(("m", "looks"), [(1, 1), (5, 1), (25, 1), (1, 3), (12, 4)])
def test_no_verdict_falls_where_all_seeds_of_one_mind_are_too_few(m, looks):
    n = seeds_that_can_decide(m * looks)
    assert out_of_reach([n - 1, n], m, looks).tolist() == [True, False]
    of_one_mind = np.arange(1.0, n + 1)[None]
    assert judged(of_one_mind, m, looks=looks) == "supported"
    assert judged(of_one_mind[:, :-1], m, looks=looks) == "inconclusive"


def test_the_nearest_rival_is_the_one_beaten_by_least():
    assert nearest_rival([[3, 3], [1, 2], [2, 2]]) == 1
    assert nearest_rival([[3, 3], [-1, np.nan], [-2, 2]]) == 1


def test_beside_a_verdict_stand_mean_interval_and_share():
    d = np.random.default_rng(8).normal(size=7)
    found, expected = estimate(d, d > 0), scipy.stats.ttest_1samp(d, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.n, found.effect, found.share) == (7, pytest.approx(d.mean()), np.mean(d > 0))
    one = estimate([2.0], [True])
    assert (one.n, one.effect, one.share) == (1, 2, 1)
    assert np.isnan([one.low, one.high]).all()
    assert estimate([], [])[0] == 0
    assert estimate([1.0, np.nan], [True, False]).n == 2


def test_an_interval_that_disagrees_with_p_is_marked():
    clear, wide, bound = Estimate(8, 1, 0.5, 1.5, 1), Estimate(8, 1, -0.5, 2.5, 1), Estimate(1, 1, np.nan, np.nan, 1)
    assert [disagree(clear, 0.01), disagree(clear, 0.06)] == [False, True]
    assert [disagree(wide, 0.01), disagree(wide, 0.06)] == [True, False]
    assert disagree(clear, 0.01, at_least=0.6)
    assert not disagree(bound, 1.0)
    assert not disagree(clear, np.nan)


@pytest.mark.parametrize("n", [6, 8, 10, 20])
@pytest.mark.parametrize("kind", EXCHANGEABLE)
def test_of_families_in_which_nothing_is_true_one_in_twenty_at_most_holds_a_verdict(kind, n):
    rng = np.random.default_rng([n, *kind.encode()])
    sizes = [m for m in (1, 5, 25) if possible(n, m)]
    families = FAMILIES if n < 20 else FAMILIES // 20  # 2^20 flips each
    differences = arms_of_one_kind(EXCHANGEABLE[kind], rng, families, max(sizes), n)
    for m in sizes:
        assert false_verdicts(differences[:, :m]) <= allowed(families), f"{m} claims"


@pytest.mark.parametrize("n", [6, 10, 20])
@pytest.mark.parametrize("m", [1, 5, 25])
def test_of_families_on_the_margins_edge_one_in_twenty_at_most_is_called_equivalent(n, m):
    differences = on_the_edge(GAUSSIAN["gaussian"], np.random.default_rng([n, m]), FAMILIES, m, n)
    assert false_equivalences(differences) <= allowed(FAMILIES)


def test_looking_three_times_finds_no_more_than_looking_once():
    differences = arms_of_one_kind(GAUSSIAN["gaussian"], np.random.default_rng(10), 300, 2, 40)
    assert decided_by_looking(differences, (10, 20, 40)) <= allowed(300)


@pytest.mark.parametrize(("n", "m"), [(8, 1), (10, 5)])
def test_two_sets_of_seeds_of_one_recipe_are_told_apart_once_in_twenty_at_most(n, m):
    differences = two_sets(real_errors(), np.random.default_rng(n), FAMILIES, m, n)
    assert false_verdicts(differences) <= allowed(FAMILIES)


def test_swapping_sides_turns_every_verdict_round():
    advantages = np.random.default_rng(9).normal(0.4, 1, size=(500, 1, 8))
    one, other = advantage_test(advantages), advantage_test(-advantages)
    assert np.array_equal(one.supported, other.refuted)
    assert np.array_equal(one.p, sign_flip_test(advantages[:, 0]))
