"""Laws of the cells: phases have disjoint seeds, arms are paired, the winner is chosen on validation loss alone."""

import math

import pytest

from harness.spec import Winner, confirm_cells, first_cells, study_from_table, trial_from, winners
from harness.spec.cells import unchosen

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
    pairs = {(arm, seed) for arm in "AB" for seed in (2000, 2001, 2002)}
    assert won == dict.fromkeys(pairs, ({"learning_rate": 0.1}, ()))


def test_a_winner_at_an_end_of_the_grid_is_flagged(study):
    for losses, rate in (((1.0, 2.0, 3.0), 0.01), ((3.0, 2.0, 1.0), 1.0)):
        won = winners(study, by_rate(dict(zip(RATES, losses, strict=True))))
        assert set(map(str, won.values())) == {str(Winner({"learning_rate": rate}, ("learning_rate",)))}


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_diverged_rate_never_wins(study, bad):
    losses = {0.01: 5.0, 0.1: 2.0, 1.0: 0.1}
    won = winners(study, lambda t: bad if (t.learning_rate, t.seed) == (1.0, 1001) else losses[t.learning_rate])
    assert won["A", 2000].settings == {"learning_rate": 0.1}


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_an_arm_that_diverged_at_every_rate_is_run_at_the_smallest_for_no_seed_is_left_out(study, bad):
    won = winners(study, lambda trial: bad if trial.optimizer == "sgd" else 1.0)
    assert len(won) == 6
    assert {str(won["A", seed].settings) for seed in (2000, 2001, 2002)} == {"{'learning_rate': 0.01}"}


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
    assert winners(study, lambda _: 1.0)["A", 2000].settings == {"learning_rate": 0.01}


def test_without_tuning_there_is_only_the_default_phase():
    study = study_from_table("mine", {key: TABLE[key] for key in ("blocks", "seeds")}, "mine.toml")
    assert {cell.phase for cell in first_cells(study)} == {"default"}
    assert winners(study, lambda _: 1.0) == {}
    assert confirm_cells(study, lambda _: 1.0) == []


def test_an_interrupted_study_has_every_arm_at_its_first_seeds(study):
    cells = first_cells(study)
    assert [(cell.arm, cell.seed) for cell in cells[:4]] == [("A", 0), ("B", 0), ("A", 1), ("B", 1)]


GRID = {"l2": [0.0, 5.0], "learning_rate": [0.01, 0.1], "seeds": 2}


def tuned(baseline=None, count=3, **tune):
    return study_from_table("mine", {"baseline": baseline or {}, "tune": tune, "seeds": {"count": count}}, "mine.toml")


def tried(study):
    fields = study.tune.grid
    return [
        (cell.seed, *(getattr(cell.trial, field) for field in fields))
        for cell in first_cells(study)
        if cell.phase == "tune"
    ]


def test_several_fields_make_a_grid_in_the_order_written():
    combinations = [(0.0, 0.01), (0.0, 0.1), (5.0, 0.01), (5.0, 0.1)]
    assert tried(tuned(**GRID)) == [(seed, *values) for seed in (1000, 1001) for values in combinations]


def test_the_winner_of_a_grid_is_rerun_with_all_its_settings():
    study = tuned(**GRID)
    losses = {(0.0, 0.01): 3.0, (0.0, 0.1): 2.0, (5.0, 0.01): 1.0, (5.0, 0.1): 4.0}

    def val_loss(trial):
        return losses[trial.l2, trial.learning_rate]

    assert {str(winner.settings) for winner in winners(study, val_loss).values()} == {
        "{'l2': 5.0, 'learning_rate': 0.01}"
    }
    confirmed = confirm_cells(study, val_loss)
    assert {(cell.trial.l2, cell.trial.learning_rate) for cell in confirmed} == {(5.0, 0.01)}
    assert [cell.seed for cell in confirmed] == [2000, 2001, 2002]


def test_of_equal_losses_the_smaller_values_win_whatever_the_order_written():
    study = tuned(dropout=[0.5, 0.2], clip_norm=["none", 1.0, 0.1], activation=["tanh", "relu"])
    assert winners(study, lambda _: 1.0)["baseline", 2000].settings == {
        "dropout": 0.2,
        "clip_norm": 0.1,
        "activation": "tanh",  # has no size: the first
    }


