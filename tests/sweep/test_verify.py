"""Rows trained again come out the same or are named; other sources count as the present ones if a sample does."""

import json
import shutil
from collections import Counter

import numpy as np
import pytest
from sweep_study import make_study, work

from harness.errors import HarnessError, InputError
from harness.report.provenance import adoptions
from harness.results.agreement import difference, other_machine
from harness.results.frames import load_results
from harness.spec.probes import Bowl
from harness.spec.study import study_from_table
from harness.spec.trial import Trial
from harness.statistics.intervals import largest_share_unseen
from harness.sweep.code_digest import code_digest
from harness.sweep.drawn_rows import Row, choices, draw_covering
from harness.sweep.plan import plan_studies
from harness.sweep.runner import run_studies
from harness.sweep.verify import ENOUGH, Again, Verification, adopt, verify

STUDY = make_study(seeds=2, tune=False)
OLD = "0123456789abcdef"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "results"
    run_studies([STUDY], folder, jobs=1, work=work("steady"))
    return folder


@pytest.fixture
def results(tmp_path, finished):
    """A finished run of six trials."""
    return shutil.copytree(finished, tmp_path / "results")


def edit(results, change, study="pace"):
    """Change the records of a journal, one by one."""
    path = results / study / "journal.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(change(record)) + "\n" for record in records))


def outdate(results, study="pace"):
    edit(results, lambda record: record | {"code_digest": OLD}, study)


def spoil(rate, **figures):
    """A change that gives the trial of this rate, seed 1 other figures."""

    def change(record):
        spoilt = record["trial"]["learning_rate"] == rate and record["trial"]["seed"] == 1
        return record | figures if spoilt else record

    return change


def rerun(results, *studies):
    return run_studies(list(studies or [STUDY]), results, jobs=1, work=work("steady"))


def test_what_was_recorded_comes_out_again(results):
    found = verify(results, sample=4, jobs=1, work=work("steady"))
    assert (found.rows, found.at_random, len(found.again)) == (6, 4, 4)
    assert found.alike
    assert not found.different


def test_rows_that_are_not_what_their_trials_give_are_found(results):
    edit(results, spoil(0.1, weights_sha256="0" * 64))
    edit(results, spoil(0.2, test_accuracy=0.99))
    edit(results, spoil(0.3, status="diverged", diverged_epoch=2))
    found = verify(results, sample=100, jobs=1, work=work("steady"))
    assert {again.row.trial.learning_rate: again.difference for again in found.different} == {
        0.1: "other weights",
        0.2: "the same weights, but other figures: test_accuracy",
        0.3: "diverged in epoch 2 before, done now",
    }
    assert not found.alike


def test_runs_of_a_probe_are_compared_by_their_metrics_and_rows(tmp_path):
    table = {"kind": "probe", "probe": "bowl", "parameters": {"limit": 10}, "seeds": {"count": 2}}
    run_studies([study_from_table("bowl", table, "bowl.toml")], tmp_path, jobs=1)
    edit(tmp_path, lambda record: record | ({"metrics": {"turns": 99.0}} if record["trial"]["seed"] else {}), "bowl")
    found = verify(tmp_path, sample=2, jobs=1)
    assert sorted(again.difference for again in found.again) == ["", "other figures: metrics"]
    assert not found.alike


def test_settings_that_were_edited_are_refused_by_their_id(results):
    edit(results, lambda record: record | {"trial": record["trial"] | {"l2": 5.0}})
    with pytest.raises(InputError, match="has the id of other settings"):
        verify(results, sample=1, jobs=1, work=work("steady"))


def test_failed_rows_and_rows_of_other_data_are_left_out_and_told(results):
    edit(results, lambda record: record | ({"status": "failed"} if record["trial"]["seed"] else {}))
    edit(results, lambda record: record | ({"dataset_digest": "0"} if record["trial"]["learning_rate"] == 0.1 else {}))
    found = verify(results, sample=100, jobs=1, work=work("steady"))
    assert len(found.again) == 2
    assert sorted(found.left_out.values()) == [1, 3]


def test_after_an_adoption_nothing_is_trained_and_all_who_read_take_the_rows_as_current(results):
    outdate(results)
    assert plan_studies([STUDY], results, 1)["missing"].iloc[-1] == 6
    assert len(adopt(results, jobs=1, work=work("steady")).again) == 6
    assert plan_studies([STUDY], results, 1)["missing"].iloc[-1] == 0
    assert set(load_results(results).trials["code_digest"]) == {code_digest("numba")}
    assert adoptions(load_results(results)) == [
        f"What code `{OLD}` recorded counts as recorded by `{code_digest('numba')}`: 6 of 6 rows were trained again "
        "(`harness verify --adopt`), and all came out the same."
    ]
    assert code_digest("numba") in (results / "pace" / "trials.csv").read_text()
    journal = (results / "pace" / "journal.jsonl").read_bytes()
    assert rerun(results).ran == 0
    assert (results / "pace" / "journal.jsonl").read_bytes() == journal
    other = make_study("other", seeds=2, tune=False)
    assert rerun(results, other).ran == 0, "a study that takes the rows over takes them as current"
    assert rerun(results, other).missing == 0
    assert adopt(results, jobs=1, work=work("steady")).rows == 0, "nothing is stale any more"


