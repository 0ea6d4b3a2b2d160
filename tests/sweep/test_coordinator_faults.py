"""Whatever happens to the process that runs a sweep: nothing finished is lost, and the tables come out the same."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from bound_by_file_modes import BOUND_BY_FILE_MODES
from conftest import assert_same_tables, ended, journal_lines, start_run, wait_until
from sweep_study import make_study, work

import kernels
from harness.errors import InputError
from harness.results.frames import load_results
from harness.sweep.plan import plan_studies
from harness.sweep.runner import run_studies

PAUSE = 0.1
SEEDS = 6
OPTIONS = ("--pause", PAUSE, "--seeds", SEEDS)
TRIALS = 2 * SEEDS + 12 + 2 * SEEDS  # as written, tuning, confirmed


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    results = tmp_path_factory.mktemp("undisturbed") / "results"
    summary = run_studies([make_study(pause=PAUSE, seeds=SEEDS)], results, jobs=4, work=work("steady"))
    assert summary.done == summary.ran == TRIALS
    return results


@pytest.fixture
def results(undisturbed, tmp_path):
    """A finished run, to be spoilt."""
    shutil.copytree(undisturbed, tmp_path / "results")
    return tmp_path / "results"


def run_to_the_end(results, *options):
    code, said = ended(start_run(results, *(options or OPTIONS)))
    assert code == 0, said


def test_kills_at_twenty_random_moments_lose_nothing(tmp_path, undisturbed):
    """Every other kill comes while a run starts, the rest after it has recorded something."""
    results, chance, kept = tmp_path / "results", random.Random(20), []
    for number in range(20):
        run, seen = start_run(results, *OPTIONS, "--jobs", 1), len(kept)
        if number % 2:
            wait_until(lambda run=run, seen=seen: len(journal_lines(results)) > seen or run.poll() is not None)
            time.sleep(chance.uniform(0, PAUSE))
        else:
            time.sleep(chance.uniform(0.1, 1.0))
        run.kill()
        ended(run)
        now = journal_lines(results)
        assert now[: len(kept)] == kept
        kept = now
    assert len(kept) >= 10, "the kills left time for some trials"
    run_to_the_end(results)
    assert len({record["trial_id"] for record in journal_lines(results)}) == TRIALS
    assert_same_tables(results, undisturbed)


def test_ctrl_c_keeps_what_is_finished_and_resumes(tmp_path, undisturbed):
    results = tmp_path / "results"
    run = start_run(results, *OPTIONS, start_new_session=True)
    wait_until(lambda: len(journal_lines(results)) > 2)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    code, said = ended(run)
    assert code == 130
    assert "Ctrl-C again" in said[0]
    finished = len(journal_lines(results))
    assert f'"done": {finished}, "diverged": 0, "failed": 0, "missing": ' in said[-1]
    assert finished < TRIALS
    assert (results / "pace" / "trials.csv").read_text().count("\n") == finished + 1
    run_to_the_end(results)
    assert len(journal_lines(results)) == TRIALS, "none was run twice"
    assert_same_tables(results, undisturbed)


def test_a_second_ctrl_c_stops_at_once(tmp_path):
    run = start_run(tmp_path / "results", "--pause", 1000, start_new_session=True)
    wait_until(lambda: (tmp_path / "results" / "pace" / "journal.jsonl").exists())
    os.killpg(run.pid, signal.SIGINT)
    assert "Ctrl-C again" in run.stderr.readline()
    os.killpg(run.pid, signal.SIGINT)
    assert ended(run)[0] == 130
    run_to_the_end(tmp_path / "results")


def test_a_full_disk_ends_the_run_with_a_whole_journal(tmp_path):
    full, spacious = tmp_path / "full", tmp_path / "spacious"
    code, said = ended(start_run(full, "--work", "large", "--largest-file", 150_000))
    assert code == 1
    assert "journal.jsonl: cannot grow (File too large)" in said[-1]
    assert (full / "pace" / "journal.jsonl").read_bytes().endswith(b"}\n")
    assert 0 < len(journal_lines(full)) < 24
    run_to_the_end(full, "--work", "large")
    run_to_the_end(spacious, "--work", "large")
    assert_same_tables(full, spacious)


def test_a_second_run_on_the_same_folder_is_refused_and_told_the_holder(tmp_path, undisturbed):
    results = tmp_path / "results"
    first = start_run(results, *OPTIONS)
    wait_until(lambda: journal_lines(results))
    code, said = ended(start_run(results, *OPTIONS))
    assert code == 2
    assert len(said) == 1
    assert f"in use by another run (process {first.pid} on " in said[0]
    assert ended(first)[0] == 0
    assert_same_tables(results, undisturbed)


def test_a_torn_last_line_costs_its_trial_only(results, undisturbed):
    path = results / "pace" / "journal.jsonl"
    os.truncate(path, path.stat().st_size - 40)
    summary = run_studies([make_study(pause=PAUSE, seeds=SEEDS)], results, jobs=1, work=work("steady"))
    assert summary.ran == 1
    assert_same_tables(results, undisturbed)


@pytest.mark.parametrize(
    "use",
    [
        lambda study, results: run_studies([study], results, jobs=1, work=work("steady")),
        lambda study, results: plan_studies([study], results, jobs=1),
        lambda _, results: load_results(results),
    ],
    ids=["run", "plan", "load"],
)
def test_a_damaged_middle_line_is_named_and_left_alone(results, use):
    path = results / "pace" / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[4] = lines[4][:100] + b"\x00\x00" + lines[4][102:]
    path.write_bytes(b"".join(lines))
    with pytest.raises(InputError, match=r"journal\.jsonl, line 5: damaged"):
        use(make_study(pause=PAUSE, seeds=SEEDS), results)
    assert path.read_bytes() == b"".join(lines)


@pytest.mark.parametrize("locked", [".", "pace"], ids=["results folder", "study folder"])
def test_a_read_only_folder_is_refused_and_left_alone(results, locked):
    (results / "pace" / "journal.jsonl").unlink()
    for path in (results / locked / "study.json", results / locked / ".lock"):
        path.chmod(0o444) if path.exists() else None
    (results / locked).chmod(0o555)
    before = sorted((path, path.stat().st_mtime_ns) for path in (results / locked).rglob("*"))
    code, said = ended(start_run(results, *OPTIONS, before=BOUND_BY_FILE_MODES))
    (results / locked).chmod(0o755)
    assert code == 2
    assert len(said) == 1
    assert "cannot be written (Permission denied)" in said[0]
    assert sorted((path, path.stat().st_mtime_ns) for path in (results / locked).rglob("*")) == before


@pytest.fixture
def own_kernels(tmp_path):
    """A copy of the kernels' sources, found before the original ones."""
    shutil.copytree(Path(kernels.__file__).parent, tmp_path / "sources" / "kernels")
    return tmp_path / "sources"


