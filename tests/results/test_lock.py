"""One writer at a time; whoever is turned away learns who writes."""

import os
import socket
import subprocess
import sys

import pytest

from harness.errors import InputError
from harness.results.lock import locked

HOLD = """
import sys
from pathlib import Path
from harness.results.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_is_refused_and_told_process_host_and_start(tmp_path, holder):
    with pytest.raises(InputError) as caught, locked(tmp_path):
        pass
    assert f"process {holder.pid} on {socket.gethostname()}, since 20" in str(caught.value)


def test_the_lock_falls_with_its_holder(tmp_path, holder):
    holder.kill()
    holder.wait()
    with locked(tmp_path):
        assert (tmp_path / ".lock.holder").exists()
    assert not (tmp_path / ".lock.holder").exists()


def test_a_results_folder_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "results"
    path.write_text("notes")
    for folder in (path, path / "below"):
        with pytest.raises(InputError, match="file"), locked(folder):
            pass
    assert path.read_text() == "notes"


def test_a_missing_results_folder_is_made(tmp_path):
    with locked(tmp_path / "a" / "b"):
        assert os.listdir(tmp_path / "a" / "b")
