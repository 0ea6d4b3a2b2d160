"""Arms compared in pairs of the same seed: differences, their t-interval, an exact test, Holm's adjustment.

Each function takes plain arrays, or a frame with the columns `seed`, `arm` and `value`; none knows of studies.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from harness.statistics.intervals import half_width

EXACT_UP_TO = 20  # seeds: 2^20 flips
DRAWS = 100_000
KEY = 20  # of the generator that draws flips
SAME = 1e-9  # sums that differ by less, relative to the sum of |d|, are tied: only rounding parts them
BLOCK = 1 << 22  # numbers held at a time
FULL_TABLE = 6  # arms; of more, only the differences from the reference are told
PAIR_COLUMNS = ("a", "b", "n", "difference", "low", "high", "share", "p", "p_adjusted")


def pairs_of(arms: Sequence[str], reference: str, every: bool = False) -> list[tuple[str, str]]:
    """Return the pairs (a, b) to compare: each arm with the reference as b, then every other pair.

    Of more than six arms, the other pairs are left out unless `every` asks for them.
    """
    others = [arm for arm in arms if arm != reference]
    rest = itertools.combinations(others, 2) if every or len(arms) <= FULL_TABLE else ()
    return [*((arm, reference) for arm in others), *((later, earlier) for earlier, later in rest)]


def paired_differences(
    values: pd.DataFrame, pairs: Sequence[tuple[str, str]], lower_is_better: bool = True
) -> pd.DataFrame:
    """Return a row per pair (a, b): `a, b, n, difference, low, high, share, p, p_adjusted`.

    `values` has the columns `seed`, `arm`, `value`, one row a seed and arm. `n` counts the seeds that both arms have,
    `difference` is the mean of a - b over them, `low` and `high` bound its 95 % t-interval, `share` is the share of
    seeds in which a is strictly better, `p` is two-sided, of the sign-flip test, `p_adjusted` Holm's over the pairs
    given. A seed without a finite value leaves its pair without a result rather than being dropped; one seed bounds no
    interval. Rows of `values` may come in any order. Of times, `values` may tell what was `missed`, and of each arm the
    `most` it was given: a miss then counts as the more of the two arms compared. Raises ValueError for a seed that an
    arm has twice.
    """
    given = values.assign(value=values["value"].replace([np.inf, -np.inf], np.nan), there=1.0)
    columns = ("value", "there", *(name for name in ("missed", "most") if "most" in values))
    by_seed = {column: given.pivot(index="seed", columns="arm", values=column) for column in columns}

    def of(side: int, column: str) -> np.ndarray:
        """One side of every pair, (pairs, seeds); NaN where the arm lacks the seed."""
        return by_seed[column].reindex(columns=[pair[side] for pair in pairs]).to_numpy(dtype=float).T

    matched = ~np.isnan(of(0, "there") + of(1, "there"))
    sides = [of(side, "value") for side in (0, 1)]
    if "most" in columns:
        most = np.fmax(of(0, "most"), of(1, "most"))
        sides = [np.where(of(side, "missed") == 1, most, value) for side, value in enumerate(sides)]
    told = seed_by_seed(sides[0] - sides[1], matched)
    better = told["below" if lower_is_better else "above"]
    table = pd.DataFrame(pairs, columns=["a", "b"]).join(told).assign(share=better, p_adjusted=holm(told["p"]))
    return table[list(PAIR_COLUMNS)]


def seed_by_seed(differences: np.ndarray, there: np.ndarray) -> pd.DataFrame:
    """Return a row for each row of paired differences (k, seeds): `n, difference, low, high, below, above, p`.

    `there` (k, seeds) tells which seeds a row has: `n` of them. `difference` is their mean, `low` and `high` bound its
    95 % t-interval, `below` and `above` are the shares of seeds on either side of 0, and `p` is that of the sign-flip
    test. A seed that is there without a finite value leaves its row without a result; one seed bounds no interval.
    """
    columns = ["difference", "low", "high", "below", "above", "p"]
    table = pd.DataFrame({"n": there.sum(1), **dict.fromkeys(columns, np.nan)})
    for n in np.unique(table["n"][table["n"] > 0]):
        rows = np.flatnonzero(table["n"] == n)
        d = differences[rows][there[rows]].reshape(-1, n)
        mean = d.mean(1)
        half = half_width(d.std(1, ddof=1), n) if n > 1 else np.full(len(mean), np.nan)
        known = np.where(np.isnan(mean), np.nan, 1.0)
        below, above = known * (d < 0).mean(1), known * (d > 0).mean(1)
        table.loc[rows, columns] = np.column_stack([mean, mean - half, mean + half, below, above, sign_flip_test(d)])
    return table


def sign_flip_test(differences: ArrayLike) -> np.ndarray:
    """Return the two-sided p of each row of paired differences (k, n): is their mean further from 0 than chance has it?

    Under the null hypothesis that the arms are exchangeable within a seed, each difference is as likely to have the
    other sign. p is the share of the 2^n flips whose |sum| is at least the one seen, ties included: all flips up to
    n = 20, beyond that 100 000 drawn with a fixed key, p = (1 + hits) / (1 + draws). A row with a NaN has p NaN.

    Source: Fisher (1935), The Design of Experiments, section 21; for the drawn form Phipson and Smyth (2010),
    Permutation p-values should never be zero.
    """
    rows = np.atleast_2d(np.asarray(differences, dtype=float))
    n = rows.shape[1]
    result = np.full(len(rows), np.nan)
    whole = np.flatnonzero(~np.isnan(rows).any(1)) if n else np.array([], dtype=int)
    for part in _blocks(whole, 2 ** (n // 2 + 1) if n <= EXACT_UP_TO else DRAWS // 100):
        d = rows[part]
        bar = np.abs(d.sum(1)) - SAME * np.abs(d).sum(1)
        result[part] = _exact(d, bar) if n <= EXACT_UP_TO else _drawn(d, bar)
    return result


def _exact(d: np.ndarray, bar: np.ndarray) -> np.ndarray:
    """Return the share of the 2^n flipped sums of each row that are at least `bar` or at most -`bar`.

    A flipped sum is one of the first half of the seeds plus one of the second; those that reach the bar are counted
    in sorted order, so 2^(n/2) numbers are sorted instead of 2^n visited.
    """
    n = d.shape[1]
    needed = bar[:, None] - _flipped_sums(d[:, : n // 2])  # of the second half, for each sum of the first
    order = np.argsort(np.hstack([needed, _flipped_sums(d[:, n // 2 :])]), axis=1, kind="stable")
    is_bound = order < needed.shape[1]
    reached = np.where(is_bound, 0, np.cumsum(is_bound, axis=1)).sum(1)  # pairs whose sum is at least the bar
    return np.minimum(1.0, 2 * reached / 2.0**n)  # as many lie at -bar; both at once only when all do


def _flipped_sums(d: np.ndarray) -> np.ndarray:
    """Return all 2^n sums ±d₁ ± … ± dₙ of each row (k, n)."""
    sums = np.zeros((len(d), 1))
    for column in d.T[:, :, None]:
        sums = np.hstack([sums + column, sums - column])
    return sums


def _drawn(d: np.ndarray, bar: np.ndarray) -> np.ndarray:
    """Return (1 + hits) / (1 + draws), the same draws for every row."""
    rng = np.random.default_rng(KEY)
    hits = np.zeros(len(d))
    for _ in range(100):
        signs = 2.0 * rng.integers(0, 2, size=(d.shape[1], DRAWS // 100)) - 1
        hits += (np.abs(d @ signs) >= bar[:, None]).sum(1)
    return (1 + hits) / (1 + DRAWS)


def _blocks(rows: np.ndarray, numbers: int) -> Iterator[np.ndarray]:
    """Cut the rows so that a block of them, with so many numbers each, fits into memory."""
    step = max(1, BLOCK // numbers)
    return (rows[start : start + step] for start in range(0, len(rows), step))


def holm(p: ArrayLike) -> np.ndarray:
    """Return Holm's adjusted p of families (..., m): the chance of any false verdict in one stays below the level.

    The i-th smallest is multiplied by m - i + 1, and none is smaller than one before it. A NaN stays NaN and counts in
    m all the same, so a family does not become easier because a comparison is missing.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, axis=-1, kind="stable")  # NaN last
    steps = np.take_along_axis(p, order, -1) * np.arange(p.shape[-1], 0, -1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(steps, axis=-1), 1.0), -1)
    return adjusted


def smallest_p(n: int) -> float:
    """Return the least p that the sign-flip test of `n` seeds can have."""
    return min(1.0, 2.0 ** (1 - n)) if n <= EXACT_UP_TO else 1 / (1 + DRAWS)