def test_a_changed_kernel_is_told_and_its_trials_run_again(tmp_path, own_kernels):
    results, source = tmp_path / "results", own_kernels / "kernels" / "numba_backend" / "losses.py"
    assert ended(start_run(results, first_on_path=own_kernels))[0] == 0
    once = journal_lines(results)
    source.write_text(source.read_text() + "\n# a remark\n")
    assert ended(start_run(results, first_on_path=own_kernels))[0] == 0
    assert journal_lines(results) == once
    source.write_text(source.read_text() + "\nCHANGED = True\n")
    code, said = ended(start_run(results, first_on_path=own_kernels))
    assert code == 0
    assert "sources have changed since these trials ran: 18 of 'pace'; running them again" in said[0]
    again = journal_lines(results)
    assert again[: len(once)] == once
    assert len(again) == 2 * len(once)
    assert len({record["code_digest"] for record in again}) == 2


def test_a_kernel_edited_while_the_run_goes_on_ends_it(tmp_path, own_kernels):
    source = own_kernels / "kernels" / "numba_backend" / "losses.py"
    run = start_run(tmp_path / "results", "--jobs", 1, "--work", "meddling", first_on_path=own_kernels)
    code, said = ended(run)
    assert "MEDDLED" in source.read_text()
    assert "MEDDLED" not in (Path(kernels.__file__).parent / "numba_backend" / "losses.py").read_text()
    assert code == 1
    assert "a worker runs other sources" in said[-1]


def test_sigterm_ends_a_run_as_ctrl_c_does(tmp_path, undisturbed):
    results = tmp_path / "results"
    run = start_run(results, *OPTIONS, start_new_session=True)
    wait_until(lambda: len(journal_lines(results)) > 2)
    os.killpg(run.pid, signal.SIGTERM)  # as a service manager does: to the workers as well
    code, said = ended(run)
    assert code == 128 + signal.SIGTERM
    assert said[0].startswith("terminated: finishing the trials that run")
    finished = len(journal_lines(results))
    assert f'"done": {finished}, "diverged": 0, "failed": 0, "missing": ' in said[-1]
    assert (results / "pace" / "trials.csv").read_text().count("\n") == finished + 1
    run_to_the_end(results)
    assert_same_tables(results, undisturbed)
