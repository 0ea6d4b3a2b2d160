"""What a seed counts: its figure, or what guessing and the worst of the study make of it when it was lost."""

import numpy as np
import pandas as pd
import pytest

from harness.spec.names import LOSSES
from harness.statistics.metrics import chance_value, metric_values

LABEL_OF = {
    "cross_entropy": lambda a, y: -np.log(a[y.astype(bool)]).sum(),
    "mse": lambda a, y: ((a - y) ** 2).sum() / 2,
    "binary_cross_entropy": lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(),
}
"""Loss of one image, from the outputs and the label as 0 and 1: the definitions."""


def trials(rows, **settings):
    """Trials of one study, a row each: arm, seed, status, test_accuracy, val_loss."""
    frame = pd.DataFrame(rows, columns=["arm", "seed", "status", "test_accuracy", "val_loss"])
    frame["classes"] = pd.array([10 if status != "failed" else pd.NA for status in frame["status"]], dtype="Int64")
    usual = {"study": "s", "phase": "default", "dataset": "mnist", "loss": "cross_entropy", "val_size": 5000}
    return frame.assign(**(usual | {"monitor": "validation"} | settings))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("classes", [2, 3, 10, 47])
def test_chance_is_the_loss_of_equal_probabilities(loss, classes):
    label = np.eye(classes)[classes // 2]
    assert chance_value("val_loss", loss, classes) == pytest.approx(
        LABEL_OF[loss](np.full(classes, 1 / classes), label)
    )


def test_chance_of_ten_classes_errs_nine_times_in_ten():
    assert chance_value("test_error", "mse", 10) == pytest.approx(90)
    assert chance_value("test_accuracy", "mse", 10) == pytest.approx(0.1)


def test_a_metric_without_chance_value_has_none():
    assert np.isnan(chance_value("seconds", "mse", 10))
    assert np.isnan(chance_value("test_error", "mse", np.nan))


def test_errors_are_in_percent():
    values = metric_values(trials([("a", 0, "done", 0.95, 0.2)]), "test_error")
    assert values["value"].tolist() == pytest.approx([5.0])
    assert values["lost"].tolist() == [False]


@pytest.mark.parametrize(("worst", "counted"), [(0.8, 90.0), (0.05, 95.0)])
@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_a_lost_seed_counts_as_the_worse_of_chance_and_the_worst_of_the_study(status, worst, counted):
    rows = [("a", 0, "done", 0.95, 0.2), ("a", 1, status, np.nan, np.nan), ("b", 0, "done", worst, 0.3)]
    values = metric_values(trials(rows), "test_error")
    assert values["value"].tolist() == pytest.approx([5.0, counted, 100 * (1 - worst)])
    assert values["lost"].tolist() == [False, True, False]


def test_of_accuracies_the_worse_is_the_lower():
    rows = [("a", 0, "diverged", np.nan, np.nan), ("b", 0, "done", 0.04, 0.3), ("b", 1, "done", 0.9, 0.3)]
    assert metric_values(trials(rows), "test_accuracy")["value"].tolist() == [0.04, 0.04, 0.9]


def test_the_worst_is_that_of_the_same_study():
    rows = [("a", 0, "diverged", np.nan, np.nan), ("b", 0, "done", 0.9, 0.3), ("b", 1, "done", 0.01, 0.3)]
    frame = trials(rows).assign(study=["s", "s", "other"])
    assert metric_values(frame, "test_error")["value"][0] == pytest.approx(90)


def test_a_trial_that_ended_without_a_finite_loss_is_lost():
    rows = [("a", 0, "done", 0.9, np.inf), ("a", 1, "done", 0.9, np.nan), ("a", 2, "done", 0.9, 0.4)]
    values = metric_values(trials(rows), "val_loss")
    assert values["value"].tolist() == pytest.approx([np.log(10), np.log(10), 0.4])
    assert values["lost"].tolist() == [True, True, False]


def test_a_study_that_lost_everything_counts_chance():
    rows = [("a", 0, "diverged", np.nan, np.nan), ("b", 0, "failed", np.nan, np.nan)]
    assert metric_values(trials(rows), "test_error")["value"].tolist() == pytest.approx([90, 90])


def test_where_the_classes_are_known_to_nobody_a_lost_seed_has_no_value():
    rows = [("a", 0, "failed", np.nan, np.nan), ("b", 0, "failed", np.nan, np.nan)]
    values = metric_values(trials(rows), "test_error")
    assert values["value"].isna().all()
    assert values["lost"].all()


def test_without_validation_images_there_is_no_validation_loss_to_lose():
    rows = [("a", 0, "done", 0.9, np.nan), ("b", 0, "diverged", np.nan, np.nan)]
    assert metric_values(trials(rows, val_size=0), "val_loss").empty
    assert len(metric_values(trials(rows, val_size=0), "test_error")) == 2
    assert len(metric_values(trials(rows, val_size=0, monitor="test"), "val_loss")) == 2
