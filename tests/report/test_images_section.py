"""Where predictions are kept, a section tells intervals over seeds and images, and images that separate arms."""

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.report import figures
from harness.report.arm_tables import arm_table
from harness.report.differences_section import differences_from_reference
from harness.report.figures import draw_form, style
from harness.report.fingerprint import results_digest
from harness.report.images_section import images_that_separate
from harness.report.study_frames import Frames, study_frames
from harness.report.study_section import arm_rows
from harness.results.frames import load_results
from harness.results.predictions import PredictionsWriter, labels_key, prediction, write_images
from harness.spec.study import study_from_table
from harness.statistics.images import separating

IMAGES = 400
LABELS = (np.arange(IMAGES) % 10).astype(np.uint8)
HARD = 50
"""The first images: rate 1 takes them for the next class, and rate 3 does half the time."""


@pytest.fixture
def frames(tmp_path: Path, synthetic: Callable[..., Path]) -> Callable[..., Frames]:
    """Return a function that makes a study of three rates whose arms in `without` have left no predictions."""

    def make(without: tuple[str, ...] = (), lost: tuple[str, ...] = (), guessing: tuple[str, ...] = ()) -> Frames:
        rates = {f"rate {number}": {"learning_rate": number / 1000} for number in (1, 2, 3)}
        table = {"baseline": {"optimizer": "adam", "learning_rate": 0.002}, "blocks": [{"arms": rates}]}
        table |= {"figures": [{"form": "images", "where": {"learning_rate": [0.001, 0.002, 0.003]}}]}
        study = study_from_table("mine", table | {"seeds": {"count": 4}}, "mine.toml")
        writer = PredictionsWriter(tmp_path / "mine")

        def predict(cell, record):
            if cell.arm in lost:
                gone = {"status": "diverged", "reason": "loss", "test_accuracy": None, "val_loss": None}
                return record | gone
            share = {"rate 1": 1.0, "rate 2": 0.0, "rate 3": 0.5}[cell.arm]
            random = np.random.default_rng(cell.seed)
            wrong = (np.arange(IMAGES) < HARD) & (random.random(IMAGES) < share) | (random.random(IMAGES) < 0.02)
            classes = ((LABELS + wrong) % 10).astype(np.uint8)
            classes = np.zeros_like(classes) if cell.arm in guessing else classes
            if cell.arm not in without:
                (tmp_path / "mine").mkdir(exist_ok=True)
                writer.append(prediction(record["trial_id"], record["weights_sha256"], classes, LABELS))
            return record | {"test_accuracy": float(np.mean(classes == LABELS))}

        synthetic(tmp_path, study, predict)
        writer.close()
        return study_frames(load_results(tmp_path), "mine")

    return make


def rows_of(markdown: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown.splitlines() if line[:1] == "|"]


def test_errors_and_differences_have_an_interval_over_seeds_and_images(frames):
    made = frames()
    header, _, *rows = rows_of(arm_rows(made, arm_table(made)))
    place = header.index("with images")
    for row in rows:
        over_seeds, with_images = row[place - 1].partition("± ")[2], row[place].removeprefix("± ")
        assert float(with_images) >= float(over_seeds)
    header, _, *rows = rows_of(differences_from_reference(made)[1])
    assert header[2] == "with images"
    assert all(re.fullmatch(r"[+-]\d+\.\d\d to [+-]\d+\.\d\d", row[2]) for row in rows)


def test_an_arm_without_predictions_has_a_dash(frames):
    made = frames(without=("rate 1",))
    header, _, *rows = rows_of(arm_rows(made, arm_table(made)))
    assert [row[header.index("with images")] == "–" for row in rows] == [True, False, False]
    _, _, *rows = rows_of(differences_from_reference(made)[1])
    assert [row[2] == "–" for row in rows] == [True, False]


def test_a_study_without_predictions_has_no_such_column_and_no_images(frames):
    made = frames(without=("rate 1", "rate 2", "rate 3"))
    assert "with images" not in arm_rows(made, arm_table(made)) + differences_from_reference(made)[1]
    assert images_that_separate(made) == []


def test_images_that_separate_the_arms_are_told_with_the_seeds_that_err(frames):
    (part,) = images_that_separate(frames())
    assert "The test images on which the 3 arms differ most, as written" in part
    _, _, *rows = rows_of(part)
    assert len(rows) == 8
    for image, label, most, least in rows:
        assert int(image) < HARD
        assert int(label) == int(image) % 10
        assert re.fullmatch(rf"rate [13]: 4 of 4 seeds, as {(int(label) + 1) % 10}", most)
        assert least.startswith("rate ")


@pytest.mark.parametrize("why", ["lost", "guessing", "without"])
def test_arms_that_separate_nothing_are_left_out(frames, why):
    (part,) = images_that_separate(frames(**{why: ("rate 1",)}))
    assert "on which the 2 arms differ most" in part
    assert "Left out are 1 that" in part
    assert "rate 1:" not in part


def test_a_report_is_stale_when_predictions_come_or_go(frames, tmp_path):
    frames()
    before = results_digest(load_results(tmp_path))
    (tmp_path / "mine" / "predictions" / "labels.npz").rename(tmp_path / "aside")
    assert results_digest(load_results(tmp_path)) != before


def words(frames: Frames) -> list[str]:
    with style.house_style():
        drawing = draw_form(frames, "images")
    return [text.get_text() for text in drawing.figure.axes[0].texts]


def test_the_images_that_separate_the_arms_are_drawn_with_what_each_arm_takes_them_for(frames, tmp_path):
    made = frames()
    assert words(made) == ["the images are not in the results folder: `harness run` adds them"]
    pixels = {(labels_key(LABELS), place): np.full((2, 3), place, np.uint8) for place in range(HARD)}
    write_images(tmp_path / "mine", pixels)
    made = study_frames(load_results(tmp_path), "mine")
    with style.house_style():
        drawing = draw_form(made, "images")
    (ax,) = drawing.figure.axes
    places = [int(text.get_text().split("image ")[1]) for text in ax.texts if "image" in text.get_text()]
    assert [int(image.get_array()[0, 0]) for image in ax.images] == places
    _, _, *rows = rows_of(images_that_separate(made)[0])
    assert [str(place) for place in places] == [row[0] for row in rows]
    assert len([text for text in ax.texts if text.get_text().startswith("4 of 4 as")]) >= 8
    assert "4 of 4 seeds of rate 1 are wrong, and 0 of 4 of rate 2" in drawing.caption
    sent = pickle.loads(pickle.dumps(made))  # as it comes to another process
    assert words(sent) == words(made)
    assert images_that_separate(sent) == images_that_separate(made)


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ({"lost": ("rate 1",)}, "rate 1: 4 of 4 diverged"),
        ({"guessing": ("rate 1",)}, "rate 1: hardly better than guessing"),
        ({"without": ("rate 1",)}, "rate 1: no predictions, or of other images"),
        ({"without": ("rate 1", "rate 2", "rate 3")}, "no predictions are kept: trials leave them as they are run"),
    ],
)
def test_an_arm_without_images_is_named_with_its_reason(frames, why, told):
    assert told in words(frames(**why))


def test_images_take_axes_and_return_them(frames):
    made = frames()
    table = separating(made.trials, made.predictions).table
    with style.house_style():
        _, [[ax]] = style.new_figure(3)
        assert figures.images(table, [np.zeros((28, 28), np.uint8)] * 8, ax=ax) is ax
