"""Pictures of section 5.1: digits, a training, and what comes of it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.figures.confusion import confusion_matrix
from harness.report.figures.learning import learning_curve
from harness.report.figures.mosaic import predictions, sample_images
from harness.results.pixels import pixels_of_text

Tables = Mapping[str, pd.DataFrame]


def samples(tables: Tables) -> tuple[Figure, str]:
    """Training images with their labels."""
    table = tables["samples"]
    figure, [[ax]] = style.new_figure(2.4)
    sample_images(pixels_of_text(table["pixels"]), table["label"].to_numpy(), ax=ax)
    return figure, (
        f"The first {len(table)} training images with their labels, 28 × 28 pixels from 0 (white here) to 255 (black). "
        "Most of an image is blank, and one digit is written in many ways: compare the ones and the threes."
    )


def training(tables: Tables) -> tuple[Figure, str]:
    """Loss and accuracy along the training."""
    curve = tables["curve"]
    figure, [[left, right]] = style.new_figure(2.9, 1, 2)
    learning_curve(curve, "loss", ax=left)
    learning_curve(curve, "accuracy", ax=right)
    first, last = curve.iloc[0], curve.iloc[-1]
    return figure, (
        f"The tutorial's network along {last['epoch']:.0f} epochs: most is learnt in the first "
        f"({100 * first['val_accuracy']:.1f} % of the validation images, {100 * last['val_accuracy']:.1f} % at the end)"
        ". The two curves part where the network begins to know the training images better than others; the tutorial "
        "watches the test images instead, which here are read once, at the end."
    )


def predicted(tables: Tables) -> tuple[Figure, str]:
    """Test images drawn at random, right ones and wrong ones."""
    figure, table, p = _judged(tables, "drawn")
    wrong = p.argmax(axis=1) != table["label"]
    return figure, (
        f"{(~wrong).sum()} test images drawn at random from the right ones, and {wrong.sum()} from the wrong ones, "
        'with the digit predicted and its probability; "9 as 4" is a nine taken for a four. Right ones are '
        f"predicted with {100 * p[~wrong].max(axis=1).mean():.0f} % on average, wrong ones with "
        f"{100 * p[wrong].max(axis=1).mean():.0f} %: the network often knows when it is in doubt."
    )


def mistakes(tables: Tables) -> tuple[Figure, str]:
    """The mistakes that the network is surest of."""
    figure, table, p = _judged(tables, "mistakes")
    return figure, (
        f"The {len(table)} mistakes that the network is surest of, of all test images; the least sure of them has a "
        f"probability of {100 * p.max(axis=1).min():.0f} %. Some are badly written or doubtful, others plain to any "
        "reader: a high probability is no promise."
    )


def confusion(tables: Tables) -> tuple[Figure, str]:
    """Which digit is taken for which."""
    counts = tables["confusions"].pivot(index="label", columns="predicted", values="images").to_numpy()
    figure, [[ax]] = style.new_figure(4.0)
    confusion_matrix(counts, ax=ax)
    wrong = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    true, taken = np.unravel_index(wrong.argmax(), wrong.shape)
    return figure, (
        f"The {counts.sum():,} test images by true and predicted digit: bold on the diagonal is what is right, shades "
        f"show the {wrong.sum():,} mistakes. The most frequent one is {true} taken for {taken}, "
        f"{wrong[true, taken]} times."
    )


def _judged(tables: Tables, chosen: str) -> tuple[Figure, pd.DataFrame, np.ndarray]:
    table = tables["predictions"][tables["predictions"]["chosen"] == chosen]
    p = table.filter(regex=r"^p\d+$").to_numpy(dtype=float)
    figure, [[ax]] = style.new_figure(2.4)
    predictions(pixels_of_text(table["pixels"]), table["label"].to_numpy(), p, ax=ax)
    return figure, table, p


PICTURES = {
    "samples": samples,
    "training": training,
    "predictions": predicted,
    "mistakes": mistakes,
    "confusion": confusion,
}
