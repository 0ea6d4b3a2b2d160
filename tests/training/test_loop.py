"""The training loop: what is counted, when it stops, what it gives back."""

import json
import math

import numpy as np
import pytest

from harness.errors import InputError
from harness.spec import Trial
from harness.training import run_trial, train
from harness.training.samples import rows_of
from harness.training.setup import images_of
from kernels import layout, numpy_backend


def counts(result):
    return [(row["epoch"], row["steps"], row["samples"]) for row in result.record["curve"]]


def test_the_last_partial_batch_is_trained_on_unless_dropped(short, backend_name):
    assert counts(short(batch_size=30, epochs=2, backend=backend_name)) == [(1, 4, 100), (2, 8, 200)]
    dropped = short(batch_size=30, epochs=2, drop_last=True, backend=backend_name)
    assert counts(dropped) == [(1, 3, 90), (2, 6, 180)]


def test_batches_of_one(short, backend_name):
    result = short(batch_size=1, backend=backend_name)
    assert counts(result) == [(1, 100, 100)]
    assert result.record["status"] == "done"


def test_a_last_batch_of_one_image_leaves_the_running_figures_of_batch_norm_alone(short, backend_name):
    """Its update moves nothing but β and the output layer: at a rate next to 0 the network is the one without it."""
    still = {"normalization": "batch", "optimizer": "sgd", "learning_rate": 1e-30, "shuffle": False}
    with_it, without = (
        short(**still, train_size=size, batch_size=33, split="head", backend=backend_name).state for size in (100, 99)
    )
    np.testing.assert_array_equal(with_it.running_mean, without.running_mean)
    np.testing.assert_array_equal(with_it.running_variance, without.running_variance)


def test_full_batch_is_one_update_an_epoch(short, backend_name):
    result = short(batch_size="full", epochs=3, backend=backend_name)
    assert counts(result) == [(1, 1, 100), (2, 2, 200), (3, 3, 300)]
    whole = short(batch_size=100, epochs=3, backend=backend_name)
    larger = short(batch_size=1000, epochs=3, backend=backend_name)
    assert result.record["weights_sha256"] == whole.record["weights_sha256"] == larger.record["weights_sha256"]


def test_evaluate_every_counts_training_images(short):
    assert counts(short(evaluate_every=30, epochs=2)) == [
        (1, 3, 30), (1, 6, 60), (1, 9, 90), (2, 12, 120), (2, 15, 150), (2, 18, 180), (2, 20, 200),
    ]  # fmt: skip


def test_evaluations_may_be_epochs_apart(short):
    assert counts(short(evaluate_every=250, epochs=6)) == [(3, 25, 250), (5, 50, 500), (6, 60, 600)]


def test_an_evaluation_follows_the_update_that_reaches_a_multiple(short):
    """Batches of 30, 30, 30, 10; what is counted are images, not updates."""
    ends = [(1, 2, 60), (1, 4, 100), (2, 6, 160), (2, 8, 200)]
    assert counts(short(evaluate_every=50, epochs=2, batch_size=30)) == ends
    assert counts(short(evaluate_every=7, batch_size=30)) == [(1, 1, 30), (1, 2, 60), (1, 3, 90), (1, 4, 100)]
    dropped = short(evaluate_every=100, epochs=2, batch_size=30, drop_last=True)
    assert counts(dropped) == [(2, 4, 120), (2, 6, 180)]


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_the_last_weights_are_always_evaluated(short, epochs):
    result = short(evaluate_every=10**9, epochs=epochs)
    assert counts(result) == [(epochs, 10 * epochs, 100 * epochs)]
    assert result.record["val_loss"] == result.record["curve"][-1]["val_loss"]


@pytest.mark.parametrize("choices", [{}, {"normalization": "batch", "dropout": 0.3}])
@pytest.mark.parametrize("often", [{"evaluate_every": 30}, {"evaluate_every": 150}, {"evaluate_train": True}], ids=str)
def test_when_and_what_is_evaluated_does_not_change_the_training(short, choices, often):
    other, plain = short(epochs=2, **often, **choices), short(epochs=2, **choices)
    assert other.record["weights_sha256"] == plain.record["weights_sha256"]
    for figure in ("train_loss", "train_accuracy", "val_loss", "test_loss"):
        assert other.record[figure] == plain.record[figure]


