"""What one thread of this machine can do at best, measured in the run that compares kernels with it.

A limit is that of the fastest round, for other processes can only make a round slower.

The limits are: matrix products (GFLOP/s), SciPy's or those of the compiled backend, whichever are faster here;
streaming through working sets from the first cache to memory (GB/s, read and written); and a vectorised exp (values a
second), NumPy's or that of the compiled backend.
"""

from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import scipy.linalg.cython_blas  # noqa: F401  what Numba's np.dot calls
from numpy.typing import NDArray

from harness.bench.contenders.sgemm import warm_up_scipy
from harness.bench.timing import seconds_per_call
from kernels.numba_backend.affine import affine_forward
from kernels.numba_backend.machine.elementary import exp

KIB = 1024
WORKING_SETS = tuple(KIB * size for size in (16, 24, 64, 192, 384, 1024, 4096, 12288, 49152, 131072))
PRODUCTS = (256, 512, 768)
EXPONENTIALS = 4096


class Limits(NamedTuple):
    """Limits of one thread: flops a second, exps a second, and bytes a second by working set in bytes."""

    flops: float
    exps: float
    working_sets: tuple[int, ...]
    stream: tuple[float, ...]  # from some arrays into another: the better of copy and triad
    update: tuple[float, ...]  # into an array that is also read, or without writing; at least as fast as stream

    def bandwidth(self, working_set: float, *, in_place: bool) -> float:
        """Return bytes a second through a working set of so many bytes, between those that were measured."""
        measured = self.update if in_place else self.stream
        return float(np.interp(np.log(working_set), np.log(self.working_sets), measured))


def measure(rounds: int, sample: float) -> Limits:
    """Measure the limits of a thread of this process; compiles the loops for it first."""
    warm_up_scipy()
    rates = [_bandwidth(size, rounds, sample) for size in WORKING_SETS]
    return Limits(
        flops=max(_product_rate(size, rounds, sample) for size in PRODUCTS),
        exps=_exp_rate(rounds, sample),
        working_sets=WORKING_SETS,
        stream=tuple(stream for stream, _ in rates),
        update=tuple(update for _, update in rates),
    )


def rows(limits: Limits) -> list[dict[str, str | float]]:
    """Return the limits as rows of limits.csv: flops, exps and bytes a second, the latter by working set."""
    found: list[dict[str, str | float]] = [
        {"limit": "sgemm", "working_set": 0, "level": "", "rate": limits.flops},
        {"limit": "exp", "working_set": 0, "level": "", "rate": limits.exps},
    ]
    for name, rates in (("stream", limits.stream), ("update", limits.update)):
        for size, rate in zip(limits.working_sets, rates, strict=True):
            found.append({"limit": name, "working_set": size, "level": level(size, caches()), "rate": rate})
    return found


def caches() -> list[tuple[str, int]]:
    """Return name and bytes of this core's data caches, the smallest first; [] where the system does not say."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction" and size.endswith("K"):
            found.append((f"L{level}", KIB * int(size[:-1])))
    return found


def level(working_set: float, known: list[tuple[str, int]]) -> str:
    """Return where buffers of so many bytes lie: the smallest cache that holds them all, or memory."""
    return next((name for name, size in known if working_set <= size), "memory")


def _product_rate(size: int, rounds: int, sample: float) -> float:
    (a, b, out), bias = (np.ones((size, size), np.float32) for _ in range(3)), np.zeros(size, np.float32)
    calls = {"scipy": lambda: _dot(a, b, out), "numba": lambda: affine_forward(out, a, b, bias)}
    for call in calls.values():
        call()
    taken = seconds_per_call(calls, rounds, sample)
    return 2 * size**3 / min(float(seconds.min()) for seconds in taken.values())


def _exp_rate(rounds: int, sample: float) -> float:
    x = np.linspace(-5, 5, EXPONENTIALS, dtype=np.float32)
    out = np.empty_like(x)
    _exp(out, x)
    calls = {"numpy": lambda: np.exp(x, out=out), "numba": lambda: _exp(out, x)}
    taken = seconds_per_call(calls, rounds, sample)
    return EXPONENTIALS / min(float(seconds.min()) for seconds in taken.values())


def _bandwidth(working_set: int, rounds: int, sample: float) -> tuple[float, float]:
    """Return bytes a second of streaming from array to array, and of the best of all patterns."""
    n = working_set // 4
    passes = max(1, 200_000 // n)  # in one call, so that the cost of calling does not count
    (whole,), (a, b), (x, y, z) = (_arrays(n // count, count) for count in (1, 2, 3))
    calls = {
        "copy": lambda: _copy(a, b, passes),
        "triad": lambda: _triad(x, y, z, passes),
        "update": lambda: _update(a, b, passes),
        "read": lambda: _read(whole, passes),
    }
    for call in calls.values():
        call()
    taken = {name: float(seconds.min()) for name, seconds in seconds_per_call(calls, rounds, sample).items()}
    moved = 4.0 * n * passes  # an update moves half as much again: it reads both arrays and writes one
    stream = moved / min(taken["copy"], taken["triad"])
    return stream, max(stream, 1.5 * moved / taken["update"], moved / taken["read"])


def _arrays(size: int, count: int) -> list[NDArray[np.float32]]:
    """Return arrays that start at different offsets in a page, since a store waits for a load at the same offset."""
    gap = 64
    buffer = np.ones(count * (size + gap), np.float32)
    return [buffer[i * (size + gap) : i * (size + gap) + size] for i in range(count)]


@numba.njit
def _dot(a, b, out):
    np.dot(a, b, out)


@numba.njit(error_model="numpy", fastmath={"contract"})
def _exp(out, x):
    for i in range(x.size):
        out[i] = exp(x[i])


@numba.njit(error_model="numpy")
def _copy(a, b, passes):
    for _ in range(passes):
        for i in range(a.size):
            a[i] = b[i]


@numba.njit(error_model="numpy", fastmath={"contract"})
def _triad(a, b, c, passes):
    factor = a.dtype.type(0.5)
    for k in range(passes):
        shift = a.dtype.type(k)  # so that no pass repeats the one before
        for i in range(a.size):
            a[i] = b[i] * factor + (c[i] + shift)


@numba.njit(error_model="numpy", fastmath={"contract"})
def _update(a, b, passes):
    factor = a.dtype.type(1e-6)
    for _ in range(passes):
        for i in range(a.size):
            a[i] += factor * b[i]


@numba.njit(error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _read(a, passes):
    total = a.dtype.type(0)
    for k in range(passes):
        shift = a.dtype.type(k)
        for i in range(a.size):
            total += a[i] * shift
    return total
