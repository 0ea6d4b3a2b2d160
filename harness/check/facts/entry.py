"""What an entry says of a kernel: its equation, the size of its terms, its inputs, its cost.

**Terms.** Differences of rounding are measured by the size of the terms that a kernel adds up: the last place of a
cancelled result says nothing, that of its largest term does. A sum of K terms, in whatever order, is within
``K ε / 2 · Σ|terms|`` of the truth, so two sums are within ``K ε · Σ|terms|`` of each other: with 4 units in the last
place allowed everywhere, a sum counts K / 4 times, at least once (`summed`). Zero means equal, bit for bit.

**Cost.** The least that the definition of a kernel allows: its arithmetic, and the bytes that it must move if every
array passes by once. A kernel that makes two passes is charged for one, and so shows as further from the machine's
limit. A comparison, a division and a root count as one operation each, on integers too, a multiply-add as two;
exponentials, logarithms and tanh are counted apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

Env = dict[str, Any]
"""Arrays and numbers by the names of the kernel's parameters; ``result`` is what a kernel returns."""

ALLOWED = 4.0
"""Units in the last place of the largest term."""

SCRATCH = ("tile", "lists", "counts", "groups")
"""Arguments in which a kernel may leave anything: not compared, and not counted as bytes that must move."""

TIMED: Final = "float32"
"""The dtype in which kernels are timed."""


class Size(NamedTuple):
    """Rows N, inputs D, outputs M; `nonzeros` of the N × D inputs where they are packed.

    A flat buffer has N = 1 and D · M entries.
    """

    n: int
    d: int
    m: int
    nonzeros: int = 0

    def __str__(self) -> str:
        return f"{self.n}x{self.d}x{self.m}"


class Cost(NamedTuple):
    """Operations, and numbers of the working precision read and written (a byte counts as a quarter of one)."""

    flops: float
    reads: float
    writes: float
    exps: float = 0.0


Draw = Callable[[np.random.Generator, Size], Env]
CostOf = Callable[[Size], Cost]
Terms = Callable[..., Env]


@dataclass(frozen=True, kw_only=True)
class Derivative:
    """What is known of a backward kernel. It needs no equation: its truth is the measured slope of its forward pass."""

    output: str
    """The output of the forward pass that is differentiated ..."""
    cotangent: str
    """... times this argument, in which its gradient arrives, and summed ..."""
    by: tuple[str, ...]
    """... by each of these inputs. The gradient of x is written to dx."""
    terms: Terms
    """Inputs and outputs by name → the size of each output's terms."""
    cost: CostOf
    smooth: bool = True
    """The forward pass is analytic, and the reference takes complex numbers."""
    adds: bool = False
    """The kernel adds to what its output holds."""
    slope_at_0: Callable[..., float] | None = None
    """Numbers by name → the slope at 0 and -0, exactly; every function with a kink there needs one."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What is known of a forward kernel or an update, and of the backward kernels that belong to it."""

    equation: Callable[..., Env]
    """The kernel as the textbook writes it, by other means than `kernels`: inputs in float64 → outputs by name."""
    terms: Terms
    """Inputs and outputs by name → the size of each output's terms. An updated buffer is given as it was before."""
    cost: CostOf
    draws: tuple[Draw, ...]
    """Random inputs for the checks; each kernel is checked with every one of them."""
    timed: Draw
    """All arguments for the benchmark, outputs and what the forward pass saved included."""
    ladder: tuple[Size, ...]
    """Sizes at which the kernel is timed, the most telling first."""
    backward: Mapping[str, Derivative] = field(default_factory=dict)
    """The backward kernels by name."""
    checked_also_at: tuple[Size, ...] = ()
    """Sizes at which it is checked besides those at which every kernel is."""

    @property
    def name(self) -> str:
        """Return the name of the forward kernel or update, which is that of its equation."""
        return self.equation.__name__

    def of(self, kernel: str) -> "Fact | Derivative":
        """Return the part of the entry that has the terms and the cost of `kernel`."""
        return self.backward.get(kernel, self)


def fact(**known: Any) -> Callable[[Callable[..., Env]], Fact]:
    """Return the decorator that makes an equation, named after its kernel, the `Fact` with these fields."""
    return lambda equation: Fact(equation=equation, **known)


def each(flops: float, reads: float, writes: float, exps: float = 0.0) -> CostOf:
    """Return the cost of a kernel that does so much for each of N × M numbers."""
    return lambda s: Cost(*(s.n * s.m * share for share in (flops, reads, writes, exps)))


def each_entry(flops: float, reads: float, writes: float) -> CostOf:
    """Return the cost of a kernel that does so much for each of the D · M entries of a flat buffer."""
    return lambda s: Cost(*(s.d * s.m * share for share in (flops, reads, writes)))


def summed(terms: Any, axis: int) -> Any:
    """Return the size of a sum along an axis."""
    return np.abs(terms).sum(axis=axis) * times(terms.shape[axis])


def times(count: int) -> float:
    """Return how often a sum of so many terms counts."""
    return max(1.0, count / ALLOWED)


def normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    """Draw normal numbers for a check."""
    return rng.normal(0, scale, shape)


def normal_timed(rng: np.random.Generator, shapes: Mapping[str, tuple[int, ...]]) -> Env:
    """Draw an array of standard normal numbers for each name, for the benchmark."""
    return {name: rng.standard_normal(shape, TIMED) for name, shape in shapes.items()}
