"""A folder that is not, or no longer, a results folder is refused in one line, and nothing in it is touched."""

import ast
import json
import os
import re
import stat
from pathlib import Path

import pytest
from sweep_study import make_study, work

import harness
from harness.errors import InputError
from harness.results.files import write_atomically
from harness.results.frames import load_results
from harness.spec.study import load_study, study_from_table
from harness.sweep.plan import plan_studies
from harness.sweep.progress import PlainProgress
from harness.sweep.runner import run_studies

STUDY = make_study(seeds=1, tune=False)


@pytest.fixture
def results(tmp_path):
    """A finished run."""
    run_studies([STUDY], tmp_path / "results", jobs=1, work=work("steady"))
    return tmp_path / "results"


def rerun(results):
    return run_studies([STUDY], results, jobs=1, work=work("steady"))


def refused(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("use", [rerun, load_results, lambda path: plan_studies([STUDY], path, 1)])
def test_a_file_is_no_results_folder(tmp_path, use):
    path = tmp_path / "results"
    path.write_text("notes")
    assert f"results folder {path}: is " in refused(use, path)
    assert path.read_text() == "notes"


def test_a_folder_of_other_things_is_not_written_to(tmp_path):
    (tmp_path / "thesis.tex").write_text("chapter one")
    assert "holds no results but 'thesis.tex'" in refused(rerun, tmp_path)
    assert contents(tmp_path).keys() <= {tmp_path / "thesis.tex", tmp_path / ".lock"}


def test_a_study_folder_of_other_things_is_not_written_to(tmp_path):
    run_studies([make_study("first", seeds=1, tune=False)], tmp_path, jobs=1, work=work("steady"))
    (tmp_path / "pace").mkdir()
    (tmp_path / "pace" / "thesis.tex").write_text("chapter one")
    assert f"{tmp_path / 'pace'}: holds other things than results ('thesis.tex')" in refused(rerun, tmp_path)
    assert list(contents(tmp_path / "pace")) == [tmp_path / "pace" / "thesis.tex"]


@pytest.mark.parametrize("left", [[], ["journal.jsonl"], [".study.json.a1b2c3"]])
def test_what_a_run_left_that_was_killed_early_blocks_nothing(tmp_path, left):
    (tmp_path / "pace").mkdir()
    for name in left:
        (tmp_path / "pace" / name).touch()
    assert rerun(tmp_path).done == 3


def test_a_journal_without_its_study_is_told_and_taken_for_the_study_that_is_run(results, capsys):
    (results / "pace" / "study.json").unlink()
    summary = run_studies([STUDY], results, jobs=1, work=work("steady"), progress=PlainProgress())
    assert summary.ran == 0
    assert "a journal without study.json, taken for that of study 'pace'" in capsys.readouterr().err


def test_a_run_that_is_refused_has_written_no_study(results):
    before = (results / "pace" / "study.json").read_bytes()
    journal = results / "pace" / "journal.jsonl"
    journal.unlink()
    journal.mkdir()
    assert "journal.jsonl: cannot be written" in refused(
        lambda: run_studies([make_study(seeds=2, tune=False)], results, jobs=1, work=work("steady"))
    )
    assert (results / "pace" / "study.json").read_bytes() == before


def test_a_file_in_the_place_of_a_study_is_not_overwritten(tmp_path):
    run_studies([make_study("first", seeds=1, tune=False)], tmp_path, jobs=1, work=work("steady"))
    (tmp_path / "pace").write_text("notes")
    assert f"{tmp_path / 'pace'}: is a file, expected the folder of study 'pace'" in refused(rerun, tmp_path)
    assert (tmp_path / "pace").read_text() == "notes"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda record: record | {"schema": 99}, "newer"),
        (lambda record: {key: value for key, value in record.items() if key != "datasets"}, "datasets: missing"),
        (lambda record: record | {"name": "other"}, "is study 'other', but its folder is called 'pace'"),
        (lambda record: record | {"seeds": "many"}, "seeds: found 'many'"),
        (lambda record: record | {"colour": "red"}, "unknown key 'colour'"),
        (lambda record: [record], "study.json"),
        (lambda record: record["name"], "study.json"),
    ],
    ids=["newer", "no datasets", "renamed", "wrong type", "unknown key", "list", "text"],
)
@pytest.mark.parametrize("use", [rerun, load_results], ids=["run", "load"])
def test_a_study_file_that_cannot_be_trusted_is_named(results, spoil, says, use):
    path = results / "pace" / "study.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    before = contents(results / "pace")
    message = refused(use, results)
    assert says in message
    assert str(path) in message
    assert contents(results / "pace") == before


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "\x00", '{"title": NaN}'], ids=["empty", "open", "deep", "zero", "nan"]
)
def test_a_damaged_study_file_is_named(results, text):
    path = results / "pace" / "study.json"
    path.write_text(text)
    assert str(path) in refused(load_results, results)
    assert path.read_text() == text


def test_a_newer_journal_is_named_and_left_alone(results):
    path = results / "pace" / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"schema":2', b'"schema":3', 1))
    before = contents(results / "pace")
    for use in (rerun, load_results):
        assert "line 1: schema 3 is newer than this version reads (2)" in refused(use, results)
    assert contents(results / "pace") == before


