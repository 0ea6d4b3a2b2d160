"""Notes stand between the records: who reads records never meets them, and each counts from where it stands."""

import pytest

from harness.results.journal import JournalWriter, read_journal
from harness.results.notes import changed, claims_note, read_whole, stated
from harness.spec.claim_table import Claim

FIRST, SECOND = (Claim(id="low", metric="test_error", within=(0, bound)) for bound in (2, 3))


def record(number, code="old", **fields):
    identity = {"schema": 2, "trial_id": f"{number:016x}", "status": "done", "trial": {"seed": number}}
    return identity | {"code_digest": code} | fields


def adopted(old, new):
    return {"note": "adopt", "digests": {old: new}}


def write(folder, *lines):
    writer = JournalWriter(folder)
    writer.append(lines)
    writer.close()


def codes(folder):
    journal = read_whole(folder, lambda found: found["trial"]["seed"])
    return {seed: journal.codes[key] for key, seed in journal.kept.items()}


def test_who_reads_records_meets_no_notes(tmp_path):
    note = claims_note([FIRST], 0)
    write(tmp_path, note, record(1), adopted("old", "new"), record(2))
    assert list(read_journal(tmp_path)) == [record(1), record(2)]
    assert read_whole(tmp_path, len).notes == [
        {"schema": 2, **note},
        {"schema": 2, **adopted("old", "new")},
    ]


def test_an_adoption_counts_for_the_records_above_it(tmp_path):
    write(tmp_path, record(1), record(2, "other"), adopted("old", "new"), record(3))
    assert codes(tmp_path) == {1: ("old", "new"), 2: ("other",), 3: ("old",)}


def test_adoptions_follow_one_another_and_come_along_with_a_copied_record(tmp_path):
    write(tmp_path, record(1, counts_as=["new"]), record(2, "new"), adopted("new", "newer"))
    assert codes(tmp_path) == {1: ("old", "new", "newer"), 2: ("new", "newer")}


def test_a_trial_run_again_after_an_adoption_counts_as_what_it_is(tmp_path):
    write(tmp_path, record(1), adopted("old", "new"), record(1, "third"))
    assert codes(tmp_path) == {1: ("third",)}


@pytest.mark.parametrize(
    ("history", "claims", "when"),
    [
        ([([FIRST], 0)], [FIRST], ["before"]),
        ([([FIRST], 0), ([FIRST, SECOND], 12)], [SECOND, FIRST], ["after 12 trials", "before"]),
        ([([FIRST], 0), ([SECOND], 12)], [SECOND], ["after 12 trials"]),
        ([([FIRST], 0), ([], 5), ([FIRST], 9)], [FIRST], ["after 9 trials"]),
        ([([FIRST], 3), ([FIRST, SECOND], 7)], [FIRST], ["after 3 trials"]),
        ([([FIRST], 0)], [FIRST, SECOND], ["before", "unknown"]),
    ],
    ids=["first", "added", "changed", "taken back", "kept", "never noted"],
)
def test_a_claim_was_stated_when_it_was_noted_as_it_is(history, claims, when):
    assert stated([claims_note(noted, trials) for noted, trials in history], claims) == when


def test_claims_are_noted_when_they_change_and_only_then():
    notes = [claims_note([FIRST], 0), adopted("old", "new")]
    assert not changed([], [])
    assert changed([], [FIRST])
    assert not changed(notes, [FIRST])
    assert changed(notes, [SECOND])
    assert changed(notes, [])
