"""Handwritten digits, section 5.1: the images, a training, and what the network makes of the test images."""

import numpy as np
import pandas as pd

from harness.results.pixels import pixels_to_text
from harness.tutorial.digits import data, rounded, trained

SAMPLES = 20
DRAWN = 10  # of the right ones, and of the wrong ones
SUREST = 20  # mistakes
SEED = 42  # of the choice of test images, as there


def tables() -> dict[str, pd.DataFrame]:
    """Return samples, the curve, chosen test images with probabilities, counts of confusions, and the outcome."""
    result, dataset = trained(), data()
    probabilities = result.activations(dataset.test_images)[-1]
    labels, predicted = dataset.test_labels, probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    rng = np.random.default_rng(SEED)
    drawn = [rng.choice(places, DRAWN, replace=False) for places in (np.flatnonzero(predicted == labels), wrong)]
    chosen = {
        "drawn": np.concatenate(drawn),
        "mistakes": wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:SUREST],
    }
    classes = range(dataset.classes)
    confusions = [(t, p, int(((labels == t) & (predicted == p)).sum())) for t in classes for p in classes]
    return {
        "samples": _images(dataset.train_images, dataset.train_labels, np.arange(SAMPLES)),
        "curve": result.curve.drop(columns=["seconds", "gradient_norm"]),
        "predictions": pd.concat(
            [
                _images(dataset.test_images, labels, places)
                .assign(chosen=how)
                .join(pd.DataFrame(rounded(probabilities[places]), columns=[f"p{k}" for k in classes]))
                for how, places in chosen.items()
            ]
        ),
        "confusions": pd.DataFrame(confusions, columns=["label", "predicted", "images"]),
        "outcome": _outcome(len(wrong)),
    }


def _images(images: np.ndarray, labels: np.ndarray, places: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"image": places, "label": labels[places], "pixels": pixels_to_text(images[places])})


def _outcome(wrong: int) -> pd.DataFrame:
    record = trained().record
    rows = [
        ("parameters", record["parameters"]),
        ("training loss", round(record["train_loss"], 5)),
        ("training accuracy", record["train_accuracy"]),
        ("validation accuracy", record["val_accuracy"]),
        ("test accuracy", record["test_accuracy"]),
        ("test images taken for another digit", wrong),
    ]
    return pd.DataFrame(rows, columns=["quantity", "value"])
