"""Timing in interleaved rounds: a disturbance of the machine slows down equally all that is compared.

The clock is the processor time of the process, summed over its threads. For one thread on an idle machine that is the
wall time; other processes do not lengthen it, and a second thread counts.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import process_time as clock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
Name = TypeVar("Name", bound=str)


def seconds_per_call(calls: Mapping[Name, Callable[[], object]], rounds: int, sample: float) -> dict[Name, Seconds]:
    """Time every call once a round, for about `sample` seconds each time; return its seconds a call, (rounds,)."""
    with _no_garbage_collection():
        repeats = {name: _repeats(call, sample) for name, call in calls.items()}
        taken: dict[Name, list[float]] = {name: [] for name in calls}
        for order in rotations(list(calls), rounds):
            for name in order:
                taken[name].append(_seconds(calls[name], repeats[name]) / repeats[name])
    return {name: np.array(seconds) for name, seconds in taken.items()}


def rotations(names: Sequence[Name], rounds: int) -> Iterator[list[Name]]:
    """Yield all names once a round; each round begins with another one."""
    for i in range(rounds):
        cut = i % len(names)
        yield [*names[cut:], *names[:cut]]


def spread(seconds: Seconds) -> float:
    """Return the distance between the quartiles, as a share of the median."""
    low, middle, high = np.percentile(seconds, [25, 50, 75])
    return float((high - low) / middle)


def ratio(theirs: Seconds, ours: Seconds) -> float:
    """Return how many times as long theirs take as ours: the median over the rounds, in which both were measured."""
    return float(np.median(theirs / ours))


def geometric_mean(ratios: Sequence[float]) -> float:
    """Return the geometric mean."""
    return float(np.exp(np.mean(np.log(ratios))))


def _repeats(call: Callable[[], object], sample: float) -> int:
    repeats = 1
    while (seconds := _seconds(call, repeats)) < sample / 2:
        repeats = max(2 * repeats, min(int(repeats * sample / max(seconds, 1e-9)), 16 * repeats))
    return repeats


def _seconds(call: Callable[[], object], repeats: int) -> float:
    begun = clock()
    for _ in range(repeats):
        call()
    return clock() - begun


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
