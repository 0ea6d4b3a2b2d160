"""Learning rates at points where they are known."""

import math

import numpy as np
import pytest

from harness.spec import Trial
from harness.spec.names import SCHEDULES
from harness.training.schedules import learning_rates


def rates(updates_per_epoch=10, **fields):
    trial = Trial(learning_rate=0.2, **fields)
    epochs = [learning_rates(trial, updates_per_epoch, epoch) for epoch in range(trial.epochs)]
    assert {found.shape for found in epochs} == {(updates_per_epoch,)}
    return np.concatenate(epochs)


def test_constant_stays():
    np.testing.assert_array_equal(rates(schedule="constant"), 0.2)


def test_step_drops_at_the_start_of_each_period():
    found = rates(schedule="step", schedule_factor=0.1, schedule_every=2, epochs=5)
    np.testing.assert_allclose(found[[0, 19, 20, 39, 40, 49]], [0.2, 0.2, 0.02, 0.02, 0.002, 0.002])


def test_exponential_meets_step_where_a_period_begins_and_is_smooth_between():
    found = rates(schedule="exponential", schedule_factor=0.25, schedule_every=2, epochs=5)
    np.testing.assert_allclose(found[[0, 20, 40]], [0.2, 0.05, 0.0125])
    np.testing.assert_allclose(found[1:] / found[:-1], 0.25 ** (1 / 20))
    np.testing.assert_allclose(found[10], 0.1)


def test_cosine_falls_from_the_rate_through_its_half_towards_the_floor():
    found = rates(schedule="cosine")
    np.testing.assert_allclose(found[[0, 50]], [0.2, 0.1])
    np.testing.assert_allclose(found[25], 0.2 * (1 + np.sqrt(0.5)) / 2)
    assert 0 < found[-1] < 0.001
    assert (np.diff(found) < 0).all()


def test_the_floor_of_cosine_is_a_share_of_the_first_rate():
    found = rates(schedule="cosine", schedule_floor=0.5)
    np.testing.assert_allclose(found[[0, 50]], [0.2, 0.15])
    assert found[-1] == pytest.approx(0.1, rel=1e-3)


def test_warm_up_rises_in_a_line_to_the_rate_and_then_decays():
    found = rates(schedule="warmup_cosine", warmup=0.1)
    np.testing.assert_allclose(found[:10], 0.2 * np.arange(1, 11) / 10)
    np.testing.assert_allclose(found[[10, 55]], [0.2, 0.1])
    assert (np.diff(found[10:]) < 0).all()


@pytest.mark.parametrize(("warmup", "epochs"), [(0.0, 1), (0.0, 3), (0.1, 3)])
def test_warm_up_without_an_update_that_rises_is_cosine(warmup, epochs):
    """A share of 0.1 of three updates rounds to none."""
    found = rates(1, schedule="warmup_cosine", warmup=warmup, epochs=epochs)
    np.testing.assert_array_equal(found, rates(1, schedule="cosine", epochs=epochs))


def test_one_update_has_the_full_rate():
    for schedule in ("constant", "step", "exponential", "cosine", "warmup_cosine"):
        np.testing.assert_allclose(rates(1, schedule=schedule, epochs=1), 0.2)


def factor(schedule, u, total):
    """The formulas of the schedules' docstring, for one update."""
    rising = round(0.3 * total) if schedule == "warmup_cosine" else 0
    if u < rising:
        return (u + 1) / rising
    cosine = 0.1 + 0.9 * (1 + math.cos(math.pi * (u - rising) / (total - rising))) / 2
    return {"constant": 1, "step": 0.25 ** (u // 20), "exponential": 0.25 ** (u / 20)}.get(schedule, cosine)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("updates", [(1, 1), (1, 2), (1, 3), (10, 6), (10, 200)], ids=str)
def test_each_schedule_is_its_formula_with_few_updates_and_with_many(schedule, updates):
    """Of 1, 2, 3, 60 and 2000 updates."""
    an_epoch, epochs = updates
    numbers = {"schedule_factor": 0.25, "schedule_every": 20 // an_epoch, "schedule_floor": 0.1, "warmup": 0.3}
    found = rates(an_epoch, schedule=schedule, epochs=epochs, **numbers)
    total = an_epoch * epochs
    np.testing.assert_allclose(found, [0.2 * factor(schedule, u, total) for u in range(total)], rtol=1e-12)


@pytest.mark.parametrize("schedule", ["cosine", "warmup_cosine"])
@pytest.mark.parametrize("epochs", [1, 2, 3, 500])
def test_no_rate_of_a_cosine_is_below_its_floor_which_the_last_comes_near(schedule, epochs):
    """The update after the last would have it; with four updates the last has 0.23 of the rate, for a floor of 0.1."""
    found = rates(1, schedule=schedule, warmup=0.0, schedule_floor=0.1, epochs=epochs)
    assert (found > 0.2 * 0.1).all()
    assert found[-1] == pytest.approx(0.2 * (0.1 + 0.9 * (1 - math.cos(math.pi / epochs)) / 2))
