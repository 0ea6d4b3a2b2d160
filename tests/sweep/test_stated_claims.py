"""The journal remembers when a claim was stated: before its study had a trial, or after how many."""

import pytest
from sweep_study import make_study, work

from harness.results.frames import load_results
from harness.results.notes import stated
from harness.spec.claim_table import Claim
from harness.sweep.runner import run_studies

CLAIM, LATER = (Claim(id=name, metric="test_error", within=(0, 100)) for name in ("first", "later"))


@pytest.fixture
def run(tmp_path):
    """Run a study of three trials under a name with these claims; return when each was stated."""

    def run(name, *claims):
        study = make_study(name, seeds=1, tune=False).model_copy(update={"claims": claims})
        run_studies([study], tmp_path, jobs=1, work=work("steady"))
        return stated(load_results(tmp_path).notes[name], claims)

    return run


def test_a_claim_is_stated_before_or_after_the_trials_of_its_study(run, tmp_path):
    assert run("pace", CLAIM) == ["before"]
    journal = (tmp_path / "pace" / "journal.jsonl").read_bytes()
    assert run("pace", CLAIM) == ["before"]
    assert (tmp_path / "pace" / "journal.jsonl").read_bytes() == journal, "noted once"
    assert run("pace", CLAIM, LATER) == ["before", "after 3 trials"]


def test_trials_that_another_study_has_run_count_as_seen(run):
    run("first")
    assert run("second", CLAIM) == ["after 3 trials"]
