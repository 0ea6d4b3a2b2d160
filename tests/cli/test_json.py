"""`--json` gives a script what the table shows, and nothing else on standard output; `--quiet` shows no progress."""

import json

import numpy as np
import pandas as pd
import pytest

from harness.check.every import rows_of
from harness.check.one_check import Check
from harness.cli import json_output
from harness.cli.app import COMMANDS, _exit_code

CLAIM = """
[[claims]]
id = "wide"
metric = "test_error"
better = "wide"
than = "narrow"
"""
PARTS = """
[[blocks]]
[blocks.ablate]
relu = [{ activation = "tanh" }, { activation = "relu" }]
l2 = [0.0, 5.0]
[seeds]
count = 3
"""


@pytest.fixture
def ask(place, monkeypatch, capsys):
    """Call a command in this process; return its exit code, what it printed, parsed, and its standard error."""
    monkeypatch.chdir(place)

    def call(*arguments):
        code = _exit_code([*arguments, "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out), said.err

    return call


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (("list",), ["study", "section", "arms", "question"]),
        (("data", "list"), ["name", "title", "licence", "files"]),
        (("data", "verify", "tiny"), ["file", "size", "md5", "verdict"]),
        (
            ("plan", "width.toml"),
            ["study", "phase", "cells", "done", "diverged", "failed", "missing", "cpu_seconds", "eta_seconds"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_keys_are_the_columns_of_the_table(ask, command, keys):
    code, rows, _ = ask(*command)
    assert code == 0
    assert rows
    assert all(list(row) == keys for row in rows)


def test_a_table_of_bad_news_has_its_exit_code_in_json_too(ask, place):
    images = next((place / "tiny").glob("train-images*"))
    images.write_bytes(images.read_bytes()[:-3])
    code, rows, said = ask("data", "verify", "tiny")
    assert code == 1
    assert [row["file"] for row in rows if row["md5"] == ""] == [f"tiny/{images.name}"]
    assert said == "error: some files are not good\n"


def test_made_data_has_no_files_to_verify(ask):
    assert ask("data", "verify", "parity:3") == (0, [], "")


def test_a_study_is_shown_as_its_record_with_every_setting_of_each_arm(ask):
    _, study, _ = ask("show", "width.toml", "--seeds", "4")
    assert (study["name"], study["seeds"], study["trials"]) == ("width", 4, 8)
    assert [(arm["name"], arm["trial"]["hidden"], arm["trial"]["optimizer"]) for arm in study["arms"]] == [
        ("narrow", [2], "adam"),
        ("wide", [8], "adam"),
    ]


def test_a_check_without_a_measure_is_null_and_not_good(capsys):
    good = Check("relu", "numba", "float32", "2x3", "equation", 0.5, 4.0)
    broken = Check("tanh", "numpy", "float64", "2x3", "equation", float("nan"), 4.0, "raised")
    (one, other) = rows_of([good, good, broken])
    assert (one["cases"], one["good"], other["good"]) == (2, True, False)
    json_output.print_json([one, other])
    assert json.loads(capsys.readouterr().out)[1]["worst_error"] is None


def test_what_json_cannot_say_is_null_and_numbers_stay_numbers(capsys):
    frame = pd.DataFrame(
        {"a": [1.5, np.nan, np.inf], "b": ["é", None, "x"], "c": pd.array([1, None, 3], dtype="Int64")}
    )
    json_output.print_json({"rows": frame, "n": np.int64(3), "flag": np.bool_(True), "path": frame.index})
    assert json.loads(capsys.readouterr().out) == {
        "rows": [{"a": 1.5, "b": "é", "c": 1}, {"a": None, "b": None, "c": None}, {"a": None, "b": "x", "c": 3}],
        "n": 3, "flag": True, "path": [0, 1, 2],
    }  # fmt: skip


def test_a_quiet_run_says_nothing_on_standard_error(harness):
    quiet = harness("run", "width.toml", "--results", "out", "--jobs", "1", "--quiet")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert quiet.stdout.startswith("6 trials run now")


def test_a_run_in_json_is_the_tables_of_its_studies(ask, place):
    study = (place / "width.toml").read_text()
    (place / "width.toml").write_text(study + CLAIM)
    (place / "parts.toml").write_text(study.partition("[[blocks]]")[0] + PARTS)
    code, found, said = ask("run", "width.toml", "parts.toml", "--results", "out", "--jobs", "1", "--quiet")
    assert (code, said) == (0, "18 trials run now, 0 recorded before: 18 done\nresults: out\n")
    for name, rows in found.items():
        folders = [pd.read_csv(place / "out" / study / f"{name}.csv") for study in ("width", "parts")]
        written = pd.concat(folders, ignore_index=True)
        assert [list(row) for row in rows] == [list(written)] * len(written)
        for key in ("study", "metric", "mean", "verdict", "kind", "effect"):
            if key in written:
                assert [row[key] for row in rows] == written[key].tolist(), key
    assert {name: len(rows) for name, rows in found.items()} == {"summary": 12, "verdicts": 1, "effects": 9}


def test_show_tells_every_setting_of_an_arm(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    assert _exit_code(["show", "width.toml", "--set", "optimizer=lion"]) == 0
    text = capsys.readouterr().out
    assert all(f"{field}=" in text for field in ("momentum", "beta2", "dtype", "dropout_form", "hidden"))
    assert "beta2=0.99" in text, "the rule's own default"
    assert max(map(len, text.splitlines())) <= 100


def test_every_command_with_a_table_has_json():
    names = {name for name, command in COMMANDS.items() if "json" in command.__annotations__}
    assert names == {"run", "plan", "check", "compare", "bench", "list", "show"}
