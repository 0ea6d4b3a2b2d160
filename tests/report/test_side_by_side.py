"""A report that several processes draw is the one that a single process draws, or says in a line why there is none."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import HarnessError, InputError
from harness.report import side_by_side
from harness.report.folder import refuse_foreign
from harness.report.write import check_report, write_report

CALLS = side_by_side.CALLS_A_PROCESS * 2  # which two processes are started for


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_report_is_the_same_bytes_whatever_drew_it(five, five_reported, tmp_path, monkeypatch):
    monkeypatch.setattr(side_by_side, "CALLS_A_PROCESS", 1)
    write_report(five, tmp_path / "reports", jobs=2)
    assert contents(tmp_path / "reports") == contents(five_reported)
    assert check_report(five, five_reported, jobs=2) == []


def test_a_process_that_is_lost_is_one_line():
    with side_by_side.side_by_side(CALLS, 2) as begin:
        first, second = begin(len, "abc"), begin(die)
        assert first() == 3
        with pytest.raises(HarnessError, match=r"cannot be drawn: its worker process was killed by SIGKILL$"):
            second()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_bad_input_is_told_as_it_would_be_here(tmp_path):
    (tmp_path / "other.txt").touch()
    with side_by_side.side_by_side(CALLS, 2) as begin:
        wait = begin(refuse_foreign, tmp_path)
        with pytest.raises(InputError, match=r"holds 'other\.txt' and no report"):
            wait()


def test_a_script_needs_no_guard(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        "from harness.report.side_by_side import side_by_side\n"
        f"with side_by_side({CALLS}, 2) as begin:\n"
        "    print([begin(pow, 2, n) for n in (3, 5)][1]())\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=_here())
    assert (done.stdout, done.stderr) == ("32\n", "")


def _here() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
