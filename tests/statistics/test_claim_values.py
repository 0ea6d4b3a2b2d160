"""The metrics of claims: one number a seed and arm, from curves, layers and grids, and what a lost seed is there."""

import numpy as np
import pytest
from made_results import DIVERGED, FAILED, results_of, study_of

from harness.spec.claim_metrics import METRICS
from harness.statistics.claim_values import Measure, claim_values

TWO = {"a": {}, "b": {"learning_rate": 0.1}}
A, B = ("a",), ("b",)
RATES = {f"{rate:g}": {"learning_rate": rate} for rate in (0.01, 0.1, 1.0)}
GRID = tuple(RATES)
CHANCE = np.log(10)


def values(ended, measure, arms=TWO, units=(A, B), **tables):
    """The values, those lost and those missed, by unit."""
    frame = claim_values(results_of(study_of(arms, **tables), ended), "s", measure, "default", units)
    by_arm = frame.groupby("arm", sort=False)
    return [{arm: part[name].tolist() for arm, part in by_arm} for name in ("value", "lost", "missed")]


def time(unit="epochs", target=0.9, of="val_accuracy"):
    return Measure("time_to_target", target=target, of=of, unit=unit)


def test_a_time_is_that_of_the_first_evaluation_at_the_target():
    curve = [0.5, 0.9, 0.8, 0.95]
    for unit, expected in {"epochs": 2, "samples": 2000, "steps": 20, "seconds": 1.0}.items():
        assert values({("a", 0): {"curve": curve}}, time(unit))[0] == {"a": [expected]}
    assert values({("a", 0): {"curve": curve}}, time(target=0.15, of="val_loss"))[0] == {"a": [2]}


def test_evaluations_within_an_epoch_count_as_parts_of_it():
    parts = [{"epoch": 1, "samples": 250 * k, "val_accuracy": 0.2 * k} for k in (1, 2, 3, 4)]
    assert values({("a", 0): {"curve": parts}}, time(target=0.6))[0] == {"a": [0.75]}


def test_a_miss_counts_as_the_largest_budget_among_the_arms_compared():
    ended = {("a", 0): {"curve": [0.5, 0.9]}, ("a", 1): {"curve": [0.5] * 4}, ("b", 0): {"curve": [0.2] * 4},
             ("c", 0): {"curve": [0.1] * 9}}  # fmt: skip
    arms = {"a": {}, "b": {"epochs": 6}, "c": {"epochs": 9}}
    for unit, budget in {"epochs": 6, "samples": 6000, "steps": 60, "seconds": 2.0}.items():
        found, _, missed = values(ended, time(unit), arms)
        assert found["b"] == found["a"][1:] == [budget], unit
        assert missed == {"a": [False, True], "b": [True]}
    assert values(ended, time(), arms, units=(A, ("c",)))[0] == {"a": [2, 9], "c": [9]}


def test_a_training_that_stopped_early_was_given_all_its_epochs():
    ended = {("a", 0): {"curve": [0.5]}, ("b", 0): {"curve": [0.5, 0.6]}}
    assert values(ended, time())[0] == {"a": [4], "b": [4]}
    assert values(ended, time("steps"))[0] == {"a": [40], "b": [40]}


@pytest.mark.parametrize("lost", [DIVERGED | {"curve": [0.95]}, FAILED])
def test_a_lost_seed_misses_every_time(lost):
    found, gone, missed = values({("a", 0): lost, ("b", 0): {"curve": [0.5, 0.5, 0.5, 0.9]}}, time("samples"))
    assert (found, gone["a"], missed) == ({"a": [4000], "b": [4000]}, [True], {"a": [True], "b": [False]})


def test_what_a_lost_trial_has_is_taken_as_it_is():
    rows = [(epoch, 1, "weight_norm", 10.0 + epoch) for epoch in (0, 1)]
    ended = {("a", 0): DIVERGED | {"epochs_run": 1, "curve": [0.95], "layers": rows}, ("b", 0): FAILED}
    reached = Measure("reached", target=0.9, of="val_accuracy")
    assert values(ended, reached)[:2] == [{"a": [1], "b": [0]}, {"a": [False], "b": [True]}]
    assert values(ended, Measure("epochs_run"))[0]["a"] == [1]
    found, gone, _ = values(ended, Measure("diverged"))
    assert (found["a"], gone) == ([1], {"a": [False], "b": [True]})
    assert np.isnan(found["b"]).all()
    for epoch, expected in {0: 10, 1: 11, "first": 10}.items():
        found, gone, _ = values(ended, Measure("weight_norm", layer=1, epoch=epoch))
        assert (found["a"], gone["a"]) == ([expected], [False]), epoch
    for epoch in ("last", "mean", "last/first", 3):
        found, gone, _ = values(ended, Measure("weight_norm", layer=1, epoch=epoch))
        assert (np.isnan(found["a"]).all(), gone["a"]) == (True, [True]), epoch


