"""What a run tells of itself: counts, a pace without the start of the workers, lines where there is no terminal."""

import pytest
from sweep_study import make_study, work

from harness.spec import Trial
from harness.sweep import progress
from harness.sweep.progress import PlainProgress, Progress, duration
from harness.sweep.runner import run_studies
from harness.sweep.workers.warm_up import tiny_trials


def record(status="done"):
    return {"status": status, "reason": "because", "trial": {"seed": 3}}


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is set."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(progress.time, "monotonic", lambda: Clock.now)
    return Clock


def test_the_pace_counts_from_the_first_result_and_needs_a_few(clock):
    shown = Progress()
    shown.expect(100)
    clock.now += 60  # kernels are compiled, workers start
    for _ in range(progress.PACE_FROM - 1):
        shown.finished("a", record())
        assert "ETA" not in shown.line("a")
        clock.now += 2
    shown.finished("a", record())
    assert shown.line("pace: a") == "5/100 trials  0.5/s  ETA 3 min 10 s  pace: a"


def test_trials_that_did_not_end_well_are_counted_apart():
    shown = Progress()
    shown.expect(4)
    for status in ("done", "diverged", "failed", "failed"):
        shown.finished("a", record(status))
    assert shown.line("").startswith("4/4 trials  1 diverged  2 failed")


def test_plain_lines_are_few_and_a_failure_is_told_at_once(clock, capsys):
    shown = PlainProgress()
    shown.expect(1000)
    for _ in range(25):
        clock.now += 1
        shown.finished("pace: a", record())
    shown.finished("pace: a", record("failed"))
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert said[-1] == "failed: pace: a, seed 3: because"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3599, "59 min 59 s"), (7500, "2 h 05 min")],
)
def test_durations_read_like_a_clock(seconds, text):
    assert duration(seconds) == text


def test_a_summary_counts_a_trial_once_however_many_studies_share_it(tmp_path):
    studies = [make_study("one", tune=False), make_study("two", tune=False, rates=(0.1, 0.2, 0.3, 0.4))]
    summary = run_studies(studies, tmp_path, jobs=2, work=work("steady"))
    assert (summary.ran, summary.done, summary.missing) == (12, 12, 0)
    again = run_studies(studies, tmp_path, jobs=2, work=work("steady"))
    assert (again.ran, again.done) == (0, 12)


def test_tiny_trials_run_each_choice_in_each_dtype_once_and_nothing_that_is_not_compiled():
    varied = [{}, {"activation": "tanh"}, {"optimizer": "sgd", "l2": 2.0}, {"activation": "tanh", "optimizer": "sgd"}]
    trials = [
        Trial(**fields, dtype=dtype, seed=seed, epochs=90)
        for seed in range(2)
        for dtype in ("float32", "float64")
        for fields in varied
    ]
    tiny = tiny_trials([*trials, Trial(backend="numpy", activation="gelu")])
    assert [(t.dtype, t.activation, t.optimizer, t.l2) for t in tiny] == [
        (dtype, *chosen)
        for dtype in ("float32", "float64")
        for chosen in (("relu", "adam", 0.0), ("tanh", "adam", 0.0), ("relu", "sgd", 2.0))
    ]
    assert {(t.train_size, t.epochs, t.backend) for t in tiny} == {(2, 1, "numba")}
