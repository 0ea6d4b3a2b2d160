"""Figures of several arms that differ in one field: one number a seed.

Each function takes tables (seeds, arms), the arms in ascending order of the field, and the field's `values` (arms,);
it returns one number a seed, NaN where there is none. What was lost is told by the tables themselves.
"""

import numpy as np


def best_rate(losses: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the rate with the least final validation loss; NaN in `losses` is a lost trial, which is never best."""
    found = values[np.argmin(np.where(np.isnan(losses), np.inf, losses), axis=1)]
    return np.where(np.isnan(losses).all(1), np.nan, found)


def highest_stable_rate(diverged: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the largest rate at which training did not diverge (1: it did, 0: it did not); 0 where it always did.

    NaN in `diverged` is a trial that failed, so nobody knows.
    """
    found = np.where(diverged == 0, values, 0.0).max(1)
    return np.where(np.isnan(diverged).any(1), np.nan, found)


def rate_sensitivity(losses: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return how much loss a rate of the grid costs on average, above that of the best.

    No rate counts worse than guessing (`chance`, of the same shape), which is what one counts that diverged.

    Source: Wortsman et al. (2023), Small-scale proxies for large-scale Transformer training instabilities, section 2.2.
    """
    counted = np.where(np.isnan(losses), chance, np.minimum(losses, chance))
    return counted.mean(1) - counted.min(1)


def smallest(reached: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the least value of the field that reached its target (1: it did, 0: not); NaN where none did."""
    found = np.where(reached == 1, values, np.inf).min(1)
    return np.where(np.isinf(found), np.nan, found)
