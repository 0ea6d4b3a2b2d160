"""A worker that dies or hangs, a trial that raises or kills: a retry or a row with its reason, never the sweep."""

import pytest
from conftest import assert_only_the_bad_failed, assert_same_tables, journal_lines, tables
from sweep_study import make_study, work

from harness.sweep.runner import run_studies

BAD = 0.2
STUDY = make_study(seeds=2, bad=[BAD], tune=False)


def run(results, name, study=STUDY, **options):
    return run_studies([study], results, **{"jobs": 2, "work": work(name)} | options)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    results = tmp_path_factory.mktemp("steady")
    assert run(results, "steady").done == 6
    return results


def test_a_killed_worker_costs_a_retry_and_nothing_else(tmp_path, notes, undisturbed):
    summary = run(tmp_path / "results", "dying_once")
    assert (notes / "died").exists()
    assert (summary.done, summary.failed, summary.ran) == (6, 0, 6)
    assert_same_tables(tmp_path / "results", undisturbed)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("raising", "ArithmeticError: the bad trial | was met"),
        ("exiting", "SystemExit: out of here"),
        ("poison", "its worker process was killed by SIGKILL, 3 times"),
    ],
)
def test_a_trial_that_goes_wrong_is_a_row_with_its_reason(tmp_path, undisturbed, name, reason):
    summary = run(tmp_path, name)
    assert (summary.done, summary.failed) == (4, 2)
    assert_only_the_bad_failed(tmp_path, undisturbed, [BAD, BAD], reason)


@pytest.mark.parametrize("name", ["hanging", "frozen"])
def test_a_worker_that_hangs_is_killed_at_the_time_limit(tmp_path, undisturbed, name):
    summary = run(tmp_path, name, timeout=3.0)
    assert (summary.done, summary.failed) == (4, 2)
    assert_only_the_bad_failed(tmp_path, undisturbed, [BAD, BAD], "timed out after 3 s")


def test_a_failed_trial_is_run_again_on_request_only(tmp_path, notes, undisturbed):
    assert run(tmp_path / "results", "mended").failed == 2
    (notes / "mended").touch()
    again = run(tmp_path / "results", "mended")
    assert (again.ran, again.failed) == (0, 2)
    retried = run(tmp_path / "results", "mended", retry_failed=True)
    assert (retried.ran, retried.done, retried.failed) == (2, 6, 0)
    assert_same_tables(tmp_path / "results", undisturbed)


def test_fail_fast_stops_at_the_first_failed_trial(tmp_path):
    summary = run(tmp_path, "raising", make_study(rates=[BAD, 0.1], bad=[BAD], seeds=50, tune=False), fail_fast=True)
    assert summary.failed >= 1
    assert summary.missing > 50
    assert summary.signal is None
    assert len(journal_lines(tmp_path)) == summary.ran == summary.done + summary.failed


def test_arms_whose_tuning_fails_everywhere_are_run_at_every_seed_and_told(tmp_path):
    study = make_study(rates=[0.1, BAD], tune=True, seeds=2, l2=13.0)
    summary = run(tmp_path, "raising", study)
    assert (summary.failed, summary.missing) == (summary.ran, 0)
    assert (tables(tmp_path)["trials"]["phase"] == "confirm").sum() == 4
