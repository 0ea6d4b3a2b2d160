"""What a worker process calls: one trial in, one record out, both plain JSON values."""

from collections.abc import Iterable
from typing import Any

from harness.datasets import load_dataset
from harness.spec import Trial
from harness.spec.trial import trial_from
from harness.training.loop import train


def run_trial(fields: dict[str, Any]) -> dict[str, Any]:
    """Train the trial with these fields; its record says how it went (`loop.TrainResult`)."""
    trial = trial_from(fields)
    return train(trial, load_dataset(trial.dataset)).record


def warm_up(trials: Iterable[Trial]) -> None:
    """Compile what the trials need, so that workers started later load it from the cache.

    All choices live inside one compiled loop, so a tiny run for each dtype and dataset reaches everything.
    """
    wanted = {(trial.dtype, trial.dataset) for trial in trials if trial.backend == "numba"}
    for dtype, dataset in sorted(wanted):
        images = load_dataset(dataset)
        sizes = {"train_size": 2, "val_size": 1, "epochs": 1, "batch_size": 2, "hidden": (1,)}
        train(Trial(dataset=dataset, dtype=dtype, **sizes), images)  # type: ignore[arg-type]