def test_a_metric_without_chance_value_leaves_a_lost_seed_without_one():
    ended = {("a", 0): DIVERGED | {"curve": [0.5]}, ("b", 0): {"curve": [0.5, 0.8]}}
    for measure in (Measure("after_best"), Measure("gap"), Measure("seconds"), Measure("gap_at", target=0.4)):
        found, gone, _ = values(ended, measure)
        assert np.isnan(found["a"]).all(), measure
        assert gone["a"] == [True], measure


def test_the_gap_is_test_minus_training_error_in_points():
    assert values({("a", 0): {"test_accuracy": 0.9, "train_accuracy": 0.96}}, Measure("gap"))[0]["a"] == [
        pytest.approx(6)
    ]


def test_after_the_best_the_validation_loss_rises():
    curves = {("a", 0): {"curve": [0.5, 0.9, 0.7]}, ("b", 0): {"curve": [0.5, 0.6, 0.7]}}
    found = values(curves, Measure("after_best"))[0]
    assert (found["a"], found["b"]) == ([pytest.approx(0.2)], [0])


def test_the_area_under_the_loss_takes_each_evaluation_for_the_time_since_the_one_before():
    parts = [{"epoch": 1, "samples": 500, "val_loss": 2.0}, {"epoch": 1, "samples": 1000, "val_loss": 1.0},
             {"epoch": 2, "samples": 2000, "val_loss": 0.5}]  # fmt: skip
    ended = {("a", 0): {"curve": parts}, ("a", 1): DIVERGED, ("b", 0): {"curve": [0.5] * 4}}
    found, lost, _ = values(ended, Measure("area_under_loss"))
    assert found["a"] == pytest.approx([2 * 0.5 + 1 * 0.5 + 0.5 * 1, 4 * CHANCE])
    assert lost["a"] == [False, True]


def test_the_gap_at_a_training_loss_is_that_of_the_first_evaluation_there():
    rows = [
        {"train_loss": loss, "train_accuracy": 0.9, "val_accuracy": accuracy, "val_loss": 1.0}
        for loss, accuracy in ((0.5, 0.5), (0.3, 0.85), (0.2, 0.7))
    ]
    found, lost, _ = values({("a", 0): {"curve": rows}, ("b", 0): {"curve": rows[:1]}}, Measure("gap_at", target=0.3))
    assert found["a"] == [pytest.approx(5)]
    assert (np.isnan(found["b"]).all(), lost["b"]) == (True, [False]), "nothing was lost, it never came there"


def test_the_training_images_are_evaluated_at_the_end_in_any_case():
    ended = {("a", 0): {"curve": [0.5, 0.8], "train_loss": 0.2, "train_accuracy": 0.95}}
    assert values(ended, Measure("gap_at", target=0.3))[0]["a"] == [pytest.approx(15)]
    assert values(ended, time(target=0.2, of="train_loss"))[0]["a"] == [2]


@pytest.mark.parametrize(
    ("layer", "epoch", "expected"),
    [(1, "last", 12), (2, "last", 24), ("first", 0, 10), ("last", 0, 20), ("mean", "last", 18),
     ("last/first", "last", 2), (1, "first", 10), (1, "mean", 11), (2, "last/first", 1.2)],
)  # fmt: skip
def test_a_layers_figure_is_taken_at_the_epoch_and_then_at_the_layer(layer, epoch, expected):
    rows = [(epoch, layer, "gradient_norm", layer * (10 + epoch)) for layer in (2, 1) for epoch in (2, 0, 1)]
    rows.append((0, 3, "dead_units", 0.5))
    ended = {("a", 0): {"layers": rows}}
    assert values(ended, Measure("gradient_norm", layer=layer, epoch=epoch))[0]["a"] == [pytest.approx(expected)]


def test_trials_without_validation_images_have_no_figures_of_these():
    for measure in (time(), Measure("after_best"), Measure("reached", target=0.5, of="val_loss")):
        assert values({("a", 0): {"curve": [0.5]}}, measure, baseline={"val_size": 0})[0] == {}, measure
    assert values({("a", 0): {"curve": [0.5]}}, time(of="train_accuracy"), baseline={"val_size": 0})[2] == {"a": [True]}


def grid(losses, metric):
    """The one value of a seed by the validation losses at three rates; None diverged."""
    ended = {(arm, 0): DIVERGED if loss is None else {"val_loss": loss} for arm, loss in zip(GRID, losses, strict=True)}
    found, *_ = values(ended, Measure(metric), RATES, [GRID])
    return found[", ".join(GRID)][0]


