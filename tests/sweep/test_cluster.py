"""A Dask cluster as a user would start one gives the tables of a local run, whatever happens to its workers."""

import signal

import pytest
from conftest import assert_only_the_bad_failed, assert_same_tables, ended, journal_lines, start_run, wait_until
from sweep_study import make_study, work

from harness.errors import InputError
from harness.sweep.runner import run_studies

OPTIONS = ("--pause", 0.1, "--seeds", 6)
TRIALS = 36


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    results = tmp_path_factory.mktemp("local")
    run_studies([make_study(pause=0.1, seeds=6)], results, jobs=4, work=work("steady"))
    return results


def test_a_cluster_gives_the_tables_of_a_local_run(tmp_path, cluster, undisturbed):
    code, said = ended(start_run(tmp_path / "results", *OPTIONS, "--scheduler", cluster.address))
    assert code == 0, said
    assert_same_tables(tmp_path / "results", undisturbed)


def calls(notes, worker):
    return (notes / str(worker.pid)).read_text().splitlines()


def test_a_worker_killed_half_way_loses_nothing_and_what_ran_twice_counts_once(tmp_path, cluster, notes, undisturbed):
    results = tmp_path / "results"
    run = start_run(results, *OPTIONS, "--scheduler", cluster.address, "--work", "noted")
    wait_until(lambda: len(journal_lines(results)) > TRIALS // 3)
    begun = len(calls(notes, cluster.workers[0]))
    wait_until(lambda: len(calls(notes, cluster.workers[0])) > begun)
    cluster.workers[0].kill()
    code, said = ended(run)
    assert code == 0, said
    assert len([*calls(notes, cluster.workers[0]), *calls(notes, cluster.workers[1])]) > TRIALS, (
        "one was executed twice"
    )
    recorded = [record["trial_id"] for record in journal_lines(results)]
    assert len(recorded) == len(set(recorded)) == TRIALS
    assert_same_tables(results, undisturbed)


def test_a_lost_scheduler_ends_the_run_and_everything_finished_is_kept(tmp_path, cluster, undisturbed):
    results = tmp_path / "results"
    run = start_run(results, *OPTIONS, "--scheduler", cluster.address, "--connect-limit", 2)
    wait_until(lambda: len(journal_lines(results)) > TRIALS // 3)
    cluster.scheduler.kill()
    code, said = ended(run)
    assert code == 1
    assert said[-1] == f"scheduler {cluster.address} is lost; everything finished is kept"
    kept = journal_lines(results)
    assert ended(start_run(results, *OPTIONS))[0] == 0
    assert journal_lines(results)[: len(kept)] == kept
    assert_same_tables(results, undisturbed)


@pytest.mark.parametrize(
    ("end", "options", "expected"),
    [
        (lambda _: None, ("--largest-file", 6000), (1, "journal.jsonl: cannot grow (File too large)")),
        (lambda run: run.send_signal(signal.SIGINT), (), (130, '"signal": 2')),
    ],
    ids=["full disk", "Ctrl-C"],
)
def test_a_run_that_ends_with_trials_on_their_way_leaves_and_goes_on(
    tmp_path, cluster, undisturbed, end, options, expected
):
    results = tmp_path / "results"
    run = start_run(results, *OPTIONS, "--scheduler", cluster.address, *options)
    wait_until(lambda: len(journal_lines(results)) > 2)
    end(run)
    code, said = ended(run)
    assert (code, expected[1] in said[-1]) == (expected[0], True), said
    assert 2 < len(journal_lines(results)) < TRIALS
    assert ended(start_run(results, *OPTIONS))[0] == 0
    assert_same_tables(results, undisturbed)


@pytest.mark.parametrize("cluster", ["nanny"], indirect=True)
@pytest.mark.parametrize(
    ("name", "limit", "reason"),
    [
        ("raising", None, "ArithmeticError: the bad trial | was met"),
        ("late_poison", None, "it killed every worker that it met, 2 times"),
        ("hanging", 2.0, "it killed every worker that it met, or did not end within 2 s, 2 times"),
    ],
)
def test_a_trial_that_goes_wrong_on_a_cluster_is_a_row_with_its_reason(tmp_path, cluster, name, limit, reason):
    study = make_study(seeds=1, bad=[0.2], tune=False)
    run_studies([study], tmp_path / "local", jobs=2, work=work("steady"))
    results = tmp_path / "results"
    run_studies([study], results, jobs=1, scheduler=cluster.address, timeout=limit, work=work(name))
    assert_only_the_bad_failed(results, tmp_path / "local", [0.2], reason)


@pytest.mark.parametrize(
    "address", ["nonsense", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:port", "http://127.0.0.1:1"]
)
def test_an_address_that_is_none_is_refused(tmp_path, address):
    with pytest.raises(InputError, match=f"--scheduler {address}"):
        run_studies([make_study()], tmp_path, jobs=1, scheduler=address, work=work("steady"))
