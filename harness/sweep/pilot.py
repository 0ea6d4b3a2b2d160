"""What a trial would take where no timing is recorded: measured on a short training that is recorded nowhere."""

import math
import time
from typing import Any

from harness import probes
from harness.datasets import load_dataset
from harness.spec.probes import Run
from harness.spec.trial import Trial
from harness.training import train

PILOT_IMAGES = 4096


def pilot(trial: Run) -> tuple[float, bool]:
    """Return the seconds that `trial` would take, and whether its pilot ended without divergence.

    The pilot is one epoch on at most PILOT_IMAGES training images. Its updates are scaled by images × epochs, what is
    done by the time of its evaluation (diagnostics among it) by the number of evaluations; what follows (training
    subset, test images) is done once. A probe is run as it is. Raises InputError when the dataset is too small for the
    trial.
    """
    if not isinstance(trial, Trial):
        record = probes.run_probe(trial.model_dump(mode="json"))
        return record["seconds"], True
    dataset = load_dataset(trial.dataset)
    images = trial.train_size or max(len(dataset.train_images) - trial.val_size, 1)
    few = min(images, PILOT_IMAGES)
    short: dict[str, Any] = {"train_size": few, "epochs": 1, "evaluate_every": None, "drop_last": False}
    evaluated = []
    record = train(Trial(**trial.model_dump() | short), dataset, lambda _: evaluated.append(time.perf_counter())).record
    once = time.perf_counter() - evaluated[-1] if evaluated else 0.0
    updates = record["curve"][-1]["seconds"] if record["curve"] else record["seconds"]
    evaluations = math.ceil(trial.epochs * images / (trial.evaluate_every or images))
    seconds = trial.epochs * updates * images / few + evaluations * (record["seconds"] - updates - once) + once
    return seconds, record["status"] == "done"
