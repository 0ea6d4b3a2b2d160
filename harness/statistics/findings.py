"""What the seeds say on one question of a study: the numbers that its test reads, their p, and what is told beside."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.spec.claims import Comparison, Question, Unit
from harness.statistics.claim_values import unit_name
from harness.statistics.judging import (
    Estimate,
    Evidence,
    Word,
    advantage_test,
    all_equal,
    estimate,
    inside_test,
    nearest_rival,
    slopes,
)
from harness.statistics.power import Test, quick_sign_flip_test


class Side(NamedTuple):
    """One side of a question: its name, and its own mean and median; reached: seeds that came to the target."""

    name: str
    mean: float  # NaN where more than half of its seeds missed
    median: float
    reached: str  # "7 of 8"; "" where neither side missed anything


NOBODY = Side("", np.nan, np.nan, "")
NOTHING = Evidence(np.array(np.nan), np.array(np.nan))


class Finding(NamedTuple):
    """What n seeds say on a question, before its family is looked at."""

    supported: float  # p in favour of the claim, and of its opposite; NaN where there is none
    refuted: float
    estimate: Estimate
    seen: np.ndarray  # (k, n) what the test reads
    test: Test | None  # the p of many such; None: what has no chance in it
    a: Side
    b: Side = NOBODY
    at_least: float = 0.0
    word: Word | None = None  # the verdict, where that needs no p
    lost: int = 0  # seeds
    reason: str = ""  # why there is no p, in words


class Seeds(NamedTuple):
    """The values of a question's units at the seeds that all of them have: tables (seeds, units)."""

    value: pd.DataFrame
    lost: pd.DataFrame
    missed: pd.DataFrame

    def of(self, unit: Unit) -> np.ndarray:
        """The unit's values (n,)."""
        return self.value[unit_name(unit)].to_numpy(dtype=float)

    def difference(self, pairs: Sequence[tuple[Unit, Unit]]) -> np.ndarray:
        """The differences a - b (n,), averaged over the pairs within each seed."""
        return np.mean([self.of(a) - self.of(b) for a, b in pairs], axis=0)

    def side(self, name: str, units: Iterable[Unit]) -> Side:
        """What is told of some units together."""
        names = [unit_name(unit) for unit in units]
        mean, missed = self.value[names].mean(axis=1, skipna=False), self.missed[names].to_numpy()
        if mean.isna().any() or mean.empty:
            return Side(name, np.nan, np.nan, "")
        reached = f"{(~missed).sum()} of {missed.size}" if self.missed.to_numpy().any() else ""
        return Side(name, np.nan if missed.mean() > 0.5 else mean.mean(), mean.median(), reached)


def units_of(question: Question) -> list[Unit]:
    """Return every unit that a question reads, once."""
    pairs = [pair for comparison in question.comparisons for pair in (*comparison.pairs, *comparison.minus)]
    return list(dict.fromkeys((*itertools.chain(*pairs, *question.ladders), *question.units)))


def find(question: Question, values: pd.DataFrame) -> Finding:
    """Return what the values of a question (`seed, arm, value, lost, missed`, as `claim_values` has them) say."""
    names = [unit_name(unit) for unit in units_of(question)]
    there = values.pivot(index="seed", columns="arm", values="lost").reindex(columns=names).notna().all(axis=1)
    tables = [values.pivot(index="seed", columns="arm", values=name).reindex(columns=names)[there]
              for name in ("value", "lost", "missed")]  # fmt: skip
    value = tables[0].astype(float).replace([np.inf, -np.inf], np.nan)  # a ratio to 0 is no number to judge by
    seeds = Seeds(value, tables[1].astype(bool), tables[2].astype(bool))
    lost, n = int(seeds.lost.any(axis=1).sum()), len(seeds.value)
    known = int(seeds.value.notna().all(axis=1).sum())
    finding = FORMS[question.claim.form](question, seeds)._replace(lost=lost)
    if not n:
        return finding._replace(reason="no seed that all of its arms have" if len(values) else "no trial that has it")
    if known < n:
        reason = f"{lost} seed{'s' * (lost != 1)} lost" if lost else f"no value at {n - known} of {n} seeds"
        return finding._replace(reason=reason)
    return finding


