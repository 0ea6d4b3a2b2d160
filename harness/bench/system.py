"""The harness as a whole: how soon it starts, how long it compiles, what the runner and its workers cost.

Times are wall times, except for compiling. They are meant for a machine with nothing else to do, so the load at the
start is a figure too. The gain of two workers is compared with that of two bare processes, in rounds that take turns;
the fastest round of each counts.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import wait
from pathlib import Path
from typing import Any

from harness.bench.bench_folder import Tell
from harness.bench.process import measuring_process
from harness.bench.timing import clock
from harness.errors import HarnessError
from harness.processes.executor import ProcessExecutor
from harness.results.frames import load_results
from harness.spec import Trial
from harness.spec.study import study_from_table
from harness.sweep.progress import Progress
from harness.sweep.runner import run_studies
from harness.sweep.workers.call import RUN_TRIAL
from harness.sweep.workers.warm_up import tiny_trials
from harness.training import run_trial

ROUNDS, TRIALS = 4, 8  # an even number, as two share the trials
SETTINGS: dict[str, Any] = {"hidden": [64, 64], "optimizer": "sgd", "learning_rate": 0.1, "epochs": 9}
"""A trial of about a second."""


def measure(tell: Tell) -> list[dict[str, Any]]:
    """Return the rows of system.csv; takes some 4 minutes."""
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    rows = [_row("load of the machine at the start, which lengthens times on the wall", busy, "processes")]
    tell("compiling from nothing")
    rows.append(_row("cold start of a trial, compiling what it runs, processor time", cold_start(), "s", below=20))
    tell("a warm start")
    rows.append(_row("`harness train`, warm, until the first batch is evaluated", warm_start(), "s", below=1.5))
    tell("workers")
    bare, swept, share, memory = workers()
    gain, bare_gain = swept[1] / swept[2], bare[1] / bare[2]
    rows += [
        _row("two bare processes over one", bare_gain, "times"),
        _row("two workers over one", gain, "times"),
        _row("two workers over one / two bare processes over one", gain / bare_gain, "", above=0.93),
        _row(f"runner's share of a worker's time, trials of {swept[1]:.1f} s", 100 * share, "%", below=3),
        _row("memory of a worker's own, cache warm", memory, "MB", below=300),
    ]
    return rows


def workers() -> tuple[dict[int, float], dict[int, float], float, float]:
    """Return the seconds a trial with 1 and 2 bare processes, and with 1 and 2 workers; the runner's share of the time
    of one worker; and the megabytes of a process. Each is that of the fastest round, which was disturbed least.
    """
    rounds = [[measured(jobs) for measured in (bare_processes, sweep) for jobs in (1, 2)] for _ in range(ROUNDS)]
    bare_1, bare_2, swept_1, swept_2 = (min(found) for found in zip(*rounds, strict=True))
    return {1: bare_1[0], 2: bare_2[0]}, {1: swept_1[0], 2: swept_2[0]}, swept_1[1], bare_1[1]


def _row(
    figure: str, value: float, unit: str, below: float = float("inf"), above: float = float("-inf")
) -> dict[str, Any]:
    goal = f"< {below:g}" if below < float("inf") else f"≥ {above:g}" if above > float("-inf") else None
    reached = ("yes" if above <= value < below else "no") if goal else None
    return {"figure": figure, "value": value, "unit": unit, "goal": goal, "reached": reached}


def cold_start() -> float:
    """Return the processor time of a process that trains a tiny trial with no cache, in the slower of both dtypes."""
    dtypes = [Trial(dtype=dtype) for dtype in ("float32", "float64")]  # type: ignore[arg-type]
    seconds = []
    for tiny in tiny_trials(dtypes):
        with tempfile.TemporaryDirectory() as cache, measuring_process(cache) as ask:
            seconds.append(ask(seconds_to_run, tiny.model_dump(mode="json")))
    return max(seconds)


def seconds_to_run(fields: dict[str, Any]) -> float:
    """Run a trial; return the processor time of this process since its start."""
    run_trial(fields)
    return clock()


def warm_start() -> float:
    """Return the wall seconds until `harness train` prints its first evaluation, after one batch: the best of three."""
    command = [sys.executable, "-m", "harness", "train", "--set", "epochs=1", "--set", "evaluate_every=128"]
    taken = []
    for _ in range(4):  # the first fills the caches
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            taken.append(time.perf_counter() - begun)
            process.kill()
        if not line.startswith("epoch"):
            raise HarnessError("`harness train` ended before it printed an evaluation")
    return min(taken[1:])


def bare_processes(processes: int) -> tuple[float, float]:
    """Share TRIALS trials among so many processes and record nothing.

    Returns the wall seconds a trial, and the megabytes of memory that a process then has of its own.
    """
    trials = [Trial(**SETTINGS, seed=seed).model_dump(mode="json") for seed in range(TRIALS)]
    with ProcessExecutor(processes, RUN_TRIAL) as executor:
        wait([executor.submit(run_share, trials[:1]) for _ in range(processes)])  # loaded, and the data packed
        begun = time.perf_counter()
        shares = [executor.submit(run_share, trials[i::processes]) for i in range(processes)]
        memory = [share.result() for share in shares]
        return (time.perf_counter() - begun) / TRIALS, max(memory)


def run_share(trials: list[dict[str, Any]]) -> float:
    """Run trials one after the other; return the megabytes of this process's own, NaN where the system does not say."""
    for fields in trials:
        run_trial(fields)
    path = Path("/proc/self/smaps_rollup")
    lines = path.read_text().splitlines() if path.exists() else []
    own = [int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty"))]
    return sum(own) / 1000 if own else float("nan")


def sweep(jobs: int) -> tuple[float, float]:
    """Run TRIALS trials as a study; return wall seconds a trial, and the share of the workers' time outside of trials.

    The time begins when each worker has ended its first trial, and ends with the last trial of all.
    """
    table = {"title": "Workers", "baseline": SETTINGS, "blocks": [{"arms": {"one": {}}}], "seeds": {"count": TRIALS}}
    study, ends = study_from_table("workers", table, "workers"), _Ends()
    with tempfile.TemporaryDirectory() as results:
        run_studies([study], Path(results), jobs, progress=ends)
        trained = load_results(results).trials.set_index("seed")["seconds"]
    wall = ends.at[-1] - ends.at[jobs - 1]
    counted = trained.to_numpy()[ends.order][jobs:]
    return wall / len(counted), 1 - float(counted.sum()) / (wall * jobs)


class _Ends(Progress):
    """Notes when each seed ended."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []
        self.order: list[int] = []

    def finished(self, label: str, record: dict[str, Any]) -> None:
        super().finished(label, record)
        self.at.append(time.perf_counter())
        self.order.append(record["trial"]["seed"])
