"""Regularization, section 4.4: overfitting on 1 000 images, and the masks that dropout draws."""

import numpy as np
import pandas as pd

from harness.spec import Trial
from harness.training import train
from harness.training.streams import dropout_key
from harness.tutorial.digits import data
from kernels.numpy_backend.dropout import dropout_mask

OVERFITTING = Trial(train_size=1000, hidden=(128, 64), epochs=60, batch_size=32, evaluate_train=True)
HIDDEN, RATE, SEED = (8, 8), 0.5, 0
SHOWN = ((0, 0), (0, 1), (1, 0))  # (step, image of the batch)


def tables() -> dict[str, pd.DataFrame]:
    """Return the curve of a training on few images, and which hidden units some steps of a training keep."""
    curve = train(OVERFITTING, data()).curve
    return {"curve": curve.drop(columns=["seconds", "gradient_norm"]), "masks": pd.concat([_mask(*at) for at in SHOWN])}


def _mask(step: int, image: int) -> pd.DataFrame:
    """The masks of a training with `SEED`, which are a function of its key, step, layer, image and unit."""
    rows = []
    for layer, units in enumerate(HIDDEN, start=1):
        mask = np.empty((image + 1, units), np.uint8)
        dropout_mask(mask, dropout_key(SEED), step, layer, RATE)
        rows += [(step, image, layer, unit, int(kept)) for unit, kept in enumerate(mask[image], start=1)]
    return pd.DataFrame(rows, columns=["step", "image", "layer", "unit", "kept"])
