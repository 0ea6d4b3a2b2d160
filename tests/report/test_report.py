"""The report follows from the results and from nothing else, and says what is wrong with them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from harness.cli.outcome_text import arms_table
from harness.errors import InputError
from harness.report.provenance import warnings
from harness.report.write import check_report, write_report
from harness.results.frames import load_study_results
from harness.spec.study import load_study, study_from_table

HOSTILE = ["a | b", "`tick` ``", "<script>alert(1)</script>", "[x](http://y)", "**bold** $x$ &lt;"]


@pytest.fixture
def mine(tmp_path: Path, synthetic: Callable[..., Path]) -> Callable[..., tuple[Path, Path]]:
    """Return a function that makes the results of a small study of a user's own: its results and reports folders."""

    def make(arms: list[str] = ("slow", "fast"), alter: Callable | None = None, **texts: str) -> tuple[Path, Path]:
        rates = ", ".join(
            f"{json.dumps(arm)} = {{ learning_rate = 0.00{place + 1} }}" for place, arm in enumerate(arms)
        )
        head = "".join(f"{key} = {json.dumps(text)}\n" for key, text in texts.items())
        path = tmp_path / "mine.toml"
        baseline = '[baseline]\nepochs = 2\noptimizer = "adam"\n'
        path.write_text(f"{head}{baseline}[[blocks]]\narms = {{ {rates} }}\n[seeds]\ncount = 3\n")
        synthetic(tmp_path / "results", load_study(str(path), "quick"), *([alter] if alter else []))
        return tmp_path / "results", tmp_path / "reports"

    return make


@pytest.fixture
def own_report(tmp_path: Path, synthetic: Callable[..., Path]) -> Callable[..., str]:
    """Return a function that reports on a baseline and what replaces parts of its records."""

    def report(baseline: str, change: Callable[[dict], dict]) -> str:
        path = tmp_path / "mine.toml"
        path.write_text(f"[baseline]\n{baseline}\n[seeds]\ncount = 3\n")
        shutil.rmtree(tmp_path / "results", ignore_errors=True)
        synthetic(tmp_path / "results", load_study(path, "quick"), lambda _, record: record | change(record))
        return text_of(tmp_path / "results", tmp_path / "reports")

    return report


def text_of(results: Path, reports: Path) -> str:
    return write_report(results, reports).read_text()


def change_a_record(results: Path) -> None:
    """Make the first trial of the journal a little better."""
    journal = results / "mine" / "journal.jsonl"
    first, *rest = journal.read_text().splitlines(keepends=True)
    record = json.loads(first)
    record["test_accuracy"] = record["test_accuracy"] / 2 + 0.5
    journal.write_text("".join([json.dumps(record) + "\n", *rest]))


