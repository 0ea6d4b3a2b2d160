"""The table of paired differences says what it compares, what its seeds can decide, and what a lost seed counts."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.report.differences_section import SHOWN_AT_ONCE, differences_from_reference
from harness.report.study_frames import study_frames
from harness.report.write import write_report
from harness.results.frames import load_results
from harness.spec.cells import CONFIRM_SEED
from harness.spec.study import study_from_table
from harness.statistics.tables import differences

CELL = r"[+-]\d+\.\d\d \([+-]\d+\.\d\d to [+-]\d+\.\d\d\)"


@pytest.fixture
def section(tmp_path: Path, synthetic: Callable[..., Path]) -> Callable[..., tuple[str, list[list[str]]]]:
    """Return a function that makes results of a study of learning rates: the text of its section, and its rows."""

    def make(arms: int = 3, seeds: int = 3, alter: Callable | None = None, edit: Callable | None = None, **more: dict):
        rates = {f"rate {number}": {"learning_rate": number / 1000} for number in range(1, arms + 1)}
        table = {"baseline": {"optimizer": "adam", "epochs": 2, "learning_rate": 0.002}, "blocks": [{"arms": rates}]}
        study = study_from_table("mine", table | {"seeds": {"count": seeds}} | more, "mine.toml")
        place = synthetic(tmp_path, study, *([alter] if alter else []))
        if edit:
            edit(place / "journal.jsonl")
        parts = differences_from_reference(study_frames(load_results(tmp_path), "mine"))
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in "\n".join(parts[1:]).splitlines()]
        return parts[0] if parts else "", [row for row in cells[2:] if len(row) > 1]

    return make


def losing(*lost: tuple[str, int], **changes: object) -> Callable:
    """Return what makes these cells diverge."""
    gone = {"status": "diverged", "reason": "loss", "test_accuracy": None, "val_loss": None, **changes}
    return lambda cell, record: record | gone if (cell.arm, cell.seed) in lost else record


def test_each_arm_is_compared_with_the_reference_as_the_csv_file_has_it(section, tmp_path):
    text, rows = section(arms=3, seeds=4)
    assert text.startswith("**Paired differences** from **rate 2** in test error, as written: arm minus reference")
    assert [row[0] for row in rows] == ["rate 1", "rate 3"]
    table = differences(load_results(tmp_path))
    table = table[table["b"] == "rate 2"]
    for row, found in zip(rows, table.to_dict("records"), strict=True):
        assert row[1] == f"{found['difference']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f})"
        assert re.fullmatch(CELL, row[1])
        assert row[2:4] == [f"{4 * found['share']:.0f} of 4", f"{found['p']:.2g}"]


def test_a_tuned_study_is_compared_as_tuned(section):
    grid = {"tune": {"learning_rate": [0.001, 0.002], "seeds": 1}}
    arms = {"blocks": [{"arms": {"Adam": {}, "SGD": {"optimizer": "sgd"}}}]}
    text, rows = section(**grid, **arms)
    assert "from **Adam** in test error, tuned:" in text
    assert [row[0] for row in rows] == ["SGD"]


def test_too_few_seeds_to_decide_are_told_with_the_seeds_that_it_takes(section):
    text, _ = section(arms=3, seeds=3)
    assert "With 3 seeds the smallest p there can be is 0.25 (0.5 when adjusted over 2 rows)" in text
    assert "**no row can fall below 0.05**, which takes 7 seeds" in text


def test_seeds_that_can_decide_need_no_warning(section):
    text, _ = section(arms=3, seeds=7)
    assert "no row can" not in text
    assert "No seed was lost." in text


def test_one_seed_has_a_difference_without_an_interval(section):
    text, rows = section(arms=2, seeds=1)
    assert "With 1 seed the smallest p there can be is 1:" in text
    assert re.fullmatch(r"[+-]\d+\.\d\d", rows[0][1])
    assert rows[0][2] in ("0 of 1", "1 of 1")
    assert rows[0][3:] == ["1", "1"]


def test_a_lost_seed_counts_as_guessing_and_the_text_says_so(section):
    text, rows = section(alter=losing(("rate 3", 0), ("rate 3", 1), ("rate 3", 2)))
    assert "3 of 9 trials diverged or failed; each counts as an error of 90.00 %, the worse of guessing" in text
    assert float(rows[1][1].split()[0]) > 60
    assert rows[1][2] == "0 of 3"


def test_where_nobody_knows_the_classes_a_lost_seed_leaves_words(section):
    lose = losing(("rate 3", 0))
    text, rows = section(alter=lambda cell, record: lose(cell, record) | {"classes": None})
    assert "1 of 9 trials diverged or failed; what guessing would score is not known here" in text
    assert rows[1] == ["rate 3", "1 seed lost", "–", "–", "–"]
    assert re.fullmatch(CELL, rows[0][1])


def test_a_study_stopped_half_way_pairs_what_it_has(section):
    def stop(journal: Path) -> None:
        lines = journal.read_text().splitlines(keepends=True)
        journal.write_text("".join(line for line in lines if json.loads(line)["trial"]["learning_rate"] != 0.003)[:-1])

    _, rows = section(edit=stop)
    assert rows[0][2].endswith("of 3")
    assert rows[1] == ["rate 3", "no seed in common", "–", "–", "–"]


def test_two_arms_that_are_the_same_differ_by_nothing(section):
    arms = {"blocks": [{"arms": {"one": {"learning_rate": 0.002}, "again": {"learning_rate": 0.002}}}]}
    assert section(**arms)[1] == [["again", "+0.00 (+0.00 to +0.00)", "0 of 3", "1", "1"]]


def test_an_arm_alone_has_no_table(section):
    assert section(arms=1) == ("", [])


@pytest.mark.parametrize("arms", [SHOWN_AT_ONCE + 1, SHOWN_AT_ONCE + 2])
def test_a_long_table_opens_on_a_click(arms, tmp_path, synthetic):
    rates = {f"rate {number}": {"learning_rate": number / 10_000} for number in range(1, arms + 1)}
    study = study_from_table("long", {"blocks": [{"arms": rates}], "seeds": {"count": 2}}, "long.toml")
    synthetic(tmp_path / "results", study)
    text = write_report(tmp_path / "results", tmp_path / "reports").read_text()
    assert ("<details><summary>Paired differences" in text) == (arms - 1 > SHOWN_AT_ONCE)
    assert text.index("| arm | phase |") < text.index("**Paired differences**") < text.index("Every seed")


def test_a_reference_that_nothing_could_train_is_lost_and_one_that_has_not_run_leaves_words(tmp_path, synthetic):
    table = {"blocks": [{"arms": {"one": {}, "two": {"optimizer": "sgd"}}}], "tune": {"learning_rate": [0.001, 0.01]}}
    study = study_from_table("mine", table | {"seeds": {"count": 2}}, "mine.toml")
    lost = {"status": "diverged", "reason": "loss", "val_loss": None, "test_accuracy": None}
    place = synthetic(tmp_path, study, lambda cell, record: record | lost if cell.trial.optimizer == "adam" else record)
    text = write_report(tmp_path, tmp_path / "reports").read_text()
    assert "2 of 4 trials diverged or failed; each counts as an error of 90.00 %" in text
    assert "no seed in common" not in text

    journal = place / "journal.jsonl"
    trials = [(line, json.loads(line)["trial"]) for line in journal.read_text().splitlines(keepends=True)]
    ran = [line for line, trial in trials if trial["optimizer"] == "sgd" or trial["seed"] < CONFIRM_SEED]
    journal.write_text("".join(ran))
    text = write_report(tmp_path, tmp_path / "reports").read_text()
    assert "| two | no seed in common | – | – | – |" in text
