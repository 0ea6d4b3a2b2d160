"""What one threshold unit can and cannot do on two bits, decided for every unit there is."""

import itertools
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from harness.probes.measured import Measured
from harness.spec.probes import ThresholdUnit

INPUTS = np.array(list(itertools.product((0.0, 1.0), repeat=2)))
FUNCTIONS = {"xor": (0, 1, 1, 0), "and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "nand": (1, 1, 1, 0)}


def threshold_unit(asked: ThresholdUnit) -> Measured:
    """Return of how many of the four inputs the best unit is right, whatever its weights and threshold.

    A set of inputs can all be right exactly if a linear program has a solution, so nothing is left to a search.
    `separable` counts the functions of two bits, of 16, that a unit gets wholly right. Source: tutorial 1.1; Minsky
    and Papert 1969.
    """
    labels = FUNCTIONS[asked.function]
    subsets = [subset for size in range(5) for subset in itertools.combinations(range(4), size)]
    right = max(len(subset) for subset in subsets if _solvable(subset, labels))
    functions = itertools.product((0, 1), repeat=4)
    return Measured({"most_right": right, "separable": sum(_solvable(range(4), function) for function in functions)})


def _solvable(subset: Sequence[int], labels: Sequence[int]) -> bool:
    """Tell whether w · x + b is at least 1 where the label is 1, and at most -1 where it is 0."""
    rows = [np.append(INPUTS[i], 1.0) * (-1 if labels[i] else 1) for i in subset]
    if not rows:
        return True
    found = linprog(np.zeros(3), A_ub=rows, b_ub=-np.ones(len(rows)), bounds=(None, None))
    return bool(found.status == 0)