def test_one_row_that_differs_and_nothing_is_adopted(results):
    outdate(results)
    edit(results, spoil(0.2, weights_sha256="0" * 64))
    journal = (results / "pace" / "journal.jsonl").read_bytes()
    assert len(adopt(results, jobs=1, work=work("steady")).different) == 1
    assert (results / "pace" / "journal.jsonl").read_bytes() == journal


def test_a_trial_that_two_journals_record_with_other_weights_is_drawn_for_both(results):
    other = make_study("other", seeds=2, tune=False)
    rerun(results, STUDY, other)
    outdate(results)
    outdate(results, "other")
    edit(results, spoil(0.1, weights_sha256="0" * 64), "other")
    found = adopt(results, jobs=1, work=work("steady"))
    assert (found.rows, [again.row.study for again in found.different]) == (7, ["other"])
    assert rerun(results, STUDY, other).ran == 6, "nothing was adopted"


def test_sources_of_which_every_row_failed_are_not_adopted(results):
    outdate(results)
    edit(results, spoil(0.1, status="failed", code_digest="f" * 16))
    assert len(adopt(results, jobs=1, work=work("steady")).again) == 5
    assert rerun(results).ran == 1, "the failed row, which nothing was compared with"


def test_rows_that_cannot_be_trained_again_are_not_adopted_unseen(results):
    outdate(results)
    edit(results, spoil(0.2, dataset_digest="0"))
    with pytest.raises(InputError, match="1 of the rows to be adopted were made from other data"):
        adopt(results, jobs=1, work=work("steady"))


def test_an_adoption_draws_every_choice_in_use():
    rare = [
        {"activation": "tanh", "optimizer": "rmsprop"},
        {"l2": 1.0},
        {"batch_size": "full", "residual": True},
        {"dropout": 0.5, "dropout_form": "scaled"},
        {"clip_norm": 1.0, "dtype": "float64", "backend": "numpy"},
    ]
    trials = [Trial(seed=seed) for seed in range(2000)] + [Trial(**settings) for settings in rare] + [Bowl()]
    rows = [Row("study", str(place), trial, "done", "", (OLD,)) for place, trial in enumerate(trials)]
    drawn = draw_covering(rows, ENOUGH, np.random.default_rng(0))
    assert set().union(*map(choices, drawn)) == set().union(*map(choices, rows))
    assert ENOUGH < len(drawn) <= ENOUGH + len(rare) + 1, "not more than it takes"
    assert len(set(drawn)) == len(drawn)


def test_59_rows_without_a_difference_leave_less_than_5_per_cent():
    assert largest_share_unseen(59) < 0.05 < largest_share_unseen(58)


def test_records_agree_whatever_took_how_long_and_whatever_was_not_recorded_then():
    before = {
        "status": "done",
        "weights_sha256": "a",
        "val_loss": float("nan"),
        "seconds": 1.0,
        "curve": [{"epoch": 1, "val_loss": 0.5, "seconds": 0.1}],
        "layers": [{"epoch": 1, "layer": "0", "metric": "dead", "value": 0.1}],
    }
    later = [{"epoch": 1, "val_loss": 0.5, "seconds": 0.2, "new": 1}]
    new_layer = [*before["layers"], {"epoch": 1, "layer": "0", "metric": "new", "value": 0.3}]
    now = before | {"val_loss": None, "seconds": 2.0, "curve": later, "layers": new_layer, "new": 3}
    assert difference(before, now) == ""
    assert difference(before, now | {"curve": []}) == "the same weights, but other figures: curve"
    changed = [before["layers"][0] | {"value": 0.2}]
    assert difference(before, now | {"layers": changed}) == "the same weights, but other figures: layers"


def again(number, points, machine="cpu A, here B"):
    return Again(Row("study", str(number), Trial(seed=number), "done", "", (OLD,)), "other weights", machine, points)


def test_between_machines_accuracies_may_differ_by_chance():
    def alike(*rows):
        return Verification(10, len(rows), list(rows), Counter()).alike

    assert alike(again(0, 0.3), again(1, -0.2), again(2, -0.1))
    assert not alike(again(0, 1.1), again(1, 1.2), again(2, 1.0)), "all in one direction"
    assert not alike(again(0, 0.3), again(1, -0.2, machine="")), "on this kind of machine weights are the same"
    assert not alike(again(0, 0.3), again(1, float("nan"))), "one has no accuracy"


def test_the_kind_of_machine_is_what_last_bits_depend_on():
    here = {"cpu": "A", "machine": "x", "sparse_below": 0.5, "variables": {}, "cores": 2, "versions": {"numba": "1"}}
    assert other_machine(here | {"cores": 64, "python": "3.12"}, here) == ""
    assert other_machine(here | {"cpu": "B", "versions": {"numba": "2"}}, here) == "cpu B, here A, numba 2, here 1"
    assert other_machine(here | {"kind": "1"}, here) == other_machine(here, here | {"kind": "2"}) == "", "known of one"
    assert other_machine(here | {"kind": "1"}, here | {"kind": "2"}) == "kind 1, here 2"
    assert other_machine({}, here) == "a machine that is not known"


def test_sources_edited_meanwhile_end_it(results, monkeypatch):
    monkeypatch.setattr("harness.sweep.verify.code_digest", {"numba": OLD}.get)
    with pytest.raises(HarnessError, match="edited while rows were trained again"):
        verify(results, sample=1, jobs=1, work=work("steady"))