def test_the_training_subset_is_in_the_curve_only_where_asked_for(short):
    seldom, often = short(epochs=2).record, short(epochs=2, evaluate_train=True).record
    assert [(row["train_loss"], row["train_accuracy"]) for row in seldom["curve"]] == [(None, None)] * 2
    assert seldom["curve"][-1].keys() == often["curve"][-1].keys()
    last = often["curve"][-1]
    assert (seldom["train_loss"], seldom["train_accuracy"]) == (last["train_loss"], last["train_accuracy"])
    assert last["train_loss"] < often["curve"][0]["train_loss"]


def test_a_patience_counts_evaluations_that_are_epochs_apart(short):
    result = short(epochs=30, patience=2, min_delta=100.0, evaluate_every=300)
    assert counts(result) == [(3, 30, 300), (6, 60, 600), (9, 90, 900)]
    assert result.record["epochs_run"] == 9


def test_the_curve_records_the_rate_of_the_last_update(short):
    result = short(schedule="step", schedule_factor=0.1, epochs=3, learning_rate=0.01)
    np.testing.assert_allclose([row["learning_rate"] for row in result.record["curve"]], [0.01, 0.001, 0.0001])


OVERFIT = {"learning_rate": 0.03, "epochs": 30, "patience": 2, "hidden": (40,)}


def test_early_stopping_waits_for_its_patience(short):
    curve = [row["val_loss"] for row in short(**OVERFIT).record["curve"]]
    assert len(curve) < 30
    assert len(curve) - 1 - int(np.argmin(curve)) == 2


def test_early_stopping_gives_the_best_weights_back(short, images):
    result = short(**OVERFIT)
    record, best = result.record, min(result.record["curve"], key=lambda row: row["val_loss"])
    assert record["best_epoch"] == best["epoch"] < record["epochs_run"]
    figures = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    kept = next(row for row in short(**OVERFIT, evaluate_train=True).record["curve"] if row["epoch"] == best["epoch"])
    assert {key: record[key] for key in figures} == {key: kept[key] for key in figures}
    trial = Trial(**record["trial"])
    rows = rows_of(trial, images)
    data, _ = images_of(trial, images, rows.train)
    losses, classes = np.zeros(50, np.float32), np.zeros(50, np.int64)
    work = layout.new_workspace(result.network, 50, "float32", sparse=False)
    numpy_backend.evaluate(losses, classes, work, result.state, data, rows.validation, result.network)
    assert losses.mean() == pytest.approx(best["val_loss"], rel=1e-5)


def test_without_restoring_the_last_weights_stay(short):
    result = short(**OVERFIT, restore_best=False)
    assert result.record["val_loss"] == result.record["curve"][-1]["val_loss"]
    assert result.record["weights_sha256"] != short(**OVERFIT).record["weights_sha256"]


def test_an_improvement_below_min_delta_ends_no_waiting_but_its_weights_are_kept(short):
    stopped = short(epochs=30, patience=3, min_delta=100.0)
    assert stopped.record["epochs_run"] == 4  # after the first, three more are waited for
    losses = [row["val_loss"] for row in stopped.record["curve"]]
    assert losses == sorted(losses, reverse=True)
    assert stopped.record["best_epoch"] == 4
    assert stopped.record["weights_sha256"] == short(epochs=4).record["weights_sha256"]


def test_running_statistics_are_restored_with_the_weights(short):
    stopped = short(**OVERFIT, normalization="batch")
    until_best = short(**(OVERFIT | {"epochs": stopped.record["best_epoch"], "patience": None}), normalization="batch")
    assert stopped.record["best_epoch"] < stopped.record["epochs_run"]
    assert stopped.record["weights_sha256"] == until_best.record["weights_sha256"]


def test_a_record_is_strict_json(short):
    text = json.dumps(short(diagnostics=True).record, allow_nan=False)
    assert json.loads(text)["status"] == "done"


def test_evaluations_are_told_as_they_come(images):
    seen = []
    trial = Trial(train_size=50, val_size=10, hidden=(), epochs=3)
    result = train(trial, images, seen.append)
    assert seen == result.record["curve"]
    assert list(result.curve["epoch"]) == [1, 2, 3]


def test_accuracies_are_shares_of_images(short):
    record = short(epochs=3).record
    assert record["val_accuracy"] * 50 == pytest.approx(round(record["val_accuracy"] * 50))
    assert record["test_accuracy"] * 200 == pytest.approx(round(record["test_accuracy"] * 200))
    assert record["test_accuracy"] > 0.2  # chance is 0.1


