"""Streams that are closed, terminals that go away, Python without docstrings: no traceback, nothing lost."""

import os
import pty
import signal
import subprocess
import sys
import time

import pytest

RUN = "-m harness run width.toml --profile smoke --results results --jobs 1"


def shell(place, redirected, command=RUN, **variables):
    """Run a command of Python's through a shell that redirects its streams; return exit code and both texts."""
    environment = os.environ | {"COLUMNS": "120"} | variables
    line = f"{sys.executable} {command} {redirected}"
    done = subprocess.run(["bash", "-c", line], cwd=place, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def finished(place):
    """The rows of the table of trials."""
    return (place / "results" / "width" / "trials.csv").read_text().count("\n") - 1


@pytest.mark.parametrize("redirected", ["2>&-", "2>&- <&-", "2>/dev/full"])
def test_a_run_needs_no_standard_error(place, redirected):
    code, said, _ = shell(place, redirected)
    assert (code, finished(place)) == (0, 6)
    assert "6 trials run now" in said


def test_a_closed_standard_output_is_one_line(place):
    assert shell(place, ">&-") == (1, "", "error: standard output is closed\n")


def test_a_terminal_that_goes_away_takes_only_the_bar_with_it(place):
    master, slave = pty.openpty()
    run = subprocess.Popen([sys.executable, *RUN.split()], cwd=place, stderr=slave, stdout=subprocess.PIPE, text=True)
    os.close(slave)
    os.read(master, 1)
    os.close(master)
    assert "6 trials run now" in run.communicate(timeout=120)[0]
    assert (run.returncode, finished(place)) == (0, 6)


@pytest.mark.parametrize("command", ["check", "train", "run optimizer --profile smoke --results r"])
def test_a_compiler_that_is_switched_off_is_one_line(place, command):
    code, _, said = shell(place, "", f"-m harness {command}", NUMBA_DISABLE_JIT="1")
    assert (code, len(said.splitlines())) == (2, 1), said
    assert "NUMBA_DISABLE_JIT=1" in said
    assert "backend=numpy" in said


def test_help_does_not_hang_on_docstrings(place):
    _, bare, _ = shell(place, "", "-OO -m harness run --help")
    assert bare == shell(place, "", "-m harness run --help")[1]
    assert "Example: harness run" in bare


def test_ctrl_c_in_a_script_that_calls_run_twice_ends_the_script(place):
    script = (
        "from harness import run\n"
        "for folder in ('one', 'two'):\n"
        "    run('width.toml', settings={'epochs': 300}, seeds=50, results=folder, jobs=1)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=place, stderr=subprocess.PIPE, text=True)
    journal = place / "one" / "width" / "journal.jsonl"
    while not (journal.exists() and journal.stat().st_size):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1].splitlines()
    assert process.returncode != 0
    assert "KeyboardInterrupt: " in said[-1]
    assert "the same call goes on where it stopped" in said[-1]
    assert (place / "one" / "width" / "trials.csv").exists()
    assert not (place / "two").exists()