@pytest.mark.parametrize(
    ("field", "values", "best", "edge"),
    [
        ("l2", [0.0, 1.0, 5.0], 0.0, False),
        ("l2", [0.0, 1.0, 5.0], 1.0, False),
        ("l2", [0.0, 1.0, 5.0], 5.0, True),
        ("l2", [1.0, 2.0, 5.0], 1.0, True),
        ("l2", [5.0, 1.0, 2.0], 5.0, True),
        ("dropout", [0.0, 0.2, 0.5], 0.0, False),
        ("dropout", [0.0, 0.2, 0.5], 0.5, True),
        ("schedule_floor", [0.0, 0.5, 1.0], 1.0, False),
        ("schedule_floor", [0.0, 0.5, 0.9], 0.9, True),
        ("epochs", [1, 2, 3], 1, False),
        ("epochs", [1, 2, 3], 3, True),
        ("learning_rate", [0.1, 1.0], 1.0, False),
        ("clip_norm", ["none", 0.1, 1.0, 10.0], 10.0, False),
        ("clip_norm", ["none", 0.1, 1.0, 10.0], 0.1, True),
        ("clip_norm", ["none", 0.1, 1.0, 10.0], None, False),
        ("batch_size", [32, 64, 128, "full"], 128, False),
        ("batch_size", [32, 64, 128, "full"], 32, True),
        ("activation", ["relu", "tanh", "sigmoid"], "relu", False),
        ("hidden", [[8], [16], [32]], (32,), False),
        ("shuffle", [True, False], True, False),
    ],
)
def test_an_edge_is_the_end_of_three_numbers_or_more_beyond_which_there_are_others(field, values, best, edge):
    won = winners(tuned(**{field: values}), lambda trial: float(getattr(trial, field) != best))
    assert won["baseline", 2000] == ({field: best}, (field,) if edge else ())


def test_with_per_seed_each_confirming_seed_is_tuned_by_itself():
    study = tuned(learning_rate=[0.01, 0.1], seeds=2, per_seed=True)
    assert tried(study) == [(seed, rate) for seed in range(10000, 10006) for rate in (0.01, 0.1)]
    better = {10000: 0.1, 10001: 0.1, 10002: 0.01, 10003: 0.01, 10004: 0.1, 10005: 0.1}

    def val_loss(trial):
        return 1.0 if trial.learning_rate == better[trial.seed] else 2.0

    confirmed = confirm_cells(study, val_loss)
    assert [(cell.seed, cell.trial.learning_rate) for cell in confirmed] == [(2000, 0.1), (2001, 0.01), (2002, 0.1)]


def test_with_per_seed_a_seed_is_confirmed_when_its_own_tuning_is_finished():
    study = tuned(learning_rate=[0.01, 0.1], seeds=2, per_seed=True)
    waiting = confirm_cells(study, lambda trial: None if trial.seed == 10003 else 1.0)
    assert [cell.seed for cell in waiting] == [2000, 2002]
    lost = confirm_cells(study, lambda trial: math.inf if trial.seed in (10002, 10003) else 1.0)
    assert [cell.seed for cell in lost] == [2000, 2001, 2002], "no seed is left out because nothing could be trained"


def test_the_seeds_of_no_two_phases_meet_in_the_largest_study():
    study = tuned(learning_rate=[0.1], seeds=1, per_seed=True)
    largest = study.model_copy(update={"seeds": 1000, "tune": study.tune.model_copy(update={"seeds": 3})})
    cells = first_cells(largest)
    seeds = [{cell.seed for cell in cells if cell.phase == phase} for phase in ("default", "tune")]
    seeds += [{cell.seed for cell in confirm_cells(largest, lambda _: 1.0)}, set(range(1000, 2000))]
    assert len(set.union(*seeds)) == sum(map(len, seeds)) == 1000 + 3000 + 1000 + 1000


def test_without_default_no_arm_is_run_as_written():
    study = tuned(default=False, **GRID)
    assert {cell.phase for cell in first_cells(study)} == {"tune"}
    assert study.phases == ("tune", "confirm")


@pytest.mark.parametrize(
    "tune", [GRID, GRID | {"default": False}, GRID | {"per_seed": True}, {"learning_rate": [0.1], "seeds": 1}], ids=str
)
def test_the_trials_are_counted_as_the_cells_are(tune):
    study = tuned(**tune)
    cells = first_cells(study) + confirm_cells(study, lambda _: 1.0)
    assert study.trial_count == len(cells)


def test_every_cell_is_a_trial_as_the_front_door_makes_it():
    study = tuned(baseline={"hidden": [8]}, hidden=[[4], [16, 16]], seeds=1)
    for cell in first_cells(study) + confirm_cells(study, lambda _: 1.0):
        assert cell.trial == trial_from(cell.trial.model_dump(mode="json"))
        assert cell.trial.model_fields_set <= {"hidden", "seed"}


@pytest.mark.parametrize("per_seed", [False, True])
def test_every_confirming_cell_is_chosen_or_waits(per_seed):
    """Of arm A one tuning trial is unfinished; arm B ended nowhere finite at one combination of seeds."""
    table = TABLE | {"tune": TABLE["tune"] | {"per_seed": per_seed}}
    study = study_from_table("mine", table, "mine.toml")
    last = max(cell.seed for cell in first_cells(study) if cell.phase == "tune")

    def val_loss(trial):
        if trial.optimizer == "sgd":
            return None if (trial.learning_rate, trial.seed) == (0.1, last) else 1.0
        return math.inf if trial.seed == last else 1.0

    chosen = [(cell.arm, cell.seed) for cell in confirm_cells(study, val_loss)]
    assert unchosen(study, val_loss) == {"A": 1 if per_seed else 3, "B": 0}
    assert [arm for arm, _ in chosen] == (["A", "B", "A", "B", "B"] if per_seed else ["B"] * 3)
    assert unchosen(study, lambda _: 1.0) == {"A": 0, "B": 0}
    assert unchosen(study_from_table("mine", {}, "mine.toml"), val_loss) == {}
