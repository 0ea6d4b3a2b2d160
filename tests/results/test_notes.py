"""Notes stand between the records: who reads records never meets them, and each counts from where it stands."""

import pytest

from harness.results.journal import JournalWriter, read_journal
from harness.results.notes import changed, claims_note, largest_family, looks_note, read_whole, stated
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
    note = claims_note([FIRST], 0, 1)
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
    assert stated([claims_note(noted, trials, len(noted)) for noted, trials in history], claims) == when


def test_claims_are_noted_when_they_change_and_only_then():
    notes = [claims_note([FIRST], 0, 1), adopted("old", "new")]
    assert not changed([], [], 0)
    assert changed([], [FIRST], 1)
    assert not changed(notes, [FIRST], 1)
    assert changed(notes, [FIRST], 2), "of more arms one claim gives more verdicts"
    assert changed(notes, [SECOND], 1)
    assert changed(notes, [], 0)
    assert not changed([{"note": "claims", "trials": 0, "claims": notes[0]["claims"]}], [FIRST], 2), "not noted then"


def test_a_family_that_was_looked_at_never_shrinks():
    many, few = claims_note([FIRST, SECOND], 0, 5), claims_note([FIRST], 9, 3)
    looks = looks_note([8, 16], 0)
    assert largest_family([looks, many, few], 3) == largest_family([many, looks, few], 3) == 5
    assert largest_family([many, few, looks], 3) == 3, "taken back before the looks"
    assert largest_family([many, few], 3) == 3, "without looks"
    assert largest_family([few, looks], 7) == 7
    assert largest_family([looks], 0) == 0
