"""What seeds say about a claim: one function a form, for arrays, and the words for a whole family of verdicts.

The seeds stand in the last axis; `k` comparisons (rivals of one side, or pairs of arms) in the axis before; whatever
stands before these is a stack of claims, judged at once. Each form gives two p: one in favour of the claim, one in
favour of its opposite. At most one of them is small. A NaN (a lost seed that has no value) makes both NaN.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from harness.statistics.intervals import half_width
from harness.statistics.paired import holm, sign_flip_test

LEVEL = 0.05
Word = Literal["supported", "refuted", "inconclusive", "exploratory"]
WORDS: tuple[Word, ...] = get_args(Word)


class Evidence(NamedTuple):
    """Two p of each claim, (...): that it holds, and that its opposite holds."""

    supported: np.ndarray
    refuted: np.ndarray

    @property
    def p(self) -> np.ndarray:
        """The p of the direction in which the seeds point."""
        return np.minimum(self.supported, self.refuted)


class Judged(NamedTuple):
    """Of each claim of a family, (..., c): its p, its p after adjustment for the family, and the word."""

    p: np.ndarray
    p_adjusted: np.ndarray
    verdict: np.ndarray


class Estimate(NamedTuple):
    """Mean of n seeds with the bounds of its 95 % t-interval (NaN at one seed), and the share of seeds in favour."""

    n: int
    effect: float
    low: float
    high: float
    share: float


def advantage_test(
    advantages: ArrayLike, at_least: float = 0.0, test: Callable[[np.ndarray], np.ndarray] = sign_flip_test
) -> Evidence:
    """Judge "better than each of k rivals" by paired advantages (..., k, n); above 0 is in favour.

    The sign-flip test of each rival is two-sided. The claim holds where every rival is beaten, so its p is the largest
    of the k (Berger 1982, intersection-union test), 1 where one of them is not behind in the mean. The opposite holds
    where any rival is ahead: k times the smallest p among those (Bonferroni). An advantage of less than `at_least`
    counts for neither side: the advantages are shifted by it before the test, both ways (Murphy and Myors 1999, tests
    of minimum effects). `test` takes rows (r, n) and returns their p (r,).
    """
    given = np.asarray(advantages, dtype=float)
    *stack, k, n = given.shape
    mean = given.mean(-1)
    shifted = given - np.sign(mean)[..., None] * at_least
    p = test(shifted.reshape(-1, n)).reshape(*stack, k)
    ahead = np.where(mean > at_least, p, np.where(np.isnan(mean), np.nan, 1.0))
    behind = np.where(mean < -at_least, p, np.where(np.isnan(mean), np.nan, 1.0))
    return Evidence(ahead.max(-1), np.minimum(1.0, k * behind.min(-1)))


def inside_test(values: ArrayLike, low: float, high: float) -> Evidence:
    """Judge "each of k means lies between `low` and `high`" by values (..., k, n) with one-sided t-tests.

    The claim's p is the largest one-sided p over both bounds and all k: two one-sided tests (Schuirmann 1987), joined
    as Berger (1982) joins them. The opposite holds where any mean lies outside: 2k times the smallest one-sided p of
    lying beyond a bound (Bonferroni). `equivalent` is this test of all paired differences between -margin and margin,
    `within` that of one mean. One seed has no spread to judge by: p is 1.
    """
    given = np.asarray(values, dtype=float)
    k, n = given.shape[-2:]
    mean = given.mean(-1)
    if n < 2:
        nothing = np.where(np.isnan(mean), np.nan, 1.0).max(-1)
        return Evidence(nothing, nothing)
    error = given.std(-1, ddof=1) / np.sqrt(n)
    above, below = _t(mean - low, error), _t(high - mean, error)
    supported = np.maximum(stdtr(n - 1, -above), stdtr(n - 1, -below)).max(-1)
    outside = np.minimum(stdtr(n - 1, above), stdtr(n - 1, below)).min(-1)
    return Evidence(supported, np.minimum(1.0, 2 * k * outside))


def _t(distance: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return distance / error; where nothing varies it is infinite, or 0 on the bound itself."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((distance == 0) & (error == 0), 0.0, distance / error)


def slopes(ladder: ArrayLike) -> np.ndarray:
    """Return each seed's contrast (n,) of a ladder (steps, n): the least-squares slope on the ranks of its steps.

    It is the mean rise for each step, in the metric's unit. At least two steps. Averaged over ladders and turned to the
    claimed direction, slopes are the advantages that `advantage_test` judges a trend by.

    Source: Page (1963), Ordered hypotheses for multiple treatments, has the ranks; the linear contrast of each unit is
    that of a repeated-measures trend (Winer 1971, section 4.4).
    """
    steps = np.asarray(ladder, dtype=float)
    ranks = np.arange(len(steps)) - (len(steps) - 1) / 2
    return ranks @ steps / (ranks @ ranks)


def all_equal(values: ArrayLike, value: float, tolerance: float) -> Word:
    """Judge "every one of the values (n,) is this one": exact, for what has no chance in it.

    `inconclusive` where there is no value, or one is not finite.
    """
    given = np.asarray(values, dtype=float)
    if not given.size or not np.isfinite(given).all():
        return "inconclusive"
    rounding = 1e-12 * max(abs(value), tolerance)
    return "supported" if (np.abs(given - value) <= tolerance + rounding).all() else "refuted"


def estimate(values: ArrayLike, in_favour: ArrayLike) -> Estimate:
    """Return what is told beside a verdict of values (n,); all but n is NaN where one of them is, or there is none."""
    given = np.asarray(values, dtype=float)
    n = len(given)
    if not n or np.isnan(given).any():
        return Estimate(n, np.nan, np.nan, np.nan, np.nan)
    mean = float(given.mean())
    half = float(half_width(given.std(ddof=1), n)) if n > 1 else np.nan
    return Estimate(n, mean, mean - half, mean + half, float(np.asarray(in_favour).mean()))


def nearest_rival(advantages: ArrayLike) -> int:
    """Return which of k rivals, by advantages (k, n), is beaten by least; one without a mean is nearest of all."""
    return int(np.argmin(np.asarray(advantages, dtype=float).mean(-1)))  # argmin takes the first NaN, if any


def out_of_reach(n: ArrayLike, m: int, looks: int = 1) -> np.ndarray:
    """Tell where no sign-flip verdict of a family of m can fall: even with all n seeds of one mind, p is too large."""
    return m * looks * 2.0 ** (1 - np.asarray(n, dtype=float)) > LEVEL


def judge_families(evidence: Evidence, m: int, looks: int = 1) -> Judged:
    """Judge families of claims (..., c) by their p; each is one of m ≥ c, for claims without data count too.

    Holm's adjustment goes over all m, after every p was multiplied by the number of looks at the data (Bonferroni over
    looks). `verdict` is supported or refuted where the adjusted p is at most 0.05, else inconclusive.
    """
    p = evidence.p
    absent = np.full((*p.shape[:-1], m - p.shape[-1]), np.nan)
    adjusted = holm(np.concatenate([np.minimum(1.0, looks * p), absent], axis=-1))[..., : p.shape[-1]]
    word = np.where(evidence.supported <= evidence.refuted, "supported", "refuted")
    return Judged(p, adjusted, np.where(adjusted <= LEVEL, word, "inconclusive"))  # a NaN is not


def disagree(estimate: Estimate, p: float, at_least: float = 0.0) -> bool:
    """Tell whether the 95 % t-interval and the unadjusted p say different things about a difference."""
    if np.isnan(p) or np.isnan(estimate.low):
        return False
    return bool((estimate.low > at_least or estimate.high < -at_least) != (p <= LEVEL))