def test_the_best_rate_has_the_least_validation_loss():
    assert [grid((0.5, 0.3, 0.4), "best_rate"), grid((0.5, None, None), "best_rate")] == [0.1, 0.01]
    assert np.isnan(grid((None, None, None), "best_rate"))


def test_the_highest_stable_rate_did_not_diverge():
    assert grid((0.5, 9.0, None), "highest_stable_rate") == 0.1
    assert grid((0.5, None, 0.7), "highest_stable_rate") == 1.0
    assert grid((None, None, None), "highest_stable_rate") == 0


def test_the_sensitivity_is_what_a_rate_costs_on_average_and_none_more_than_guessing():
    assert grid((0.5, 0.3, 0.4), "rate_sensitivity") == pytest.approx((0.2 + 0 + 0.1) / 3)
    assert grid((0.5, 0.3, None), "rate_sensitivity") == pytest.approx((0.2 + 0 + CHANCE - 0.3) / 3)
    assert grid((0.5, 0.3, 50.0), "rate_sensitivity") == grid((0.5, 0.3, None), "rate_sensitivity")


@pytest.mark.parametrize("metric", ["best_rate", "highest_stable_rate", "rate_sensitivity"])
def test_a_seed_is_reduced_where_all_arms_of_the_grid_have_it(metric):
    ended = {(arm, seed): {"val_loss": 0.5} for arm in GRID for seed in (0, 1) if (arm, seed) != (GRID[1], 1)}
    assert len(values(ended, Measure(metric), RATES, [GRID])[0][", ".join(GRID)]) == 1
    failed = {(arm, 0): FAILED if arm == GRID[0] else {"val_loss": 0.5} for arm in GRID}
    found, lost, _ = values(failed, Measure(metric), RATES, [GRID])
    if metric != "best_rate":
        assert (np.isnan(found[", ".join(GRID)]).all(), lost[", ".join(GRID)]) == (True, [True])


def test_the_smallest_value_reaches_the_target_and_a_miss_counts_as_the_largest_tried():
    arms = {
        f"{size}{rule}": {"train_size": size, "optimizer": rule} for rule in ("sgd", "adam") for size in (500, 1000)
    }
    units = [("500sgd", "1000sgd"), ("500adam", "1000adam")]
    curves = {"500sgd": [0.2], "1000sgd": [0.3], "500adam": [0.4], "1000adam": [0.9]}
    measure = Measure("smallest", target=0.8, of="val_accuracy", field="train_size")
    found, lost, missed = values({(arm, 0): {"curve": curve} for arm, curve in curves.items()}, measure, arms, units)
    assert list(found.values()) == [[1000], [1000]]
    assert list(missed.values()) == [[True], [False]]
    assert list(lost.values()) == [[False], [False]]
    found, *_ = values({(arm, 0): {"curve": [0.9]} for arm in arms}, measure, arms, units)
    assert list(found.values()) == [[500], [500]]


@pytest.mark.parametrize(("field", "least"), [("width", [8]), ("depth", [2])])
def test_the_least_shape_of_a_network_that_reaches_the_target(field, least):
    arms = {"small": {"hidden": [4]}, "large": {"hidden": [8, 4]}}
    ended = {("small", 0): {"curve": [0.1]}, ("large", 0): {"curve": [0.9]}}
    measure = Measure("smallest", target=0.8, of="val_accuracy", field=field)
    assert values(ended, measure, arms, [("small", "large")])[0] == {"small, large": least}


def test_full_stands_for_all_training_images():
    arms = {"10": {"batch_size": 10}, "full": {"batch_size": "full"}}
    ended = {("10", 0): {"curve": [0.1]}, ("full", 0): {"curve": [0.9]}}
    measure = Measure("smallest", target=0.8, of="val_accuracy", field="batch_size")
    assert values(ended, measure, arms, [("10", "full")])[0] == {"10, full": [1000]}


def test_every_metric_that_a_claim_may_name_is_computed():
    rows = [(0, 1, metric, 1.0) for metric in METRICS]
    ended = {(arm, seed): {"curve": [0.5, 0.9], "layers": rows, "val_loss": 0.5} for arm in RATES for seed in (0, 1)}
    for metric, what in METRICS.items():
        keys = {
            "target": 0.9,
            "of": "val_accuracy",
            "unit": "epochs",
            "epoch": "last",
            "layer": 1,
            "field": "learning_rate",
        }
        measure = Measure(metric, **{key: value for key, value in keys.items() if key in what.reads})
        units = [GRID] if what.reduces else [(arm,) for arm in GRID]
        found = values(ended, measure, RATES, units)[0]
        assert len(found) == len(units), metric
        assert {len(value) for value in found.values()} == {1 if metric == "churn" else 2}, metric
