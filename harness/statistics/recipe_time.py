"""What a recipe reaches in how many seconds, over its seeds."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.statistics.intervals import Interval, t_interval
from harness.statistics.judging import inside_test


class Reached(NamedTuple):
    """Means over seeds with 95 % t-intervals; `p` is one-sided, that the mean accuracy is not above `target`."""

    accuracy: Interval
    seconds: Interval
    training: Interval
    target: float
    p: float


def recipe_reached(recipe: pd.DataFrame) -> Reached:
    """Return what the table of `bench training` with a row a seed says: accuracies as fractions, times in seconds."""
    accuracy, seconds, training = (
        t_interval(recipe[name]) for name in ("test_accuracy", "seconds", "training_seconds")
    )
    target = float(recipe["target"].iloc[0])
    p = float(inside_test([recipe["test_accuracy"]], target, np.inf).supported)
    return Reached(accuracy, seconds, training, target, p)
