"""A worker process that dies or hangs fails its own call and nothing else."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sweep_trials

from harness.errors import HarnessError
from harness.processes.executor import ProcessEndedError, ProcessExecutor, WorkerHungError

LOAD = "sweep_trials:steady"


@pytest.fixture
def executor():
    with ProcessExecutor(2, LOAD, limit=1.5) as executor:
        yield executor


def fields(**changes):
    return {"learning_rate": 0.1, "seed": 0, "l2": 0.0, "min_delta": 0.0, "dataset": "mnist"} | changes


def test_calls_are_answered_by_fresh_processes(executor):
    answers = [executor.submit(sweep_trials.steady, fields(seed=seed)) for seed in range(5)]
    assert [answer.result()["weights_sha256"] for answer in answers] == [
        sweep_trials.steady(fields(seed=seed))["weights_sha256"] for seed in range(5)
    ]


def test_a_worker_that_dies_fails_its_own_call_only(executor):
    good = [executor.submit(sweep_trials.steady, fields(seed=seed, min_delta=0.2)) for seed in range(3)]
    dead = executor.submit(sweep_trials.poison, fields(l2=13))
    after = executor.submit(sweep_trials.steady, fields())
    with pytest.raises(ProcessEndedError, match="SIGKILL"):
        dead.result()
    assert all(future.result()["status"] == "done" for future in [*good, after])


@pytest.mark.parametrize("work", [sweep_trials.hanging, sweep_trials.frozen])
def test_a_worker_that_hangs_is_killed_at_the_limit(executor, work):
    hung = executor.submit(work, fields(l2=13))
    with pytest.raises(WorkerHungError, match=r"timed out after 1\.5 s"):
        hung.result(timeout=60)
    assert executor.submit(sweep_trials.steady, fields()).result()["status"] == "done"


def test_what_a_trial_prints_does_not_mix_with_its_answer(executor):
    assert executor.submit(sweep_trials.printing, fields()).result()["status"] == "done"


def test_a_call_that_raises_is_a_harness_error(executor):
    with pytest.raises(HarnessError, match=r"ArithmeticError: the bad trial \| was met"):
        executor.submit(sweep_trials.raising, fields(l2=13)).result()


def test_a_worker_that_cannot_load_its_code_is_no_fault_of_the_trial():
    with (
        ProcessExecutor(1, "sweep_trials:missing") as executor,
        pytest.raises(HarnessError, match="cannot load its code: its worker process ended with exit code 1"),
    ):
        executor.submit(sweep_trials.steady, fields()).result()


def test_libraries_of_a_worker_use_one_thread(executor):
    assert executor.submit(sweep_trials.threads, fields()).result()["parameters"] == 1


def test_killing_the_executor_ends_calls_and_workers():
    executor = ProcessExecutor(1, LOAD)
    running = executor.submit(sweep_trials.hanging, fields(l2=13))
    waiting = executor.submit(sweep_trials.steady, fields())
    while not running.running():
        time.sleep(0.01)
    executor.kill()
    assert waiting.cancelled()
    assert isinstance(running.exception(timeout=30), ProcessEndedError)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds orphans through /proc")
def test_workers_do_not_outlive_a_killed_coordinator(notes):
    script = (
        "import sweep_trials\n"
        "from harness.processes.executor import ProcessExecutor\n"
        "executor = ProcessExecutor(2, 'sweep_trials:steady')\n"
        "calls = [executor.submit(sweep_trials.telling, n) for n in range(2)]\n"
        "[call.result() for call in calls]\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    coordinator = subprocess.Popen([sys.executable, "-c", script], env=environment)
    while len(list(notes.iterdir())) < 2:
        assert coordinator.poll() is None
        time.sleep(0.02)
    workers = [Path("/proc") / path.name for path in notes.iterdir()]
    assert all(worker.exists() for worker in workers)
    coordinator.send_signal(signal.SIGKILL)
    coordinator.wait()
    deadline = time.monotonic() + 30
    while any(worker.exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(worker.exists() for worker in workers)


def test_a_system_without_more_threads_is_one_line_that_says_what_to_do():
    before = threading.stack_size(2**44)  # more memory than there is: the system refuses the thread
    try:
        with pytest.raises(HarnessError, match=r"2 workers cannot be started .*try fewer: --jobs N"):
            ProcessExecutor(2, LOAD)
    finally:
        threading.stack_size(before)


def test_a_system_without_more_processes_is_one_line_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with ProcessExecutor(1, LOAD) as executor:
        started = executor.submit(sweep_trials.steady, fields())
        with pytest.raises(HarnessError, match=r"a worker process cannot be started .*try fewer: --jobs N"):
            started.result()


def test_workers_need_no_current_folder(tmp_path):
    script = (
        "import os, sys; gone = sys.argv[1]; os.mkdir(gone); os.chdir(gone); os.rmdir(gone)\n"
        "import sweep_trials\n"
        "from harness.processes.executor import ProcessExecutor\n"
        "with ProcessExecutor(1, 'sweep_trials:steady') as executor:\n"
        f"    print(executor.submit(sweep_trials.steady, {fields()!r}).result()['status'])\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "gone")], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "done\n", done.stderr
