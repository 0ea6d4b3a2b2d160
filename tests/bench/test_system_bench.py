"""Figures of the harness as a whole: what is counted, and which goals they are held to."""

import math

from harness.bench import system


def test_a_goal_is_a_bound_from_above_or_from_below():
    assert system._row("start", 1.4, "s", below=1.5) == {
        "figure": "start", "value": 1.4, "unit": "s", "goal": "< 1.5", "reached": "yes",
    }  # fmt: skip
    assert system._row("start", 1.5, "s", below=1.5)["reached"] == "no"
    assert system._row("gain", 0.93, "", above=0.93)["reached"] == "yes"
    assert system._row("gain", 0.92, "", above=0.93)["goal"] == "≥ 0.93"
    assert system._row("gain", 1.9, "times")["reached"] is None
    assert system._row("memory", float("nan"), "MB", below=300)["reached"] == "no"


def test_time_of_workers_is_that_of_trials_and_of_what_lies_between_them(monkeypatch):
    monkeypatch.setattr(system, "SETTINGS", {"hidden": [8], "epochs": 1, "train_size": 2000, "val_size": 100})
    monkeypatch.setattr(system, "TRIALS", 3)
    seconds, share = system.sweep(1)
    assert seconds > 0
    assert abs(share) < 1  # trials this short may end before their predecessor is noted
    bare, memory = system.bare_processes(1)
    assert bare > 0
    assert 15 < memory < 1500 or math.isnan(memory)  # megabytes; NaN where the system does not tell