def test_l2_shrinks_the_weights_and_is_not_in_the_reported_loss(short):
    norm = [np.linalg.norm(short(l2=l2, epochs=3, optimizer="sgd").state.parameters) for l2 in (0.0, 100.0)]
    assert norm[1] < norm[0]
    # λ = 100 of 100 images would add ½ ‖W‖², about 12 here
    assert short(l2=100.0, epochs=3, optimizer="sgd").record["train_loss"] < 3


def test_sgd_with_l2_multiplies_weights_by_nielsens_factor(short):
    """One step on the full batch with and without: they differ by η λ / n of each weight, and in no bias."""
    one = {
        "batch_size": "full",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "dtype": "float64",
        "initializer": "he_normal",
    }
    with_decay, without = (short(l2=l2, **one) for l2 in (20.0, 0.0))
    started = short(l2=0.0, **(one | {"learning_rate": 1e-300}))
    weights = slice(0, with_decay.network.weights)
    difference = with_decay.state.parameters - without.state.parameters
    np.testing.assert_allclose(
        difference[weights], -0.1 * 20 / 100 * started.state.parameters[weights], rtol=1e-9, atol=1e-15
    )
    np.testing.assert_array_equal(difference[with_decay.network.weights :], 0)


def test_clipping_bounds_the_first_step(short):
    one = {"batch_size": "full", "optimizer": "sgd", "learning_rate": 1.0, "dtype": "float64"}
    clipped, start = short(clip_norm=0.01, **one), short(**(one | {"learning_rate": 1e-300}))
    assert np.linalg.norm(clipped.state.parameters - start.state.parameters) == pytest.approx(0.01)


def test_a_worker_trains_as_the_front_door_does():
    fields = {"train_size": 200, "val_size": 50, "hidden": [8], "epochs": 1}
    assert run_trial(fields)["weights_sha256"] == train(Trial(**fields)).record["weights_sha256"]


def test_more_images_than_there_are_is_refused():
    with pytest.raises(InputError, match="train_size"):
        run_trial({"train_size": 60000, "val_size": 1})


def test_a_dropped_last_batch_that_was_the_only_one_is_refused(images):
    with pytest.raises(InputError, match="drop_last"):
        train(Trial(val_size=950, batch_size=64, drop_last=True), images)


def test_pixels_are_standardised_as_published_where_the_figures_are_given(images):
    trial = Trial(input_scale="standardised", mean=0.1307, std=0.3081, val_size=50)
    data, _ = images_of(trial, images, rows_of(trial, images).train)
    pixels = np.arange(256)
    np.testing.assert_allclose(pixels * data.scale + data.shift, (pixels / 255 - 0.1307) / 0.3081, rtol=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "mse"])
def test_reported_losses_start_where_the_formula_says(short, loss):
    """With all weights and biases 0: log 10; ten times log 2; half of ten quarters."""
    result = short(initializer="zeros", loss=loss, optimizer="sgd", learning_rate=1e-30)
    expected = {"cross_entropy": math.log(10), "binary_cross_entropy": 10 * math.log(2), "mse": 10 / 8}[loss]
    assert result.record["test_loss"] == pytest.approx(expected, rel=1e-6)


def test_the_share_of_nonzero_pixels_below_which_they_alone_are_visited_can_be_chosen(images, monkeypatch):
    trial = Trial(train_size=100, val_size=50, hidden=(12,), batch_size=10, epochs=1)
    weights = {}
    for share, sparse in (("0", False), ("0.5", True), ("1", True)):
        monkeypatch.setenv("HARNESS_SPARSE_BELOW", share)
        assert images_of(trial, images, rows_of(trial, images).train)[0].sparse is sparse
        weights[share] = train(trial, images).state.parameters
    assert np.array_equal(weights["0.5"], weights["1"])
    np.testing.assert_allclose(weights["0"], weights["1"], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("share", ["", "half", "2", "-0.1", "nan"])
def test_a_share_that_is_none_is_refused(images, monkeypatch, share):
    monkeypatch.setenv("HARNESS_SPARSE_BELOW", share)
    with pytest.raises(InputError, match=f"HARNESS_SPARSE_BELOW={share}: expected a share"):
        train(Trial(train_size=100, val_size=50, epochs=1), images)