def test_nothing_to_read_says_what_makes_it(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        assert "holds no study; `harness run` or `harness reproduce` makes one" in refused(load_results, folder)


def test_reserved_and_hidden_folders_are_no_studies(results):
    for name in ("bench", "local", ".git", "Notes"):
        (results / name).mkdir()
        (results / name / "study.json").write_text("not read")
    assert list(load_results(results).studies) == ["pace"]


@pytest.mark.parametrize("jobs", [0, -1])
def test_a_run_needs_a_worker(tmp_path, jobs):
    message = refused(run_studies, [STUDY], tmp_path / "results", jobs)
    assert message == f"--jobs {jobs}: expected a whole number above 0"
    assert not (tmp_path / "results").exists()


def test_a_study_is_run_once(tmp_path):
    assert refused(run_studies, [STUDY, STUDY], tmp_path, 1) == "study 'pace': given twice"


def mine(folder, text="[seeds]\ncount = 1\n", name="mine"):
    """The study of a file of a user's own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(text)
    return load_study(folder / f"{name}.toml")


def run(study, results):
    return run_studies([study], results, jobs=1, work=work("steady"))


def origin(results, name="mine"):
    return json.loads((results / name / "study.json").read_text()).get("origin")


def test_a_name_that_another_file_has_used_is_refused_before_anything_is_written(tmp_path):
    results = tmp_path / "results"
    run(mine(tmp_path / "a"), results)
    before = contents(results)
    other = mine(tmp_path / "b", "[seeds]\ncount = 2\n")
    for use in (lambda: run_studies([STUDY, other], results, 1), lambda: plan_studies([other], results, 1)):
        message = refused(use)
        assert message.startswith(f"study 'mine' of {tmp_path / 'b' / 'mine.toml'}: {results / 'mine'} holds results")
        assert f"of {tmp_path / 'a' / 'mine.toml'}; rename the file, or choose another folder with --results" in message
    assert contents(results) == before


def test_an_edited_file_goes_on_in_its_folder(tmp_path):
    results = tmp_path / "results"
    assert run(mine(tmp_path), results).ran == 1
    assert run(mine(tmp_path, "[seeds]\ncount = 3\n"), results).ran == 2


def test_a_file_that_was_moved_goes_on_in_its_folder(tmp_path):
    results = tmp_path / "results"
    run(mine(tmp_path / "a"), results)
    (tmp_path / "a" / "mine.toml").unlink()
    assert run(mine(tmp_path / "b"), results).ran == 0
    assert origin(results) == "../b/mine.toml"


def test_a_project_that_is_moved_as_a_whole_goes_on(tmp_path):
    run(mine(tmp_path / "old"), tmp_path / "old" / "results" / "local")
    (tmp_path / "old").rename(tmp_path / "new")
    mine(tmp_path / "old")  # another study in the old place takes nothing over
    results = tmp_path / "new" / "results" / "local"
    assert origin(results) == "../../mine.toml"
    assert run(load_study(tmp_path / "new" / "mine.toml"), results).ran == 0


def test_a_shipped_study_and_one_of_a_users_own_never_share_a_folder(tmp_path):
    shipped = load_study("dropout", "smoke", seeds=1)
    own = mine(tmp_path, name="dropout")
    run(own, tmp_path / "one")
    assert "the study that is shipped" in refused(run, shipped, tmp_path / "one")
    run(shipped, tmp_path / "other")
    assert origin(tmp_path / "other", "dropout") == "shipped"
    assert "holds results of the study that is shipped" in refused(run, own, tmp_path / "other")


def test_studies_without_an_origin_are_accepted(tmp_path):
    """They were built in Python, or recorded before study.json told where a study comes from."""
    results = tmp_path / "results"
    run(study_from_table("mine", {"seeds": {"count": 1}}, "mine.toml"), results)
    assert origin(results) is None
    assert run(mine(tmp_path), results).ran == 0
    path = results / "mine" / "study.json"
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "origin"}))
    assert run(mine(tmp_path / "b"), results).ran == 0
    assert run(study_from_table("mine", {"seeds": {"count": 1}}, "mine.toml"), results).ran == 0


def test_no_file_of_a_user_is_ever_unpickled():
    room = Path(harness.__file__).parent
    to_its_own_processes = room / "report" / "side_by_side.py"  # through pipes: it opens no file
    assert not re.search(r"open\(|read|Path", to_its_own_processes.read_text())
    for path in set(room.rglob("*.py")) - {to_its_own_processes}:
        for node in ast.walk(ast.parse(path.read_text())):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import | ast.ImportFrom) else set()
            names |= {node.module} if isinstance(node, ast.ImportFrom) else set()
            assert not names & {"pickle", "joblib", "shelve", "marshal", "dill", "cloudpickle"}, path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert node.value.value is False, path
            if isinstance(node, ast.Attribute):
                assert node.attr != "read_pickle", path


def test_a_write_that_fails_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "trials.csv"
    write_atomically(path, "whole\n")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "half" * 100_000 + "\ud800")
    assert contents(tmp_path) == {path: b"whole\n"}


def test_a_reader_never_sees_half_of_a_file(tmp_path):
    path = tmp_path / "trials.csv"
    write_atomically(path, "old")
    with path.open() as reader:
        write_atomically(path, "new and longer")
        assert reader.read() == "old"
    assert path.read_text() == "new and longer"


@pytest.mark.parametrize(("umask", "mode"), [(0o002, 0o664), (0o077, 0o600)])
def test_new_files_get_the_rights_of_the_umask_and_the_group_of_the_folder(tmp_path, umask, mode):
    shared = tmp_path / "shared"
    shared.mkdir()
    if os.geteuid() == 0:
        os.chown(shared, -1, 12345)
    shared.chmod(0o2775)
    before = os.umask(umask)
    try:
        run_studies([STUDY], shared / "results", jobs=1, work=work("steady"))
    finally:
        os.umask(before)
    files = [path for path in (shared / "results").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {mode}
    assert {path.stat().st_gid for path in files} == {shared.stat().st_gid}
