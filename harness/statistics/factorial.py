"""What each ingredient of a factorial experiment is worth: main effects, leave one out, add one in, Shapley, pairs.

Each function takes a frame with a row per seed and combination: the column `seed`, a column of booleans for each
factor (is the ingredient in?) and `value`. An effect is always **with the ingredient minus without it**, in the unit of
`value`: of an error, an effect below 0 is an ingredient that helps. Each effect is a weighted sum of the combinations,
taken within the seed, so that seeds are the unit of its interval and of its test.
"""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.spec.ablation import JOINT
from harness.statistics.paired import holm, seed_by_seed

KINDS = ("main", "leave_one_out", "add_one_in", "shapley", "interaction")
EFFECT_COLUMNS = ("kind", "factors", "n", "effect", "low", "high", "p", "p_adjusted")
ROUNDING = 1e-12  # of the terms of a sum; what is left of them below that is none


def effects(values: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Return a row per kind and factor (or pair of factors): `kind, factors, n, effect, low, high, p, p_adjusted`.

    - `main`: the mean over all combinations of the other ingredients (Fisher 1935; Box, Hunter and Hunter 2005).
    - `leave_one_out`: everything minus everything but the ingredient, what leaving it out would cost.
    - `add_one_in`: the ingredient alone minus nothing.
    - `shapley`: the mean over all orders in which the ingredients may be put in, of what it adds when its turn comes
      (Shapley 1953, A value for n-person games). These sum to the whole gain, see `whole_gain`.
    - `interaction`: of a pair, how much more the one brings where the other is in than where it is not, in the mean
      over all combinations of the rest: a difference of differences, twice the contrast of Box, Hunter and Hunter.

    `n` counts the seeds that have every combination which the effect reads, `low` and `high` bound the 95 % t-interval
    of their mean, `p` is that of the sign-flip test, `p_adjusted` Holm's within the kind. A seed without a finite value
    leaves the effects that read it without a result rather than being dropped. Times may come with a column `missed`:
    where more than half miss on both sides of an effect it has no result, and where more than half miss on one side it
    is a lower bound, for what a miss counts is one. Raises ValueError for a seed that has a combination twice.
    """
    seen = _seen(values, factors, _rows(len(factors)))
    table = _told(seen).assign(**_names(factors))
    table["p_adjusted"] = table.groupby("kind", sort=False)["p"].transform(lambda p: holm(p.to_numpy()))
    return table[list(EFFECT_COLUMNS)]


def seed_effects(values: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Return the effects seed by seed: `kind, factors, seed, effect`, a row for each that `effects` is the mean of."""
    seen = _seen(values, factors, _rows(len(factors)))
    wide = pd.DataFrame(np.where(seen.there, seen.effects, np.nan), columns=seen.seeds).assign(**_names(factors))
    return wide.melt(["kind", "factors"], var_name="seed", value_name="effect").dropna(ignore_index=True)


def whole_gain(values: pd.DataFrame, factors: Sequence[str]) -> pd.Series:
    """Return `n, effect, low, high, p` of everything minus nothing: what the Shapley values sum to."""
    row = np.zeros((1, 2 ** len(factors)))
    row[0, [0, -1]] = -1, 1
    return _told(_seen(values, factors, row)).iloc[0]


def weights(k: int) -> dict[str, np.ndarray]:
    """Return the weights of the 2^k combinations in each effect, by kind: (k, 2^k), of interactions (k(k-1)/2, 2^k).

    A combination is a number whose highest of k bits is the first factor, so nothing comes first and everything last.
    """
    has = combinations(k).T  # (k, 2^k)
    sign = np.where(has, 1.0, -1.0)
    size = has.sum(0)
    others = size - has  # how many other ingredients are in, (k, 2^k)
    orders = np.array([math.factorial(s) * math.factorial(k - s - 1) for s in range(k)]) / math.factorial(k)
    pairs = list(itertools.combinations(range(k), 2))
    both = np.array([sign[i] * sign[j] for i, j in pairs]).reshape(len(pairs), 2**k)
    return {
        "main": sign / 2 ** (k - 1),
        "leave_one_out": sign * (others == k - 1),
        "add_one_in": sign * (others == 0),
        "shapley": sign * orders[others],
        "interaction": both / 2 ** max(k - 2, 0),
    }


def combinations(k: int) -> np.ndarray:
    """Return which of k ingredients each combination has, (2^k, k)."""
    return np.array(list(itertools.product((False, True), repeat=k)))


def _rows(k: int) -> np.ndarray:
    return np.vstack(list(weights(k).values()))


def _names(factors: Sequence[str]) -> dict[str, list[str]]:
    """Return the kind of each row of weights, and what it is the effect of."""
    pairs = [JOINT.join(pair) for pair in itertools.combinations(factors, 2)]
    kinds = [kind for kind in KINDS for _ in (pairs if kind == "interaction" else factors)]
    return {"kind": kinds, "factors": [*factors] * 4 + pairs}


class _Seen(NamedTuple):
    """Effects by seed, (rows, seeds), NaN where one is not known, and which seeds have what it reads."""

    seeds: list[int]
    effects: np.ndarray
    there: np.ndarray


def _told(seen: _Seen) -> pd.DataFrame:
    """Return `n, effect, low, high, p` of each row."""
    told = seed_by_seed(seen.effects, seen.there).rename(columns={"difference": "effect"})
    return told[["n", "effect", "low", "high", "p"]]


def _seen(values: pd.DataFrame, factors: Sequence[str], rows: np.ndarray) -> _Seen:
    """Weigh the combinations of each seed by `rows` (rows, 2^k)."""
    bits = 2 ** np.arange(len(factors))[::-1]
    frame = values[["seed", "value"]].assign(
        cell=values[list(factors)].to_numpy(dtype=bool) @ bits,
        missed=values.get("missed", False),
    )
    columns = pd.MultiIndex.from_product([["value", "missed"], range(rows.shape[1])])
    by_cell = frame.pivot(index="seed", columns="cell").reindex(columns=columns).astype(float)
    value, missed = (by_cell[name].to_numpy() for name in ("value", "missed"))  # (seeds, 2^k); NaN: not run
    reads = (rows != 0).T.astype(float)
    there = (np.isnan(missed) @ reads == 0).T
    unknown = (~np.isfinite(value) @ reads > 0).T | (_half(missed, rows > 0) & _half(missed, rows < 0))[:, None]
    known = np.where(np.isfinite(value), value, 0.0).T
    found = rows @ known
    found[np.abs(found) <= ROUNDING * (np.abs(rows) @ np.abs(known))] = 0.0
    return _Seen(by_cell.index.tolist(), np.where(unknown, np.nan, found), there)


def _half(missed: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Tell of each row whether more than half of what stands on one side of it was missed."""
    return 2 * (np.nan_to_num(missed) @ side.T).sum(0) > (~np.isnan(missed)).astype(float).sum(0) @ side.T