def test_the_report_needs_the_results_folder_and_nothing_that_trained(tmp_path, synthetic):
    synthetic(tmp_path / "results", load_study("normalization", "smoke"))
    write_report(tmp_path / "results", tmp_path / "reports")
    moved = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "results", moved / "results")
    program = (
        "import sys; from pathlib import Path; from harness.report.write import write_report; "
        "write_report(Path('results'), Path('reports')); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=moved, capture_output=True, text=True, check=True)
    trained = (
        "numba",
        "kernels.layout",
        "kernels.numpy_backend",
        "harness.training",
        "harness.datasets",
        "harness.sweep.runner",
    )
    assert [name for name in trained if name in done.stdout.split()] == []
    # Another process, another folder, another seed of Python's hashes: the same bytes.
    files = {file.relative_to(tmp_path) for file in (tmp_path / "reports").rglob("*") if file.is_file()}
    assert len(files) > 3
    for file in files:
        assert (moved / file).read_bytes() == (tmp_path / file).read_bytes(), file


def test_the_five_studies_have_their_figures_in_the_report_with_a_caption(five_reported):
    text = (five_reported / "report.md").read_text()
    shown = re.findall(r"!\[[^\]]*\]\((figures/[\w-]+\.png)\)\n\n\*[^\n]{80,}\*\n", text)
    on_disk = sorted(f"figures/{path.name}" for path in (five_reported / "figures").iterdir())
    assert sorted(shown) == on_disk
    for study in ("initialization", "optimizer", "normalization", "dropout", "depth_width"):
        assert f"figures/{study}.png" in shown


def test_sections_come_in_the_order_summary_studies_environment_reproduction(five_reported):
    titles = re.findall(r"^## (.*)$", (five_reported / "report.md").read_text(), re.MULTILINE)
    assert [titles[0], *titles[-2:]] == ["Summary", "Environment", "How to reproduce"]
    assert len(titles) == 3 + 5


def test_a_study_of_ones_own_is_run_again_by_its_file(mine):
    assert "harness run mine.toml --profile quick\n" in text_of(*mine())


def test_a_report_just_written_is_fresh(mine):
    results, reports = mine()
    write_report(results, reports)
    assert check_report(results, reports) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda results, _: change_a_record(results), "the results have changed"),
        (lambda results, _: change_a_record(results), "mine.png: shows other data"),
        (lambda _, reports: (reports / "report.md").unlink(), "report.md: missing"),
        (lambda _, reports: (reports / "figures/mine.png").unlink(), "mine.png: missing"),
        (lambda _, reports: (reports / "figures/mine.png").write_bytes(b"other"), "mine.png: edited"),
        (
            lambda _, reports: edit(reports / "report.md", "the test images choose nothing", "All is well"),
            "its text differs",
        ),
        (lambda _, reports: edit(reports / "report.md", "<!-- seal", "<!-- sea"), "seal is missing"),
        (lambda _, reports: edit(reports / "report.md", '"figures": {', '"figures": 3, "old": {'), "seal is missing"),
        (lambda _, reports: edit(reports / "report.md", '"mine.png"', '"other.png"'), "other.png: no longer drawn"),
    ],
    ids=["results", "drawn", "report", "figure", "pixels", "words", "seal", "bent-seal", "stray"],
)
def test_whatever_is_stale_is_named(mine, change, found):
    results, reports = mine()
    write_report(results, reports)
    change(results, reports)
    assert any(found in line for line in check_report(results, reports))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_an_arm_that_lost_every_seed_stays_in_every_table(mine, status):
    def lose(cell, record):
        nothing = dict.fromkeys((name for name in record if name.endswith(("_loss", "_accuracy"))), None)
        lost = {**record, **nothing, "status": status, "reason": "worker | died\nhard", "curve": []}
        return lost if cell.arm == "slow" else record

    text = text_of(*mine(alter=lose))
    assert f"6 trials ({'3 diverged, 0 failed' if status == 'diverged' else '0 diverged, 3 failed'})" in text
    (row,) = [line for line in text.splitlines() if line.startswith("| slow (reference) | as written | 0.001 | 3 |")]
    counts = ["3/3 (100 %)", "0/3"]
    assert row.rstrip(" |").endswith(" | ".join(counts if status == "diverged" else counts[::-1]))
    assert " – | – |" in row
    assert f"| slow | as written | 0–2 | **{status}** **{status}** **{status}** |" in text
    assert text.count(r"| worker \| died hard |") == 3
    assert "3 of 6 seeds gave no result" in text


def test_one_lost_seed_is_counted_beside_the_mean_of_the_others(mine):
    def lose(cell, record):
        accuracy = {0: 0.9, 1: 0.8, 2: None}[cell.seed]
        return {**record, "test_accuracy": accuracy, "status": "done" if accuracy else "diverged"}

    text = text_of(*mine(alter=lose))
    # 10 % and 20 %: mean 15, s = 7.07, t(1) = 12.706, so 12.706 · 7.07 / √2 = 63.53
    assert "| slow (reference) | as written | 0.001 | 3 | 15.00 ± 63.53† (n = 2) |" in text


