"""How often verdicts are wrong, in full: 20 000 families of every kind, and real trainings.

Run it with ``python -m pytest tests/benchmarks/test_verdict_rates.py -s -n0``; it prints every rate. What lies outside
of what is promised (asymmetric differences, equivalence of skewed ones, the power of an effect that was itself only
seen) is printed beside, without a bound.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "statistics"))  # for null_families
from null_families import (
    ASYMMETRIC,
    EXCHANGEABLE,
    GAUSSIAN,
    MARGIN,
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

from harness.statistics.intervals import half_width
from harness.statistics.judging import LEVEL, advantage_test
from harness.statistics.power import power, quick_sign_flip_test

FAMILIES = 20_000
AT_ONCE = 1000
SIZES = (1, 5, 25)
SEEDS = (6, 8, 10, 20)


def in_parts(rate, families=FAMILIES):
    """The mean of a rate over parts of the families, as many at once as fit into memory; it may be a list of rates."""
    return np.mean([rate(AT_ONCE) for _ in range(families // AT_ONCE)], axis=0)


@pytest.mark.parametrize("n", SEEDS)
@pytest.mark.parametrize("kind", EXCHANGEABLE | ASYMMETRIC)
def test_false_verdicts_of_differences(kind, n):
    rng = np.random.default_rng([n, *kind.encode()])
    sizes = [m for m in SIZES if possible(n, m)]

    def rates(families):
        if kind in ASYMMETRIC:  # the differences themselves are asymmetric, with mean 0
            differences = ASYMMETRIC[kind](rng, (families, max(sizes), 1, n))
        else:
            differences = arms_of_one_kind(EXCHANGEABLE[kind], rng, families, max(sizes), n)
        return [false_verdicts(differences[:, :m]) for m in sizes]

    for m, rate in zip(sizes, in_parts(rates), strict=True):
        outside = " (outside of what is promised)" * (kind in ASYMMETRIC)
        print(f"\ndifferences, {kind}, n = {n}, m = {m}: {100 * rate:.2f} %{outside}", end="")
        assert kind in ASYMMETRIC or rate <= allowed(FAMILIES)


@pytest.mark.parametrize("n", SEEDS)
@pytest.mark.parametrize("m", SIZES)
@pytest.mark.parametrize("kind", GAUSSIAN | ASYMMETRIC)
def test_false_equivalences_at_the_margins_edge(kind, m, n):
    rng = np.random.default_rng([m, n])
    draw = (GAUSSIAN | ASYMMETRIC)[kind]
    scale = MARGIN / 4  # the margin is four standard deviations of a difference
    rate = in_parts(
        lambda families: false_equivalences(on_the_edge(lambda *size: scale * draw(*size), rng, families, m, n))
    )
    outside = " (outside of what is promised)" * (kind in ASYMMETRIC)
    print(f"\nequivalence at the edge, {kind}, n = {n}, m = {m}: {100 * rate:.2f} %{outside}", end="")
    assert kind in ASYMMETRIC or rate <= allowed(FAMILIES)


@pytest.mark.parametrize("n", SEEDS)
def test_intervals_cover(n):
    differences = np.random.default_rng(n).normal(size=(FAMILIES, n))
    covered = np.mean(np.abs(differences.mean(1)) <= half_width(differences.std(1, ddof=1), n))
    print(f"\n95 % t-interval of Gaussian differences, n = {n}: covers {100 * covered:.2f} %", end="")
    assert 0.94 <= covered <= 0.96


@pytest.mark.parametrize("m", [1, 5])
@pytest.mark.parametrize("kind", EXCHANGEABLE)
def test_false_verdicts_of_three_looks(kind, m):
    families = FAMILIES if m == 1 else 4000
    rng = np.random.default_rng([m, *kind.encode()])
    rate = in_parts(
        lambda count: decided_by_looking(arms_of_one_kind(EXCHANGEABLE[kind], rng, count, m, 40), (10, 20, 40)),
        families,
    )
    print(f"\nthree looks at 10, 20, 40, {kind}, m = {m}, {families} families: {100 * rate:.2f} %", end="")
    assert rate <= allowed(families)


@pytest.mark.parametrize(("n", "m"), [(6, 1), (8, 1), (8, 5), (10, 1), (10, 5), (20, 1), (20, 5)])
def test_false_verdicts_on_real_trainings(n, m):
    rate = false_verdicts(two_sets(real_errors(), np.random.default_rng([n, m]), 2000, m, n))
    print(f"\ntwo sets of real trainings, n = {n}, m = {m}, 2000 families: {100 * rate:.2f} %", end="")
    assert rate <= allowed(2000)


@pytest.mark.parametrize(("n", "planted"), [(10, 0.5), (20, 0.5), (40, 0.5), (10, 2.0), (20, 2.0), (40, 2.0)])
def test_a_planted_difference_is_found_as_often_as_20_other_seeds_foretell(n, planted):
    rng = np.random.default_rng([n, int(10 * planted)])
    known, seen_only, found = [], [], []
    for _ in range(300):
        errors = rng.permutation(real_errors())
        others = (errors[:20] - errors[20:40])[None]
        known.append(power(_p, others, n, LEVEL, planted))
        seen_only.append(power(_p, others + planted, n, LEVEL))
        found.append(np.mean(_p(two_sets(errors[40:], rng, 100, 1, n)[:, 0] + planted) <= LEVEL))
    told = ", ".join(
        f"{name} {100 * np.mean(foretold):.1f} % (standard deviation of one {100 * np.std(foretold):.1f}, "
        f"5 % to 95 %: {' to '.join(f'{100 * q:.0f}' for q in np.quantile(foretold, [0.05, 0.95]))})"
        for name, foretold in (("foretold from their spread", known), ("from the effect that they show too", seen_only))
    )
    print(f"\nplanted {planted} points, n = {n}: found {100 * np.mean(found):.1f} %, {told}", end="")
    assert planted > 0.5 or abs(np.mean(known) - np.mean(found)) <= 0.05


def _p(advantages):
    return advantage_test(advantages, test=quick_sign_flip_test).p
