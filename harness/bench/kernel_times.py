"""The kernel benchmark: what is called, kernel by kernel, in the process that measures.

A kernel is compared with the reference before it is timed. Its time is that of a call from Python, less that of
calling a compiled function that does nothing with the same arguments; the fused loop pays for neither.
"""

from collections.abc import Callable
from functools import cache, partial
from types import ModuleType
from typing import Any, NamedTuple

import numba
import numpy as np

from harness.bench.cases import Case, make_case
from harness.bench.limits import Limits, caches, level
from harness.bench.timing import Seconds, clock, ratio, seconds_per_call, spread
from harness.check.facts import fact_of, family
from harness.check.facts.entry import SCRATCH, TIMED, Size
from harness.check.measures import scaled
from harness.errors import HarnessError
from harness.spec.names import BACKENDS
from harness.training import setup
from kernels import numpy_backend as reference

TOLERANCE = 1e-4
"""Distance from the reference in float32, as a share of the largest number of the array."""

SMALLEST_SHARE = 0.1
"""The least share of the time of a call that counts as the kernel's own: a smaller one cannot be measured."""

Row = dict[str, Any]


class Effort(NamedTuple):
    """How much is measured: sizes of each ladder, rounds, and seconds that one sample of a round takes."""

    sizes: int
    rounds: int
    sample: float


WHOLE = Effort(sizes=9, rounds=7, sample=0.006)  # no ladder is longer
REDUCED = Effort(sizes=1, rounds=5, sample=0.003)


def measure(kernel: str, limits: list[Any], effort: list[Any]) -> list[Row] | str:
    """Validate and time a kernel in all backends at the first sizes of its ladder; return a row for each.

    `limits` and `effort` are `Limits` and `Effort` as JSON carries them. A kernel that `validate` refuses, or that
    nobody has described, returns the reason as text.
    """
    try:
        return _rows(kernel, Limits(*limits), Effort(*effort))
    except HarnessError as error:
        return str(error)


def _rows(kernel: str, limits: Limits, effort: Effort) -> list[Row]:
    backends = {name: setup.backend(name) for name in BACKENDS}
    rows: list[Row] = []
    compile_seconds: dict[str, float] = {}
    for size in fact_of(kernel).ladder[: effort.sizes]:
        case = make_case(kernel, size)
        for name, backend in backends.items():
            seconds = validate(case, backend)
            compile_seconds.setdefault(name, seconds)
        rows += _size_rows(case, backends, compile_seconds, limits, effort)
    return rows


def validate(case: Case, backend: ModuleType) -> float:
    """Compare a backend's results with the reference's; return the seconds of its first call, compiling included.

    Raises HarnessError when the two differ by more than rounding.
    """
    wanted, got = case.copied(), case.copied()
    expected = getattr(reference, case.kernel)(*wanted.values())
    begun = clock()
    result = getattr(backend, case.kernel)(*got.values())
    seconds = clock() - begun
    compared = [name for name, a in wanted.items() if isinstance(a, np.ndarray) and name not in SCRATCH]
    pairs = [(got[name], wanted[name]) for name in compared]
    apart = max(scaled(a, b) for a, b in [*pairs, *([] if expected is None else [(result, expected)])])
    if not apart <= TOLERANCE:
        raise HarnessError(
            f"{case.kernel} of {backend.__name__} at {size_label(case.size)} is not timed: "
            f"it differs from the reference by {apart:.1g}, allowed is {TOLERANCE:g}"
        )
    return seconds


def size_label(size: Size) -> str:
    """Return a size as ``128×784→64``, ``128×64`` or ``55050``."""
    if size.n == 1:
        return str(size.m)
    return f"{size.n}×{size.d}→{size.m}" if size.d else f"{size.n}×{size.m}"


def _size_rows(
    case: Case, backends: dict[str, ModuleType], compile_seconds: dict[str, float], limits: Limits, effort: Effort
) -> list[Row]:
    calls = {name: _call(getattr(backend, case.kernel), case.copied()) for name, backend in backends.items()}
    again = _call(getattr(backends["numba"], case.kernel), case.copied())
    empty = _call(_nothing(len(case.arguments)), case.copied())
    empty()
    with np.errstate(all="ignore"):
        taken = seconds_per_call({**calls, "again": again, "empty": empty}, effort.rounds, effort.sample)
    called = float(np.median(taken["empty"]))
    noise = abs(ratio(taken["again"], taken["numba"]) - 1)
    net = {"numpy": taken["numpy"], "numba": np.maximum(taken["numba"] - called, SMALLEST_SHARE * taken["numba"])}
    return [
        _row(case, name, seconds, limits)
        | {
            "compile_seconds": compile_seconds[name] if name == "numba" else None,
            "call_us": 1e6 * called if name == "numba" else None,
            "noise": noise,
            "times_numpy": ratio(net["numpy"], seconds),
        }
        for name, seconds in net.items()
    ]


def _row(case: Case, backend: str, seconds: Seconds, limits: Limits) -> Row:
    median = float(np.median(seconds))
    moved = (case.cost.reads + case.cost.writes) * np.dtype(TIMED).itemsize
    in_place = (
        case.cost.writes == 0 or moved > 1.05 * case.working_set
    )  # an updated array counts once there, and moves twice
    bounds = {
        "sgemm": case.cost.flops / limits.flops,
        "bandwidth": moved / limits.bandwidth(case.working_set, in_place=in_place),
        "exp": case.cost.exps / limits.exps,
    }
    bound = max(bounds, key=lambda name: bounds[name])
    return {
        "kernel": case.kernel,
        "family": family(case.kernel),
        "backend": backend,
        "size": size_label(case.size),
        "dtype": TIMED,
        "us": 1e6 * median,
        "spread": spread(seconds),
        "gflops": case.cost.flops / median / 1e9,
        "gbytes_per_second": moved / median / 1e9,
        "flops": case.cost.flops,
        "bytes": moved,
        "working_set": case.working_set,
        "level": level(case.working_set, caches()),
        "limit": bound,
        "fraction_of_limit": bounds[bound] / median,
    }


def _call(function: Callable[..., Any], arguments: dict[str, Any]) -> Callable[[], Any]:
    return partial(function, *arguments.values())


@cache
def _nothing(arguments: int) -> Callable[..., int]:
    """Return a compiled function of so many arguments; with ``*arguments`` the call would be slower."""
    names = ", ".join(f"a{i}" for i in range(arguments))
    return numba.njit(eval(f"lambda {names}: 0"))