def test_studies_that_lost_everything_at_once_are_still_reported(tmp_path, synthetic):
    def lose(_, record):
        nothing = dict.fromkeys((name for name in record if name.endswith(("_loss", "_accuracy"))), None)
        return {**record, **nothing, "status": "failed", "reason": "killed", "curve": [], "layers": []}

    for name in ("initialization", "optimizer", "normalization", "dropout", "depth_width"):
        synthetic(tmp_path / "results", load_study(name, "smoke"), lose)
    text = text_of(tmp_path / "results", tmp_path / "reports")
    assert "(0 diverged, " in text
    assert text.count("| – | – |") >= 5


def test_a_name_of_any_length_leaves_room_for_the_figure(mine):
    long = "x" * 100 + " 1"
    assert f"| {long} | as written |" in text_of(*mine([long, long.replace("1", "2")]))


def test_a_study_of_a_users_own_gets_its_section_and_figures(mine):
    results, reports = mine(title="My study", question="Does it work?", section="9.9")
    text = text_of(results, reports)
    assert "## My study (§9.9)" in text
    assert "**Question.** Does it work?" in text
    assert {path.name for path in (reports / "figures").iterdir()} == {"summary.png", "mine.png", "mine-curves.png"}


def test_what_a_user_typed_stays_text(mine):
    title = "".join(HOSTILE)
    results, reports = mine(HOSTILE, title=title, question="# Is <b>this</b> | safe?")
    text = text_of(results, reports)
    rendered = (
        MarkdownIt("commonmark").enable("table").render(re.sub(r"</?(details|summary)>|<a id=[^>]*></a>", "", text))
    )
    assert set(re.findall(r"<(\w+)", rendered.partition("<!-- seal")[0])) <= {
        "h1", "h2", "p", "img", "em", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "a",
    }  # fmt: skip
    assert set(re.findall(r'href="([^"]*)"', rendered)) == {"#study-mine"}
    rows = [row for row in re.findall(r"<tr>(.*?)</tr>", rendered, re.DOTALL) if "as written" in row and "0.00" in row]
    shown = [re.search(r"<td>(.*?)</td>", row)[1] for row in rows if row.count("<td") == 9]
    escaped = [arm.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for arm in HOSTILE]
    assert shown == [f"{escaped[0]} (reference)", *escaped[1:]]


def test_results_of_several_sources_say_so(mine):
    def by_seed(cell, record):
        return {**record, "code_digest": f"c0de{cell.seed % 2}"}

    text = text_of(*mine(alter=by_seed))
    assert "**Mixed code:** trials of backend `numba`" in text
    assert "`c0de0` (4 trials), `c0de1` (2 trials)" in text


def test_results_of_several_environments_say_so(mine):
    text = text_of(*mine(alter=lambda cell, record: {**record, "environment": f"e{cell.seed % 2}"}))
    assert "**Mixed environments:** these results come from 2" in text


def test_a_study_of_another_profile_than_the_others_is_named(mine):
    results = load_study_results(mine()[0] / "mine")
    study = results.studies["mine"]
    others = {"theirs": study, "long": study.model_copy(update={"profile": "full"})}
    assert warnings(replace(results, studies=results.studies | others)) == [
        f"> **Mixed profiles:** `long` full; all others {study.profile}."
    ]


def test_results_of_one_clean_place_have_no_warning(mine):
    assert "\n> " not in text_of(*mine())


def test_uncommitted_sources_are_told(mine):
    results, reports = mine()
    edit(results / "mine" / "environment.json", '"dirty": false', '"dirty": true')
    assert "> **Dirty:**" in text_of(results, reports)


def test_an_unfinished_study_says_how_much_is_missing(mine):
    results, reports = mine()
    journal = results / "mine" / "journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-2]))
    assert "**Incomplete:** 4 of 6 trials *as written* have finished." in text_of(results, reports)