def _better(question: Question, seeds: Seeds) -> Finding:
    claim, bar = question.claim, question.claim.at_least or 0.0
    differences = np.array([_contrast(comparison, seeds) for comparison in question.comparisons])
    advantages = -differences if claim.lower_is_better else differences
    nearest = nearest_rival(advantages) if advantages.size else 0
    told = estimate(differences[nearest], advantages[nearest] > bar)
    sides = _two_sides(question.comparisons[nearest], seeds)
    return _by_flips(advantages, told, *sides, at_least=bar)


def _contrast(comparison: Comparison, seeds: Seeds) -> np.ndarray:
    difference = seeds.difference(comparison.pairs)
    return difference - seeds.difference(comparison.minus) if comparison.minus else difference


def _trend(question: Question, seeds: Seeds) -> Finding:
    claim, ladders = question.claim, question.ladders
    rises = np.mean([slopes(np.array([seeds.of(unit) for unit in ladder])) for ladder in ladders], axis=0)
    advantages = rises[None] if claim.trend == "rises" else -rises[None]
    lowest = seeds.side(f"lowest {claim.over}", [ladder[0] for ladder in ladders])
    highest = seeds.side(f"highest {claim.over}", [ladder[-1] for ladder in ladders])
    return _by_flips(advantages, estimate(rises, advantages[0] > 0), lowest, highest)


def _equivalent(question: Question, seeds: Seeds) -> Finding:
    margin = question.claim.margin or 0.0
    differences = np.array([seeds.difference(comparison.pairs) for comparison in question.comparisons])
    widest = int(np.argmax(np.abs(differences.mean(-1)))) if differences.size else 0
    told = estimate(differences[widest], np.abs(differences[widest]) <= margin)
    return _by_t(differences, -margin, margin, told, *_two_sides(question.comparisons[widest], seeds))


def _within(question: Question, seeds: Seeds) -> Finding:
    low, high = question.claim.within
    mean = np.mean([seeds.of(unit) for unit in question.units], axis=0)
    return _by_t(mean[None], low, high, estimate(mean, (low <= mean) & (mean <= high)), seeds.side("", question.units))


def _equals(question: Question, seeds: Seeds) -> Finding:
    value, tolerance = question.claim.equals or 0.0, question.claim.tolerance or 0.0
    found = np.array([seeds.of(unit) for unit in question.units])
    alike = [all_equal(column, value, tolerance) == "supported" for column in found.T]
    told, word = estimate(found.mean(0), alike), all_equal(found.ravel(), value, tolerance)
    return Finding(np.nan, np.nan, told, found, None, seeds.side("", question.units), word=word)


FORMS: dict[str, Callable[[Question, Seeds], Finding]] = {
    "better": _better,
    "differs": _better,
    "trend": _trend,
    "equivalent": _equivalent,
    "within": _within,
    "equals": _equals,
}


def _two_sides(comparison: Comparison, seeds: Seeds) -> tuple[Side, Side]:
    a, b = (list(dict.fromkeys(pair[side] for pair in comparison.pairs)) for side in (0, 1))
    return seeds.side(comparison.a, a), seeds.side(comparison.b, b)


def _by_flips(advantages: np.ndarray, told: Estimate, a: Side, b: Side, at_least: float = 0.0) -> Finding:
    """Return the finding on advantages (k, n) by the sign-flip test; a faster one like it foretells the seeds to go."""
    evidence = advantage_test(advantages, at_least) if told.n else NOTHING
    quick = partial(advantage_test, at_least=at_least, test=quick_sign_flip_test)
    supported, refuted = map(float, evidence)
    return Finding(supported, refuted, told, advantages, lambda rows: quick(rows).p, a, b, at_least)


def _by_t(values: np.ndarray, low: float, high: float, told: Estimate, a: Side, b: Side = NOBODY) -> Finding:
    """Return the finding on values (k, n) by t-tests."""
    evidence = inside_test(values, low, high) if told.n else NOTHING
    supported, refuted = map(float, evidence)
    return Finding(supported, refuted, told, values, lambda rows: inside_test(rows, low, high).p, a, b)
