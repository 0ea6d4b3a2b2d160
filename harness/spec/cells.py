"""Which trials a study consists of: its arms in three phases, each at its seeds.

`default` is each arm as written. `tune` tries every combination of the grid on tuning seeds; `confirm` reruns the
winner by validation loss on fresh seeds. The sets of seeds are disjoint and the same for every arm. With `per_seed`
each confirming seed is tuned by itself, on tuning seeds of its own.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from harness.spec.names import Phase
from harness.spec.probes import Run, run_from
from harness.spec.schema import TuneTable
from harness.spec.study import Arm, Study
from harness.spec.trial import Settings
from harness.spec.validation import shown

TUNING_SEED = 1_000
CONFIRM_SEED = 2_000
OWN_TUNING_SEED = 10_000  # the first of confirming seed 0, where each confirming seed is tuned by itself

ValidationLoss = Callable[[Run], float | None]
"""The final monitored loss of a trial: None while it has not finished; infinite or nan when it diverged or failed."""


class Cell(NamedTuple):
    """One place in the table of a study, and the trial, or run of a probe, that fills it. Two cells may share one."""

    arm: str
    phase: Phase
    seed: int
    trial: Run


class Winner(NamedTuple):
    """The settings that won a tuning, by field, and which of them lie at an end of what was tried."""

    settings: dict[str, Any]
    on_edge: tuple[str, ...]


def first_cells(study: Study) -> list[Cell]:
    """Return the cells that depend on no result: default and tune. Seeds go round the arms, so that an
    interrupted study has every arm at some seeds."""
    cells = []
    if "default" in study.phases:
        cells += [_cell(arm, "default", seed) for seed in range(study.seeds) for arm in study.arms]
    if study.tune is not None:
        tries = study.tune.combinations()
        seeds = [seed for group in dict.fromkeys(_tuning_seeds(study)) for seed in group]
        cells += [_cell(arm, "tune", seed, settings) for seed in seeds for arm in study.arms for settings in tries]
    return cells


def winners(study: Study, val_loss: ValidationLoss) -> dict[tuple[str, int], Winner]:
    """Return what won by arm and confirming seed: the lowest mean validation loss over the tuning seeds.

    Of equal means the smaller values win. Settings at which any seed did not end finite count as the worst, and are all
    equal; so an arm that nothing could train is run all the same, for a seed that is lost is told and counted, never
    left out. A pair is left out while one of its tuning trials is unfinished.
    """
    found = {}
    for arm in study.arms if study.tune else ():
        won = {seeds: _winner(arm, seeds, study, val_loss) for seeds in dict.fromkeys(_tuning_seeds(study))}
        for number, seeds in enumerate(_tuning_seeds(study)):
            if (winner := won[seeds]) is not None:
                found[arm.name, CONFIRM_SEED + number] = winner
    return found


def confirm_cells(study: Study, val_loss: ValidationLoss) -> list[Cell]:
    """Return the cells that rerun the winner of each arm on fresh seeds, the same for every arm."""
    won = winners(study, val_loss)
    seeds = range(CONFIRM_SEED, CONFIRM_SEED + study.seeds)
    return [
        _cell(arm, "confirm", seed, won[arm.name, seed].settings)
        for seed in seeds
        for arm in study.arms
        if (arm.name, seed) in won
    ]


def unchosen(study: Study, val_loss: ValidationLoss) -> dict[str, int]:
    """Return for each arm how many of its confirming cells wait for tuning trials that are not finished."""
    if study.tune is None:
        return {}
    tries, groups = study.tune.combinations(), Counter(_tuning_seeds(study))
    return {
        arm.name: sum(
            waiting
            for seeds, waiting in groups.items()
            if any(val_loss(_cell(arm, "tune", seed, settings).trial) is None for seed in seeds for settings in tries)
        )
        for arm in study.arms
    }


def winner_of(tune: TuneTable, trial: Run) -> Winner:
    """Return the settings of a trial that confirms, as those that won the tuning."""
    settings = {field: getattr(trial, field) for field in tune.grid}
    return Winner(settings, tuple(field for field in settings if _on_edge(field, settings[field], tune.grid[field])))


def _tuning_seeds(study: Study) -> list[range]:
    """The seeds on which each confirming seed is tuned."""
    assert study.tune is not None
    count = study.tune.seeds
    if not study.tune.per_seed:
        return [range(TUNING_SEED, TUNING_SEED + count)] * study.seeds
    starts = range(OWN_TUNING_SEED, OWN_TUNING_SEED + count * study.seeds, count)
    return [range(start, start + count) for start in starts]


def _cell(arm: Arm, phase: Phase, seed: int, settings: Mapping[str, Any] | None = None) -> Cell:
    fields = arm.trial.given() | dict(settings or {}) | {"seed": seed}
    return Cell(arm.name, phase, seed, run_from(fields, f"arm {shown(arm.name)}"))


def _winner(arm: Arm, seeds: range, study: Study, val_loss: ValidationLoss) -> Winner | None:
    assert study.tune is not None
    tried: list[tuple[float, tuple[tuple[int, float], ...], Run]] = []
    for settings in study.tune.combinations():
        trials = [_cell(arm, "tune", seed, settings).trial for seed in seeds]
        losses = [val_loss(trial) for trial in trials]
        if any(loss is None for loss in losses):
            return None
        mean = sum(loss for loss in losses if loss is not None) / len(losses)
        ranks = tuple(_rank(settings[field], values) for field, values in study.tune.grid.items())
        tried.append((mean if math.isfinite(mean) else math.inf, ranks, trials[0]))
    return winner_of(study.tune, min(tried, key=lambda one: one[:2])[2])


def _rank(value: Any, values: Sequence[Any]) -> tuple[int, float]:
    """Numbers by their size; after them, in the order written, what is none."""
    return (0, value) if _is_number(value) else (1, values.index(value))


def _on_edge(field: str, value: Any, values: Sequence[Any]) -> bool:
    """Tell whether a better value may lie beyond the end of a list of three or more numbers.

    Nothing lies beyond a bound of the field itself (dropout 0), nor between the largest number and "none" or "full".
    """
    numbers = [v for v in values if _is_number(v)]
    if len(numbers) < 3 or not _is_number(value):
        return False
    below = value == min(numbers) and _has_room(field, value, -1)
    above = value == max(numbers) and len(numbers) == len(values) and _has_room(field, value, 1)
    return below or above


def _has_room(field: str, value: float, direction: int) -> bool:
    """Tell whether the field may have a value beyond this one."""
    beyond = value + direction if isinstance(value, int) else math.nextafter(value, direction * math.inf)
    try:
        Settings.model_validate({field: beyond})
    except ValidationError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
