"""Seeds are added at looks fixed beforehand, to the arms and in the phases that an open claim reads, no others."""

import json
from dataclasses import replace

import pytest
from sweep_study import work

from harness.errors import InputError
from harness.report.study_frames import study_frames
from harness.report.study_section import design, looks, missing
from harness.results.frames import load_results
from harness.spec.study import study_from_table
from harness.statistics.verdict_table import told_verdicts
from harness.sweep.progress import Progress
from harness.sweep.runner import run_studies

RATES = {"good": 0.1, "bad": 0.2, "this": 0.3, "that": 0.4}


def claim(better, than, **keys):
    return {"id": better, "text": "It is better", "metric": "test_error", "better": better, "than": than, **keys}


def make(count=8, at_most=24, **tables):
    """A study of a clear claim, `good` against `bad`, and of one about nothing, `this` against `that`."""
    table = {
        "blocks": [{"arms": {name: {"learning_rate": rate} for name, rate in RATES.items()}}],
        "seeds": {"count": count, "at_most": at_most},
        "claims": [claim("good", "bad"), claim("this", "that")],
    }
    return study_from_table("pace", table | tables, "pace.toml")


def run(study, results, **options):
    return run_studies([study], results, jobs=1, work=work("graded"), until_decided=True, **options)


def seeds(results):
    """How many seeds each arm has in each phase."""
    trials = load_results(results).trials
    return {key: len(group) for key, group in trials.groupby(["phase", "arm"], sort=False)}


def notes(results):
    lines = (results / "pace" / "journal.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line.get("note") == "looks"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    results = tmp_path_factory.mktemp("finished") / "results"
    assert run(make(), results).missing == 0
    return results


def test_the_arms_of_a_decided_claim_get_no_more_seeds_and_those_of_an_open_one_all(finished):
    assert seeds(finished) == {
        ("default", "good"): 8,
        ("default", "bad"): 8,
        ("default", "this"): 24,
        ("default", "that"): 24,
    }
    table = told_verdicts(load_results(finished)).set_index("id")
    assert (table.loc["good", "verdict"], table.loc["good", "look"], table.loc["good", "n"]) == ("supported", 8, 8)
    assert (table.loc["this", "verdict"], table.loc["this", "n"]) == ("inconclusive", 24)


def test_the_report_tells_the_looks_and_calls_no_arm_that_left_incomplete(finished):
    frames = study_frames(load_results(finished), "pace")
    (told,) = looks(frames)
    assert "looked at with 8, 16 and 24 seeds, fixed before the first trial" in told
    assert "multiplied by the number of looks, 3" in told
    assert "8 seeds each to begin with" in design(frames)
    assert missing(frames) == []
    few = study_frames(load_results(finished), "pace").trials.query("arm != 'bad' or seed > 0")
    assert "Incomplete:** 31 of 32" in missing(replace(frames, trials=few))[0]


@pytest.mark.parametrize("lines", [20, 45])
def test_a_run_that_was_killed_anywhere_goes_on_with_its_looks_to_the_same_end(finished, tmp_path, lines):
    (tmp_path / "pace").mkdir()
    whole = (finished / "pace" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "pace" / "journal.jsonl").write_bytes(b"".join(whole[:lines]) + whole[lines][:50])
    (tmp_path / "pace" / "study.json").write_bytes((finished / "pace" / "study.json").read_bytes())
    summary = run(make(), tmp_path)
    assert summary.missing == 0
    assert summary.ran == 64 - max(0, lines - 2), "nothing is run twice"
    assert seeds(tmp_path) == seeds(finished)
    assert len(notes(tmp_path)) == 1
    tables = [results / "pace" / "verdicts.csv" for results in (tmp_path, finished)]
    assert tables[0].read_text() == tables[1].read_text()


def test_looks_that_were_fixed_are_not_moved(finished):
    before = (finished / "pace" / "journal.jsonl").read_bytes()
    with pytest.raises(InputError, match=r"looked at with 8, 16, 24 seeds, as was fixed .* now make 8, 16, 32"):
        run(make(at_most=32), finished)
    assert (finished / "pace" / "journal.jsonl").read_bytes() == before


def test_seeds_are_added_in_the_phase_that_an_open_claim_reads(tmp_path):
    tune = {"l2": [0.0, 1.0], "seeds": 1}
    run(
        make(tune=tune, claims=[claim("good", "bad"), claim("this", "that")], seeds={"count": 8, "at_most": 10}),
        tmp_path,
    )
    found = seeds(tmp_path)
    assert {arm: found["confirm", arm] for arm in RATES} == {"good": 8, "bad": 8, "this": 10, "that": 10}
    assert {arm: found["default", arm] for arm in RATES} == dict.fromkeys(RATES, 8)
    assert {arm: found["tune", arm] for arm in RATES} == dict.fromkeys(RATES, 2)


def test_where_each_seed_is_tuned_by_itself_those_added_are_tuned_too(tmp_path):
    tune = {"l2": [0.0, 1.0], "seeds": 1, "per_seed": True, "default": False}
    run(make(tune=tune, seeds={"count": 8, "at_most": 10}), tmp_path)
    found = seeds(tmp_path)
    assert {arm: found["confirm", arm] for arm in RATES} == {"good": 8, "bad": 8, "this": 10, "that": 10}
    assert {arm: found["tune", arm] for arm in RATES} == {"good": 16, "bad": 16, "this": 20, "that": 20}


class Told(Progress):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_a_study_whose_claims_are_decided_is_done(tmp_path):
    told = Told()
    assert run(make(at_most=32, claims=[claim("good", "bad")]), tmp_path, progress=told).ran == 32
    assert told.notes == ["pace: at 8 seeds 0 verdicts open; all is decided"]


def test_looks_double_up_to_the_most_seeds_there_may_be():
    assert make(10, 40).looks == (10, 20, 40)
    assert make(10, 35).looks == (10, 20, 35)
    assert make(10, 10).looks == (10,)
    assert make(10, 40, claims=[]).looks == ()
    assert make(seeds={"count": 10}).looks == ()


def test_a_budget_that_is_used_up_ends_the_run_and_the_next_goes_on(tmp_path):
    summary = run(make(at_most=8), tmp_path, budget=1e-9)
    assert summary.out_of_time
    assert 0 < summary.ran < 32
    assert summary.missing == 32 - summary.ran
    assert len(load_results(tmp_path).trials) == summary.ran, "the tables are written"
    assert run(make(at_most=8), tmp_path, budget=1e9).ran == 32 - summary.ran
