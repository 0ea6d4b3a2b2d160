"""Small studies, and runs of them in this process or in one that can be killed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # workers get this process's path, and find sweep_trials there

TIMINGS = ["seconds", "environment"]


def tables(results, study="pace"):
    """The CSV files of a study, timings aside."""
    frames = {name: pd.read_csv(results / study / f"{name}.csv") for name in ("trials", "curves", "layers")}
    return {name: frame.drop(columns=TIMINGS, errors="ignore") for name, frame in frames.items()}


def assert_same_tables(one, other, study="pace"):
    left, right = tables(one, study), tables(other, study)
    for name, frame in left.items():
        pd.testing.assert_frame_equal(frame, right[name], obj=name)


def assert_only_the_bad_failed(results, undisturbed, bad, reason):
    """Of a study without tuning, the trials with the learning rates `bad` failed, and the others did not notice."""
    found, expected = tables(results)["trials"], tables(undisturbed)["trials"]
    assert list(found["trial_id"]) == list(expected["trial_id"]), "a failed trial is a row, not a gap"
    failed = found[found["status"] == "failed"]
    assert list(failed["learning_rate"]) == bad
    assert failed["reason"].str.contains(reason, regex=False).all(), list(failed["reason"])
    assert failed["test_accuracy"].isna().all()
    good = found["status"] != "failed"
    assert found[good].equals(expected[good].astype(found.dtypes))


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """A folder in which workers leave notes."""
    folder = tmp_path / "notes"
    folder.mkdir()
    monkeypatch.setenv("SWEEP_NOTES", str(folder))
    return folder


@pytest.fixture
def cluster(notes, request):
    """Two workers; with the parameter `nanny`, such that come back when they die."""
    from dask_cluster import Cluster

    cluster = Cluster(notes.parent, nanny=getattr(request, "param", None) == "nanny")
    yield cluster
    cluster.stop()


def start_run(results, *options, first_on_path=None, before=(), **popen):
    """Start sweep_driver.py in a process of its own."""
    command = [*before, sys.executable, str(HERE / "sweep_driver.py"), str(results), *map(str, options)]
    path = [str(first_on_path) if first_on_path else None, *sys.path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, **popen)


def ended(process):
    """Wait for a process; return its exit code and what it said on standard error, as lines."""
    with process:
        try:
            _, said = process.communicate(timeout=600)
        finally:
            process.kill()
    return process.returncode, said.splitlines()


def journal_lines(results, study="pace"):
    """The whole lines of a journal, parsed."""
    path = results / study / "journal.jsonl"
    content = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in content.splitlines(keepends=True) if line.endswith(b"\n")]


def wait_until(condition, limit=60):
    """Wait for something that will come true soon."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)
