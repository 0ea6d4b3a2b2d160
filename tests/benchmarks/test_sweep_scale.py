"""A sweep of 100 000 trials: how long its journal takes to become tables and to be resumed, and in how much memory.

Run it with ``python -m pytest tests/benchmarks/test_sweep_scale.py -s``; the records are synthetic.
"""

import os
import sys
import time
from pathlib import Path

import pytest

from harness.results.files import write_study
from harness.results.frames import load_results
from harness.results.journal import encode
from harness.spec.cells import first_cells
from harness.spec.study import study_from_table
from harness.sweep.progress import Progress
from harness.sweep.resume import Sources, sources_of
from harness.sweep.runner import run_studies

sys.path.insert(0, str(Path(__file__).parents[1] / "sweep"))  # workers get this process's path, and find sweep_trials

TRIALS = 100_000
EVALUATIONS = 10


def study(trials):
    arms = {f"rate {number}": {"learning_rate": 0.001 * number} for number in range(1, 101)}
    return study_from_table(
        "large",
        {
            "title": "Large",
            "baseline": {"dataset": "mnist"},
            "blocks": [{"arms": arms}],
            "seeds": {"count": trials // len(arms)},
        },
        "large.toml",
    )


def record(trial, sources: Sources):
    point = {"epoch": 1, "samples": 55_000, "steps": 430, "seconds": 0.123456, "learning_rate": trial.learning_rate}
    losses = dict.fromkeys(("train_loss", "train_accuracy", "val_loss", "val_accuracy", "gradient_norm"), 0.1234567891)
    return {
        "trial_id": sources.key(trial),
        "status": "done",
        "reason": None,
        "diverged_epoch": None,
        "trial": trial.model_dump(mode="json"),
        "dataset_digest": sources.datasets[trial.dataset],
        "parameters": 109386,
        "epochs_run": EVALUATIONS,
        "best_epoch": 7,
        **dict.fromkeys(("train_loss", "val_loss", "test_loss"), 0.1234567891),
        **dict.fromkeys(("train_accuracy", "val_accuracy", "test_accuracy"), 0.9712),
        "seconds": 1.234567,
        "weights_sha256": "0" * 64,
        "code_digest": sources.code[trial.backend],
        "environment": "0" * 16,
        "curve": [point | losses | {"epoch": epoch, "samples": 55_000 * epoch} for epoch in range(1, EVALUATIONS + 1)],
        "layers": [],
    }


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    results = tmp_path_factory.mktemp("large")
    large = study(trials=TRIALS)
    sources = sources_of([large])
    folder = results / large.name
    folder.mkdir()
    write_study(folder, large, sources.datasets)
    with (folder / "journal.jsonl").open("wb") as journal:
        journal.writelines(encode(record(cell.trial, sources)) for cell in first_cells(large))
    return results


class Watched(Progress):
    """Notes when the runner knows what is to be run, and the memory of this process as trials finish."""

    def __init__(self):
        super().__init__()
        self.started = time.perf_counter()
        self.planned_after = None
        self.resident = {}

    def expect(self, trials):
        super().expect(trials)
        self.planned_after = self.planned_after or time.perf_counter() - self.started

    def finished(self, label, record):
        super().finished(label, record)
        self.resident[self.ran] = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_journal_of_100_000_trials_becomes_tables(results):
    started = time.perf_counter()
    loaded = load_results(results)
    taken = time.perf_counter() - started
    size = (results / "large" / "journal.jsonl").stat().st_size
    print(f"\n{TRIALS:,} trials, {size / 1e6:.0f} MB: tables after {taken:.1f} s (to stay below 20)")
    assert len(loaded.trials) == TRIALS
    assert len(loaded.curves) == TRIALS * EVALUATIONS


def test_a_sweep_of_100_000_trials_resumes(results):
    watched = Watched()
    summary = run_studies([study(trials=TRIALS)], results, jobs=1, progress=watched)
    taken = time.perf_counter() - watched.started
    print(f"\nresumed after {watched.planned_after:.1f} s (to stay below 10), tables written after {taken:.1f} s")
    assert (summary.ran, summary.done, summary.missing) == (0, TRIALS, 0)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads its memory from /proc")
def test_the_memory_of_the_runner_stays_flat(tmp_path):
    watched, trials = Watched(), 4_000
    run_studies([study(trials=trials)], tmp_path, jobs=2, progress=watched, work="sweep_trials:large")
    growth = (watched.resident[trials] - watched.resident[trials // 4]) / 1e6
    size = (tmp_path / "large" / "journal.jsonl").stat().st_size / 1e6
    print(
        f"\nthe runner grew by {growth:.1f} MB over the last {3 * trials // 4:,} of {trials:,} trials ({size:.0f} MB)"
    )
    assert growth < 20