def test_a_study_without_a_trial_is_told_not_hidden(mine, synthetic):
    results, reports = mine(title="Still empty")
    (results / "mine" / "journal.jsonl").write_text("")
    synthetic(results, load_study("depth_width", "smoke"))
    assert "## Still empty\n\nNo trial of this study has finished." in text_of(results, reports)


def test_a_study_that_has_only_tuned_is_told_not_drawn(tmp_path, synthetic):
    table = {"tune": {"l2": [0.0, 5.0], "default": False}, "seeds": {"count": 3}}
    synthetic(tmp_path / "results", study_from_table("lost", table, "lost.toml"))
    journal = tmp_path / "results" / "lost" / "journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-3]))
    with pytest.raises(InputError, match="only tuning has been run yet; nothing to report"):
        write_report(tmp_path / "results", tmp_path / "reports")
    synthetic(tmp_path / "results", load_study("depth_width", "smoke"))
    text = text_of(tmp_path / "results", tmp_path / "reports")
    assert "## lost\n\nNo trial of this study has finished, those of its tuning aside." in text


GRID = {"learning_rate": [0.001, 0.003, 0.01], "l2": [0.0, 5.0], "seeds": 2}
ARMS = {"A": {"optimizer": "adam"}, "B": {"optimizer": "sgd"}}


@pytest.fixture
def tuned(tmp_path, synthetic):
    """Return a function that reports a study with this [tune]; the loss of a trial that tunes is `loss(trial)`."""

    def make(loss, **tune):
        def alter(cell, record):
            lost = {"status": "done", "reason": None, "diverged_epoch": None, "test_accuracy": 0.9}
            return record | lost | {"val_loss": loss(cell.trial) if cell.phase == "tune" else 0.5}

        table = {"blocks": [{"arms": ARMS}], "tune": tune, "seeds": {"count": 3}}
        synthetic(tmp_path / "results", study_from_table("mine", table, "mine.toml"), alter)
        return text_of(tmp_path / "results", tmp_path / "reports")

    return make


def test_the_report_says_which_settings_won_and_which_lie_on_an_edge(tuned):
    text = tuned(lambda trial: abs(trial.learning_rate - 0.01) + abs(trial.l2 - 5), **GRID)
    assert "with the best of learning rate 0.001, 0.003, 0.01 × l2 0, 5 by validation loss over 2 tuning seeds" in text
    assert "| arm | phase | settings | n |" in text
    assert "| A (reference) | as written | learning rate 0.001, l2 0 | 3 |" in text
    assert "| A (reference) | tuned | learning rate 0.01, l2 5 (grid edge of learning rate) | 3 |" in text


def test_the_tuning_table_has_a_cell_for_each_combination(tuned):
    text = tuned(lambda trial: trial.learning_rate + trial.l2, **GRID)
    assert "| arm | l2 | 0.001 | 0.003 | 0.01 |" in text
    assert "| A | 0 | 0.0010 | 0.0030 | 0.0100 |\n| A | 5 | 5.0010 | 5.0030 | 5.0100 |\n| B | 0 | 0.0010 |" in text


def test_values_without_a_number_have_their_cells_too(tuned):
    text = tuned(lambda trial: trial.clip_norm or len(trial.hidden), clip_norm=["none", 4.0], hidden=[[8], [8, 8]])
    assert "| arm | hidden | none | 4 |" in text
    assert "| A | 8 | 1.0000 | 4.0000 |\n| A | 8,8 | 2.0000 | 4.0000 |" in text
    assert "| A (reference) | tuned | clip norm none, hidden 8 | 3 |" in text


def test_with_per_seed_the_report_says_how_often_each_won(tuned):
    def loss(trial):  # the first confirming seed, tuned on 10000 and 10001, prefers the highest rate
        return 1 / trial.learning_rate if trial.seed < 10002 else trial.learning_rate

    text = tuned(loss, learning_rate=[0.001, 0.003, 0.01], seeds=2, per_seed=True, default=False)
    assert "no arm as written but each with the best of learning rate 0.001, 0.003, 0.01" in text
    assert "over 2 tuning seeds, for each of 3 fresh seeds" in text
    assert "| A (reference) | tuned | 0.001 (2 of 3, grid edge); 0.01 (1 of 3, grid edge) | 3 |" in text
    assert "| as written |" not in text


