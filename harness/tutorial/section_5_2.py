"""The exercises of section 5.2."""

import numpy as np
import pandas as pd

from harness.probes import measure
from harness.spec.probes import ForwardByHand
from harness.tutorial import as_written
from harness.tutorial.by_hand import ITS_CODE, Worked, numbers
from harness.tutorial.exercise_4 import first_layer

WEIGHTS = {
    "W1": np.array([[0.1, 0.2], [0.3, 0.4]]),
    "b1": np.zeros((2, 1)),
    "W2": np.array([[0.5, 0.6]]),
    "b2": np.zeros((1, 1)),
}


def tables() -> dict[str, pd.DataFrame]:
    """Return what exercises 1 and 4 ask for."""
    return {"numbers": numbers(worked()), "first_layer": first_layer()}


def worked() -> list[Worked]:
    """Return the output that exercise 1 asks for, by both backends."""
    theirs = as_written.forward_propagation(np.array([[1.0], [2.0]]), WEIGHTS)[0][0, 0]
    return [
        Worked(
            f"exercise 1, ŷ ({backend} kernels)",
            measure(ForwardByHand(backend=backend)).metrics["output"],
            theirs,
            ITS_CODE,
        )
        for backend in ("numpy", "numba")
    ]
