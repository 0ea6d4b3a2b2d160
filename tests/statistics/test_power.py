"""The seeds that would decide: power as simulated, whether the fast approximation is the test, what is not counted."""

import numpy as np
import pytest
from null_families import real_errors, two_sets

from harness.statistics.judging import advantage_test, inside_test
from harness.statistics.paired import sign_flip_test
from harness.statistics.power import BEYOND, ENOUGH, power, quick_sign_flip_test, seeds_to_decide

LEVEL = 0.05


def difference_p(advantages):
    return advantage_test(advantages, test=quick_sign_flip_test).p


def equivalence_p(differences):
    return inside_test(differences, -0.5, 0.5).p


@pytest.mark.parametrize("shift", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("n", [20, 25, 40])
def test_the_fast_p_is_that_of_the_test(n, shift):
    rows = np.random.default_rng(n).normal(shift, size=(20, n))
    exact, fast = sign_flip_test(rows), quick_sign_flip_test(rows)
    noise = 5 * np.sqrt(exact * (1 - exact) / 100_000) if n > 20 else 0.0  # of the draws
    assert (np.abs(fast - exact) <= 0.06 * exact + noise + 1e-5).all()


def test_the_fast_p_knows_the_ends():
    found = quick_sign_flip_test([np.zeros(30), np.ones(30), [np.nan] * 30, [1, -1] * 15])
    assert found[[0, 1]].tolist() == [1, pytest.approx(1 / 100_001)]
    assert np.isnan(found[2])
    assert found[3] == 1


def test_as_many_seeds_as_decide_have_the_power_and_one_less_has_not():
    seen = np.random.default_rng(5).normal(0.4, 1, size=(1, 12))
    for level in (LEVEL, LEVEL / 25):
        n = seeds_to_decide(difference_p, seen, level)
        assert power(difference_p, seen, n, level) >= ENOUGH > power(difference_p, seen, n - 1, level)
        assert 13 < n < 300


def test_they_are_as_many_as_a_t_test_takes():
    seen = np.random.default_rng(2).normal(size=(1, 30))
    seen = (seen - seen.mean()) / seen.std() + 0.4
    assert seeds_to_decide(difference_p, seen, LEVEL) == pytest.approx(52, abs=5)  # G*Power: d = 0.4, two-sided


def test_what_more_than_1000_seeds_would_take_is_not_counted():
    nothing = np.array([[1.0, -1.0] * 5])
    assert seeds_to_decide(difference_p, nothing, LEVEL) == BEYOND
    assert seeds_to_decide(equivalence_p, nothing + 0.5, LEVEL) == BEYOND


def test_an_equivalence_has_seeds_that_decide_it_too():
    seen = np.random.default_rng(3).normal(0.1, 0.8, size=(3, 8))
    n = seeds_to_decide(equivalence_p, seen, LEVEL)
    assert power(equivalence_p, seen, n, LEVEL) >= ENOUGH
    assert 8 < n < 200


@pytest.mark.parametrize("seen", [np.zeros((1, 1)), np.zeros((1, 0)), np.array([[1.0, np.nan, 2.0]])])
def test_from_nothing_nothing_is_foretold(seen):
    assert seeds_to_decide(difference_p, seen, LEVEL) is None


def test_a_planted_difference_is_found_as_often_as_20_other_seeds_foretell_that_know_it():
    """In the mean within 5 points, one prediction within 15; without knowing it they are too hopeful."""
    n, planted, rng = 25, 0.5, np.random.default_rng(4)
    foretold, found, hoped = [], [], []
    for _ in range(60):
        errors = rng.permutation(real_errors())
        others = (errors[:20] - errors[20:40])[None]
        foretold.append(power(difference_p, others, n, LEVEL, planted))
        hoped.append(power(difference_p, others + planted, n, LEVEL))
        found.append(np.mean(difference_p(two_sets(errors[40:], rng, 20, 1, n)[:, 0] + planted) <= LEVEL))
    assert np.mean(foretold) == pytest.approx(np.mean(found), abs=0.05)
    assert np.quantile(np.abs(foretold - np.mean(foretold)), 0.9) < 0.15
    assert np.mean(hoped) > np.mean(found) + 0.05
    assert np.std(hoped) > 2 * np.std(foretold)
