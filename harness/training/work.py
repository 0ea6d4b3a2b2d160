"""What a worker process calls: one trial in, one record out, both plain JSON values."""

from base64 import b64encode
from functools import lru_cache
from typing import Any

from harness.datasets import load_dataset
from harness.spec.trial import trial_from
from harness.training.loop import train

_dataset = lru_cache(maxsize=4)(load_dataset)  # the files are read and hashed once, not for every trial


def run_trial(fields: dict[str, Any]) -> dict[str, Any]:
    """Train the trial with these fields; its record says how it went (`loop.TrainResult`).

    Beside what the journal holds, `predictions` has the predicted class of each test image, a byte each, in base 64;
    None where it diverged.
    """
    trial = trial_from(fields)
    result = train(trial, _dataset(trial.dataset))
    predictions = None if result.predictions is None else b64encode(result.predictions.tobytes()).decode()
    return result.record | {"predictions": predictions}
