"""Laws of the cells: phases have disjoint seeds, arms are paired, the winner is chosen on validation loss alone."""

import math

import pytest

from harness.spec import confirm_cells, first_cells, study_from_table, winners

RATES = [0.01, 0.1, 1.0]
TABLE = {
    "blocks": [{"arms": {"A": {"optimizer": "sgd"}, "B": {"optimizer": "adam"}}}],
    "tune": {"learning_rate": RATES, "seeds": 2},
    "seeds": {"count": 3},
}


@pytest.fixture
def study():
    return study_from_table("mine", TABLE, "mine.toml")


def by_rate(losses):
    return lambda trial: losses[trial.learning_rate]


def test_the_default_phase_is_every_arm_as_written_at_every_seed(study):
    cells = [cell for cell in first_cells(study) if cell.phase == "default"]
    assert {(cell.arm, cell.seed) for cell in cells} == {(arm, seed) for arm in "AB" for seed in range(3)}
    for cell in cells:
        assert cell.trial == study.arm(cell.arm).trial.model_copy(update={"seed": cell.seed})


def test_the_tune_phase_gives_every_arm_the_same_rates_and_seeds(study):
    cells = [cell for cell in first_cells(study) if cell.phase == "tune"]
    tried = {arm: sorted((c.seed, c.trial.learning_rate) for c in cells if c.arm == arm) for arm in "AB"}
    assert tried["A"] == tried["B"] == [(seed, rate) for seed in (1000, 1001) for rate in RATES]


def test_the_seeds_of_the_phases_are_disjoint_and_paired(study):
    cells = first_cells(study) + confirm_cells(study, by_rate({0.01: 3.0, 0.1: 1.0, 1.0: 2.0}))
    seeds = {
        phase: [{cell.seed for cell in cells if (cell.arm, cell.phase) == (arm, phase)} for arm in "AB"]
        for phase in ("default", "tune", "confirm")
    }
    assert all(of_a == of_b for of_a, of_b in seeds.values())
    assert len(set.union(*(of_a for of_a, _ in seeds.values()))) == 3 + 2 + 3
    assert all(cell.trial.seed == cell.seed for cell in cells)


def test_the_winner_has_the_lowest_mean_loss(study):
    losses = {(0.01, 1000): 1.0, (0.01, 1001): 1.0, (0.1, 1000): 0.1, (0.1, 1001): 1.5}
    losses |= {(1.0, 1000): 0.95, (1.0, 1001): 0.95}
    won = winners(study, lambda trial: losses[trial.learning_rate, trial.seed])
    assert won["A"] == won["B"] == (0.1, False)


def test_a_winner_at_an_end_of_the_grid_is_flagged(study):
    assert winners(study, by_rate({0.01: 1.0, 0.1: 2.0, 1.0: 3.0}))["A"] == (0.01, True)
    assert winners(study, by_rate({0.01: 3.0, 0.1: 2.0, 1.0: 1.0}))["A"] == (1.0, True)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_diverged_rate_never_wins(study, bad):
    losses = {0.01: 5.0, 0.1: 2.0, 1.0: 0.1}
    won = winners(study, lambda t: bad if (t.learning_rate, t.seed) == (1.0, 1001) else losses[t.learning_rate])
    assert won["A"] == (0.1, False)


def test_an_arm_that_diverged_at_every_rate_has_no_winner(study):
    won = winners(study, lambda trial: math.inf if trial.optimizer == "sgd" else 1.0)
    assert set(won) == {"B"}


def test_an_arm_is_confirmed_when_its_whole_tuning_is_finished(study):
    last = [cell for cell in first_cells(study) if cell.phase == "tune" and cell.arm == "A"][-1].trial
    cells = confirm_cells(study, lambda trial: None if trial == last else 1.0)
    assert {cell.arm for cell in cells} == {"B"}
    assert len(cells) == 3


def test_the_confirm_phase_reruns_the_winner_on_fresh_seeds(study):
    cells = confirm_cells(study, by_rate({0.01: 3.0, 0.1: 1.0, 1.0: 2.0}))
    assert {cell.trial.learning_rate for cell in cells} == {0.1}
    assert {cell.seed for cell in cells} == {2000, 2001, 2002}


def test_equal_losses_choose_the_smaller_rate(study):
    assert winners(study, lambda _: 1.0)["A"] == (0.01, True)


def test_without_tuning_there_is_only_the_default_phase():
    study = study_from_table("mine", {key: TABLE[key] for key in ("blocks", "seeds")}, "mine.toml")
    assert {cell.phase for cell in first_cells(study)} == {"default"}
    assert winners(study, lambda _: 1.0) == {}
    assert confirm_cells(study, lambda _: 1.0) == []


def test_an_interrupted_study_has_every_arm_at_its_first_seeds(study):
    cells = first_cells(study)
    assert [(cell.arm, cell.seed) for cell in cells[:4]] == [("A", 0), ("B", 0), ("A", 1), ("B", 1)]


def test_a_probe_has_no_trials():
    study = study_from_table("mine", {"kind": "probe", "probe": "bowl", "parameters": {"b": 1}}, "mine.toml")
    assert first_cells(study) == []
    assert study.parameters == {"b": 1}
