"""What a trial would take where no timing is recorded: measured on a short training that is recorded nowhere."""

from harness.datasets import load_dataset
from harness.spec.trial import Trial
from harness.training import train

PILOT_IMAGES = 4096


def pilot_seconds(trial: Trial) -> float:
    """Return the seconds that `trial` would take, by one epoch of it on at most PILOT_IMAGES training images.

    Updates are scaled by images × epochs, what follows an epoch (evaluations, diagnostics) by epochs. Raises
    InputError when the dataset is too small for the trial.
    """
    dataset = load_dataset(trial.dataset)
    images = trial.train_size or max(len(dataset.train_images) - trial.val_size, 1)
    pilot = min(images, PILOT_IMAGES)
    short = {"train_size": pilot, "epochs": 1, "evaluate_every": None, "drop_last": False}
    record = train(Trial(**trial.model_dump() | short), dataset).record
    updates = record["curve"][-1]["seconds"] if record["curve"] else record["seconds"]
    return trial.epochs * (updates * images / pilot + record["seconds"] - updates)
