"""Families of claims in which nothing is to be found: how many hold a false verdict all the same?"""

from pathlib import Path

import numpy as np

from harness.statistics.judging import LEVEL, Evidence, advantage_test, inside_test, judge_families, out_of_reach
from harness.statistics.paired import sign_flip_test

MARGIN = 0.5
GAUSSIAN = {"gaussian": lambda rng, size: rng.normal(size=size)}
EXCHANGEABLE = GAUSSIAN | {
    "skewed": lambda rng, size: rng.lognormal(sigma=1.5, size=size),
    "heavy-tailed": lambda rng, size: rng.standard_t(1.5, size=size),
    "ties": lambda rng, size: rng.integers(0, 4, size=size) / 100,
}
"""What an arm brings to a seed, the same for every arm."""
ASYMMETRIC = {"asymmetric": lambda rng, size: rng.lognormal(sigma=1.0, size=size) - np.exp(0.5)}
"""Differences of mean 0 that no exchangeable arms could have."""


def allowed(families):
    """5 %, and three standard errors of the simulation."""
    return LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / families)


def possible(n, m):
    """Whether n seeds can give one of m sign-flip verdicts."""
    return not out_of_reach(n, m)


def arms_of_one_kind(draw, rng, families, m, n):
    """Advantages (families, m, 1, n) of m arms over one reference, exchangeable within the seed."""
    seeds = draw(rng, (families, 1, n))
    values = draw(rng, (families, m + 1, n)) + seeds
    return (values[:, 1:] - values[:, :1])[:, :, None]


def sign_flips_where_it_matters(rows):
    """The sign-flip test of rows (r, n), but 1 where p is above a tenth: that saves two thirds of 2^20 flips a row.

    At least a tenth of all flipped sums are as large as the root of the sum of squares (Oleszkiewicz 1996, On the
    Stein property of Rademacher sequences).
    """
    far = np.abs(rows.sum(1)) > np.sqrt((rows**2).sum(1)) * (1 - 1e-9)
    p = np.ones(len(rows))
    p[far] = sign_flip_test(rows[far])
    return p


def false_verdicts(differences):
    """Share of families, of differences (families, m, k, n) that mean nothing, with a verdict."""
    judged = judge_families(advantage_test(differences, test=sign_flips_where_it_matters), differences.shape[1])
    return float((judged.verdict != "inconclusive").any(-1).mean())


def false_equivalences(differences):
    """Share of families, of differences (families, m, k, n) whose mean lies on the margin, called equivalent."""
    judged = judge_families(inside_test(differences, -MARGIN, MARGIN), differences.shape[1])
    return float((judged.verdict == "supported").any(-1).mean())


def on_the_edge(draw, rng, families, m, n):
    """Differences (families, m, 1, n) of mean `MARGIN`."""
    return draw(rng, (families, m, 1, n)) + MARGIN


def decided_by_looking(advantages, looks):
    """Share of families (families, m, 1, n) with a verdict at any look; a verdict stays as it was given."""
    families, m = advantages.shape[:2]
    supported, refuted = np.ones((2, families, m))
    open_ = np.ones((families, m), dtype=bool)
    for n in looks:
        now = advantage_test(advantages[..., :n], test=sign_flips_where_it_matters)
        supported[open_], refuted[open_] = now.supported[open_], now.refuted[open_]
        open_ &= judge_families(Evidence(supported, refuted), m, len(looks)).verdict == "inconclusive"
    return float((~open_).any(-1).mean())


def real_errors():
    """Test errors (%) of 200 seeds of one recipe: 784-128-64, SGD at 0.3, 3 epochs of 20 000 images of MNIST."""
    return np.loadtxt(Path(__file__).with_name("sgd_errors.csv"), delimiter=",", skiprows=1)[:, 1]


def two_sets(errors, rng, families, m, n):
    """Differences (families, m, 1, n) of m disjoint random sets of n seeds from one more, paired at random."""
    values = rng.permuted(np.tile(errors, (families, 1)), axis=1)[:, : (m + 1) * n].reshape(families, m + 1, n)
    return (values[:, 1:] - values[:, :1])[:, :, None]
