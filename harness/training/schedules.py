"""Learning-rate schedules: pure functions from the number of an update to a factor of the initial rate.

With u the update (from 0 to T - 1), T all updates of the training, e the updates of `schedule_every` epochs, f
`schedule_factor`, m `schedule_floor` and r the updates that rise, round(`warmup` · T):

| schedule | factor |
|---|---|
| constant | 1 |
| step | f^⌊u / e⌋ |
| exponential | f^(u / e) |
| cosine | m + (1 - m) (1 + cos(π u / T)) / 2 |
| warmup_cosine | (u + 1) / r where u < r; else m + (1 - m) (1 + cos(π (u - r) / (T - r))) / 2 |

`update` may be an array; factors are float64 of the same shape.
"""

import numpy as np
from numpy.typing import NDArray

from harness.spec import Trial

Factors = NDArray[np.float64]


def constant(update: NDArray[np.int64]) -> Factors:
    """``1``."""
    return np.ones(np.shape(update))


def step(update: NDArray[np.int64], every: int, factor: float) -> Factors:
    """``factor^⌊update / every⌋``: a drop after every `every` updates."""
    return np.power(factor, update // every, dtype=np.float64)


def exponential(update: NDArray[np.int64], every: int, factor: float) -> Factors:
    """``factor^(update / every)``: the same decay, smoothly."""
    return factor ** (update / every)


def cosine(update: NDArray[np.int64], total: int, floor: float) -> Factors:
    """``floor + (1 - floor) (1 + cos(π update / total)) / 2`` (Loshchilov and Hutter 2017, without restarts).

    It starts at 1 and would reach `floor` at update `total`, one after the last.
    """
    return floor + (1 - floor) * (1 + np.cos(np.pi * update / total)) / 2


def warmup_cosine(update: NDArray[np.int64], total: int, warmup: float, floor: float) -> Factors:
    """``(update + 1) / rising`` over the first ``rising = round(warmup · total)`` updates, then cosine over the rest.

    Where no update rises, it is `cosine`.
    """
    rising = round(warmup * total)
    decay = cosine(np.maximum(update - rising, 0), max(total - rising, 1), floor)
    return np.where(update < rising, (update + 1) / max(rising, 1), decay)


def learning_rates(trial: Trial, updates_per_epoch: int, epoch: int) -> Factors:
    """Return the learning rate (updates_per_epoch,) of each update of an epoch, which counts from 0."""
    total = trial.epochs * updates_per_epoch
    update = np.arange(epoch * updates_per_epoch, (epoch + 1) * updates_per_epoch)
    every = trial.schedule_every * updates_per_epoch
    match trial.schedule:
        case "constant":
            factors = constant(update)
        case "step":
            factors = step(update, every, trial.schedule_factor)
        case "exponential":
            factors = exponential(update, every, trial.schedule_factor)
        case "cosine":
            factors = cosine(update, total, trial.schedule_floor)
        case "warmup_cosine":
            factors = warmup_cosine(update, total, trial.warmup, trial.schedule_floor)
    return trial.learning_rate * factors
