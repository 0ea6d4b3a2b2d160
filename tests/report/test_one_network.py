"""Figures of one network: axes in and out, every image drawn, what is wrong told by more than its colour."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from harness.report import figures
from harness.report.figures import style
from harness.report.figures.one_network import one_network

LABELS = np.array([3, 1, 4, 1], np.uint8)
PIXELS = np.arange(4 * 784).reshape(4, 784).astype(np.uint8)
PROBABILITIES = np.eye(10)[[3, 7, 9, 1]] * [[0.5], [0.9], [0.95], [0.99]]  # the second and the third are wrong
CURVE = pd.DataFrame(
    {
        "samples": [100, 200, 300],
        "train_loss": [None] * 3,
        "val_loss": [0.5, 0.2, 0.3],
        "train_accuracy": [None] * 3,
        "val_accuracy": [0.8, 0.9, 0.91],
    }
)


@pytest.fixture
def axes() -> Iterator[Axes]:
    with style.house_style():
        _, [[ax]] = style.new_figure(3)
        yield ax


DRAWN = {
    "sample_images": lambda **ax: figures.sample_images(PIXELS, LABELS, **ax),
    "predictions": lambda **ax: figures.predictions(PIXELS, LABELS, PROBABILITIES, **ax),
    "first_layer_weights": lambda **ax: figures.first_layer_weights(np.linspace(-1, 1, 784 * 4).reshape(784, 4), **ax),
    "confusion_matrix": lambda **ax: figures.confusion_matrix(np.eye(3, dtype=np.int64), **ax),
    "learning_curve": lambda **ax: figures.learning_curve(CURVE, "loss", **ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_takes_axes_and_returns_them(axes, name):
    assert DRAWN[name](ax=axes) is axes
    assert isinstance(DRAWN[name](), Axes)


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_a_wrong_prediction_names_both_classes(axes):
    figures.predictions(PIXELS, LABELS, PROBABILITIES, ax=axes)
    assert words(axes) == ["3, 50 %", "1 as 7, 90 %", "4 as 9, 95 %", "1, 99 %"]
    assert len([patch for patch in axes.patches if isinstance(patch, Rectangle)]) == 4


def test_every_image_stands_in_the_mosaic_unchanged(axes):
    figures.sample_images(PIXELS, LABELS, columns=3, ax=axes)
    sheet = np.asarray(axes.images[0].get_array())
    for frame, image in zip(axes.patches, PIXELS, strict=True):
        left, top = round(frame.get_x() + 0.5), round(frame.get_y() + 0.5)
        np.testing.assert_array_equal(sheet[top : top + 28, left : left + 28], image.reshape(28, 28))


def test_mistakes_come_most_confident_first():
    assert figures.mistakes(LABELS, PROBABILITIES).tolist() == [2, 1]


def test_confusion_counts_every_image_once(axes):
    counts = figures.confusion_counts(LABELS, PROBABILITIES.argmax(axis=1), 10)
    assert counts.sum() == len(LABELS)
    assert counts[4, 9] == counts[1, 7] == counts[1, 1] == counts[3, 3] == 1
    figures.confusion_matrix(counts, ax=axes)
    assert words(axes) == ["1"] * 4


def test_the_ring_marks_the_lowest_validation_loss(axes):
    figures.learning_curve(CURVE, "accuracy", ax=axes)
    ring = next(line for line in axes.lines if line.get_label() == "lowest validation loss")
    assert np.asarray(ring.get_xydata()).tolist() == [[200, 0.9]]


@pytest.mark.parametrize("diverged", [False, True])
def test_one_network_on_a_page_is_the_same_bytes_again(diverged):
    weights = np.full((784, 60), np.nan) if diverged else np.random.default_rng(0).normal(size=(784, 60))
    made = []
    with style.house_style():
        for _ in range(2):
            p, curve = (None, pd.DataFrame()) if diverged else (PROBABILITIES, CURVE)
            made.append(style.png_bytes(one_network(curve, PIXELS, LABELS, p, weights, (28, 28))))
    assert made[0] == made[1]


@pytest.mark.parametrize("shape", [(1, 2), (1, 8), (5, 4), (40, 30)])
def test_what_is_told_of_an_image_never_touches_the_next_one(shape):
    inputs = shape[0] * shape[1]
    images = np.zeros((4, inputs), np.uint8)
    with style.house_style():
        figure = one_network(CURVE, images, LABELS, PROBABILITIES, np.ones((inputs, 3)), shape)
        style.png_bytes(figure)
    for ax in figure.axes:
        frames = [patch.get_window_extent() for patch in ax.patches]
        for text in ax.texts:
            box = text.get_window_extent()
            assert not any(box.overlaps(frame) for frame in frames), text.get_text()


def test_a_network_without_a_curve_takes_less_room_and_says_why():
    unmeasured = CURVE.assign(val_loss=None)
    with style.house_style():
        whole, short = (
            one_network(c, PIXELS, LABELS, PROBABILITIES, np.ones((784, 3)), (28, 28)) for c in (CURVE, unmeasured)
        )
    assert short.get_figheight() < whole.get_figheight() - 2
    assert any("evaluate_train=true" in text.get_text() for text in short.axes[0].texts)