def test_settings_that_differ_by_little_are_told_apart(tuned):
    text = tuned(lambda trial: trial.l2, l2=[0.1, 0.1000000001])
    assert "| arm | 0.1 | 0.1000000001 |" in text


def test_no_results_are_an_input_error_and_leave_nothing(tmp_path):
    for results in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(InputError, match="holds no study"):
            write_report(results, tmp_path / "reports")
    assert list(tmp_path.iterdir()) == []


def test_a_reports_folder_that_is_a_file_is_an_input_error(mine):
    results, reports = mine()
    reports.write_text("mine")
    with pytest.raises(InputError, match="is a file, expected a folder"):
        write_report(results, reports)
    assert reports.read_text() == "mine"


@pytest.mark.parametrize("use", [write_report, check_report])
def test_a_folder_in_which_nothing_has_been_run_is_nothing_to_report(mine, use):
    results, reports = mine()
    (results / "mine" / "journal.jsonl").write_bytes(b"")
    with pytest.raises(InputError, match="none of its trials has been run yet; nothing to report"):
        use(results, reports)
    assert not reports.exists()


def test_arms_without_data_are_named_and_what_only_they_fill_is_not_drawn(tmp_path, synthetic):
    blocks = [
        {"name": "digits", "grid": {"optimizer": ["sgd", "adam"]}},
        {"name": "clothes", "needs": "fashion-mnist", "arms": {"<x>": {"dataset": "fashion-mnist"}}},
    ]
    figures = [{"form": "strip", "where": {"block": block}} for block in ("digits", "clothes")]
    table = {"baseline": {"epochs": 2}, "blocks": blocks, "seeds": {"count": 3}, "figures": figures}
    study = study_from_table("mine", table, "mine.toml").without_data(["fashion-mnist"])
    synthetic(tmp_path / "results", study)
    text = text_of(tmp_path / "results", tmp_path / "reports")
    assert (
        r"**Left out:** \<x\>; fashion-mnist was not on the machine (`harness data fetch fashion-mnist` gets it)."
        in text
    )
    assert text.count("(figures/mine") == 1


def test_an_arm_without_a_trial_is_named(mine):
    results, reports = mine(["slow", "fast", "lazy"])
    journal = results / "mine" / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if json.loads(line)["trial"]["learning_rate"] == 0.001))
    assert "3 of 9 trials *as written* have finished. None yet of fast and lazy." in text_of(results, reports)
    shown = arms_table(load_study_results(results / "mine"))
    assert re.search(r"lazy +default +- +0/3", shown)


def test_the_report_says_when_training_stopped_early_and_which_weights_were_put_back(own_report):
    text = own_report("patience = 2\nepochs = 9", lambda record: {"epochs_run": 5 + record["trial"]["seed"] % 2})
    assert "Trials that stopped early (3)" in text
    assert "| baseline | as written | 3 | 5 to 6 of 9 | 9 |" in text
    assert "| 5 of 9 | none put back |" in own_report(
        "patience = 2\nepochs = 9\nrestore_best = false", lambda _: {"epochs_run": 5}
    )
    assert "stopped early" not in own_report("epochs = 9", lambda _: {})


def test_an_interval_beyond_the_bounds_of_an_error_is_marked(own_report):
    spread = own_report("epochs = 2", lambda record: {"test_accuracy": 1 - 0.01 * (record["trial"]["seed"] == 0)})
    assert re.search(r"\| 0\.33 ± 1\.43† \|", spread)
    assert "†" not in own_report("epochs = 2", lambda _: {}).replace("(marked †)", "")
