"""Which trials a study consists of: its arms in three phases, each at its seeds.

`default` is each arm as written. `tune` tries every learning rate of the grid on tuning seeds; `confirm` reruns
the winner by validation loss on fresh seeds. The three sets of seeds are disjoint and the same for every arm.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from harness.spec.names import Phase
from harness.spec.study import Arm, Study
from harness.spec.trial import Trial

TUNING_SEED = 1000
CONFIRM_SEED = 2000

ValidationLoss = Callable[[Trial], float | None]
"""The final monitored loss of a trial: None while it has not finished; infinite or nan when it diverged or failed."""


class Cell(NamedTuple):
    """One place in the table of a study, and the trial that fills it. Two cells may share a trial."""

    arm: str
    phase: Phase
    seed: int
    trial: Trial


class Winner(NamedTuple):
    """The learning rate that won the tuning of an arm, and whether it lies at an end of the grid."""

    learning_rate: float
    on_edge: bool


def first_cells(study: Study) -> list[Cell]:
    """Return the cells that depend on no result: default and tune. Seeds go round the arms, so that an
    interrupted study has every arm at some seeds."""
    if study.kind != "training":
        return []
    cells = [_cell(arm, "default", seed) for seed in range(study.seeds) for arm in study.arms]
    if study.tune is not None:
        seeds = range(TUNING_SEED, TUNING_SEED + study.tune.seeds)
        rates = study.tune.learning_rate
        cells += [_cell(arm, "tune", seed, rate) for seed in seeds for arm in study.arms for rate in rates]
    return cells


def winners(study: Study, val_loss: ValidationLoss) -> dict[str, Winner]:
    """Return the winning rate of each arm: the lowest mean validation loss over the tuning seeds.

    A rate at which any seed did not end finite counts as the worst. An arm is left out while one of its tuning
    trials is unfinished, and for good when none of its rates ended finite.
    """
    found = {arm.name: _winner(arm, study, val_loss) for arm in study.arms} if study.tune else {}
    return {name: winner for name, winner in found.items() if winner is not None}


def confirm_cells(study: Study, val_loss: ValidationLoss) -> list[Cell]:
    """Return the cells that rerun the winner of each arm on fresh seeds, the same for every arm."""
    won = winners(study, val_loss)
    tuned = [arm for arm in study.arms if arm.name in won]
    seeds = range(CONFIRM_SEED, CONFIRM_SEED + study.seeds)
    return [_cell(arm, "confirm", seed, won[arm.name].learning_rate) for seed in seeds for arm in tuned]


def _cell(arm: Arm, phase: Phase, seed: int, learning_rate: float | None = None) -> Cell:
    changes = {"seed": seed} if learning_rate is None else {"seed": seed, "learning_rate": learning_rate}
    return Cell(arm.name, phase, seed, arm.trial.model_copy(update=changes))


def _winner(arm: Arm, study: Study, val_loss: ValidationLoss) -> Winner | None:
    assert study.tune is not None
    means = {}
    for rate in study.tune.learning_rate:
        seeds = range(TUNING_SEED, TUNING_SEED + study.tune.seeds)
        losses = [val_loss(_cell(arm, "tune", seed, rate).trial) for seed in seeds]
        if any(loss is None for loss in losses):
            return None
        mean = sum(loss for loss in losses if loss is not None) / len(losses)
        means[rate] = mean if math.isfinite(mean) else math.inf
    best = min(means, key=lambda rate: (means[rate], rate))
    if math.isinf(means[best]):
        return None
    return Winner(best, on_edge=len(means) > 1 and best in (min(means), max(means)))
