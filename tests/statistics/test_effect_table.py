"""effects.csv of whole studies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from harness.results.frames import Results
from harness.spec.schema import EFFECTS_COLUMNS
from harness.spec.study import study_from_table
from harness.statistics.effect_table import effects

FACTORS = {"activation": ["tanh", "relu"], "skip": [{}, {"residual": True}]}
FIGURE = {"form": "effects", "y": ["val_loss", "time_to_target"], "target": 0.9, "x": "samples"}


def study_of(*blocks, **more):
    blocks = blocks or ({"ablate": FACTORS},)
    return study_from_table("parts", {"blocks": list(blocks), **more}, "parts.toml")


def results_of(study, accuracy, seeds=3, phase="default", reached_at=None):
    """Results in which `accuracy(arm, seed)` is what a trial ends with, None where it diverged."""
    rows, curves = [], []
    for arm in study.arms:
        for seed in range(seeds):
            found = accuracy(arm.name, seed)
            key = f"{arm.name} {phase} {seed}"
            rows.append({
                "study": study.name, "arm": arm.name, "phase": phase, "seed": seed, "trial_id": key,
                "status": "done" if found is not None else "diverged",
                "test_accuracy": np.nan if found is None else found, "val_loss": np.nan if found is None else 1 - found,
                "dataset": "mnist", "loss": "cross_entropy", "classes": 10, "val_size": 5000,
                "monitor": "validation", "train_size": 1000, "batch_size": 10, "drop_last": False,
                "epochs": 4, "train_loss": 0.1, "train_accuracy": 0.9,
            })  # fmt: skip
            first = (reached_at or (lambda *_: 1))(arm.name, seed)
            for epoch in range(1, 5):
                good = 0.95 if first and epoch >= first else 0.5
                curves.append((key, epoch, 1000 * epoch, 100 * epoch, 0.1 * epoch, good))
    columns = ["trial_id", "epoch", "samples", "steps", "seconds", "val_accuracy"]
    curves = pd.DataFrame(curves, columns=columns).assign(train_loss=np.nan, train_accuracy=np.nan)
    return Results({study.name: study}, pd.DataFrame(rows), curves, pd.DataFrame(), {}, {})


def worth(arm, seed):
    return 0.9 + 0.01 * seed + 0.04 * ("activation" in arm or "everything" in arm)


def of(table, metric, kind):
    return table[(table["metric"] == metric) & (table["kind"] == kind)].set_index("factors")["effect"].to_dict()


def test_effects_are_with_minus_without_in_points_of_test_error():
    table = effects(results_of(study_of(), worth))
    assert list(table.columns) == list(EFFECTS_COLUMNS)
    assert set(table["metric"]) == {"test_error"}
    assert set(table["block"]) == {"ablate"}
    for kind in ("main", "leave_one_out", "add_one_in", "shapley"):
        assert of(table, "test_error", kind) == pytest.approx({"activation": -4.0, "skip": 0.0})
    assert of(table, "test_error", "interaction") == pytest.approx({"activation + skip": 0.0})


def test_the_final_phase_alone_is_read():
    study = study_of(tune={"learning_rate": [0.01, 0.1, 1.0], "seeds": 1})
    first, last = (results_of(study, accuracy) for accuracy in (lambda *_: 0.5, worth))
    before = pd.concat([first.trials, first.trials.assign(phase="tune")])
    both = pd.concat([before, last.trials.assign(phase="confirm")])
    table = effects(replace(first, trials=both))
    assert of(table, "test_error", "main") == pytest.approx({"activation": -4.0, "skip": 0.0})
    assert effects(replace(first, trials=before)).empty, "what arms are worth as written is another question"


def test_each_block_that_ablates_has_its_effects_and_other_blocks_have_none():
    study = study_of(
        {"arms": {"plain": {}}}, {"name": "deep", "ablate": FACTORS}, {"name": "wide", "ablate": {"l2": [0.0, 5.0]}}
    )
    table = effects(results_of(study, worth))
    assert table.groupby("block", sort=False).size().to_dict() == {"deep": 9, "wide": 4}
    assert effects(results_of(study_of({"arms": {"plain": {}}}), worth)).empty


def test_a_lost_seed_counts_as_chance_and_is_not_dropped():
    table = effects(
        results_of(study_of(), lambda arm, seed: None if arm == "nothing" and not seed else worth(arm, seed))
    )
    alone = table[table["kind"] == "add_one_in"].set_index("factors")
    assert (alone["n"] == 3).all()
    assert alone.loc["activation", "effect"] == pytest.approx((6 - 90 - 4 - 4) / 3)


def test_the_metrics_are_those_that_figures_name_and_a_miss_counts_as_the_largest_budget():
    def reached_at(arm, seed):
        return 2 + (seed == 0) if "activation" in arm or "everything" in arm else None

    table = effects(results_of(study_of(figures=[FIGURE]), worth, reached_at=reached_at))
    assert list(dict.fromkeys(table["metric"])) == ["test_error", "val_loss", "time_to_target"]
    assert of(table, "val_loss", "main") == pytest.approx({"activation": -0.04, "skip": 0.0})
    assert of(table, "time_to_target", "main") == pytest.approx({"activation": (3000 + 2 * 2000) / 3 - 4000, "skip": 0})
    alone = of(table, "time_to_target", "add_one_in")
    assert np.isnan(alone["skip"])  # nobody got there with it or without
    assert not np.isnan(alone["activation"])
