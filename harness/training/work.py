"""What a worker process calls: one trial in, one record out, both plain JSON values."""

from typing import Any

from harness.datasets import load_dataset
from harness.spec.trial import trial_from
from harness.training.loop import train


def run_trial(fields: dict[str, Any]) -> dict[str, Any]:
    """Train the trial with these fields; its record says how it went (`loop.TrainResult`)."""
    trial = trial_from(fields)
    return train(trial, load_dataset(trial.dataset)).record
