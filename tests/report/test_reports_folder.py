"""A report takes the place of an earlier one and of nothing else, wholly or not at all."""

import errno
import os
import subprocess
import sys

import pytest

from harness.errors import HarnessError, InputError
from harness.report.folder import publish, read_seal
from harness.report.write import write_report
from harness.spec.study import study_from_table


@pytest.fixture(scope="module")
def small(tmp_path_factory, synthetic):
    """Results of a study of two arms; not to be written to."""
    folder = tmp_path_factory.mktemp("small")
    arms = {"a": {"learning_rate": 0.001}, "b": {"learning_rate": 0.002}}
    table = {"baseline": {"epochs": 2}, "blocks": [{"arms": arms}], "seeds": {"count": 3}}
    synthetic(folder, study_from_table("small", table, "small.toml"))
    return folder


def report(*figures, text="A report"):
    """The text of a report, sealed, and its figures."""
    names = ", ".join(f'"{name}": {{"drawn": "d", "file": "f"}}' for name in figures)
    seal = f'<!-- seal {{"results": "r", "figures": {{{names}}}}} -->\n'
    return f"{text}\n\n{seal}", {name: name.encode() for name in figures}


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ({"report.md": "my own words"}, "report.md: not written by `harness report`"),
        ({"report.md": "my own words", "figures/photo.png": "me"}, "report.md: not written by `harness report`"),
        ({"figures/photo.png": "me"}, "holds 'figures' and no report"),
        ({"thesis.tex": "chapter one"}, "holds 'thesis.tex' and no report"),
    ],
)
def test_a_folder_that_the_harness_did_not_make_is_refused_and_left_alone(tmp_path, small, theirs, told):
    for name, text in theirs.items():
        path = tmp_path / "paper" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with pytest.raises(InputError) as caught:
        write_report(small, tmp_path / "paper")
    assert told in str(caught.value)
    assert contents(tmp_path / "paper") == {name: text.encode() for name, text in theirs.items()}


def test_a_picture_of_the_users_is_neither_replaced_nor_removed(tmp_path):
    publish(tmp_path, *report("a.png", "b.png"))
    (tmp_path / "figures" / "photo.png").write_text("me")
    publish(tmp_path, *report("a.png", text="Another"))
    assert contents(tmp_path).keys() == {"report.md", "figures/a.png", "figures/b.png", "figures/photo.png"}, (
        "b.png is not as its seal says"
    )
    with pytest.raises(InputError, match=r"photo\.png: not written by an earlier report"):
        publish(tmp_path, *report("a.png", "photo.png"))
    assert (tmp_path / "figures" / "photo.png").read_text() == "me"


def test_a_first_report_that_a_full_disk_ended_blocks_no_later_one(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(HarnessError, match="No space left"):
            publish(tmp_path, *report("a.png"))
    assert contents(tmp_path) == {}
    publish(tmp_path, *report("a.png"))


def test_figures_that_a_report_no_longer_has_are_removed(tmp_path, small):
    text = write_report(small, tmp_path).read_text()
    names = sorted(read_seal(text)["figures"])
    publish(tmp_path, *report(*names[1:]))
    assert contents(tmp_path).keys() == {"report.md", *(f"figures/{name}" for name in names[1:])}


def test_a_full_disk_leaves_the_old_report_whole(tmp_path, small):
    old = report("summary.png", text="The old one")
    publish(tmp_path / "reports", *old)
    before = contents(tmp_path)

    # limited by itself, not between fork and exec, where libraries of other tests may want a word
    small_files_only = (
        "import resource, runpy, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); runpy.run_module('harness', run_name='__main__')"
    )
    folders = ["--results", str(small), "--reports", str(tmp_path / "reports")]
    command = [sys.executable, "-c", small_files_only, "report", *folders]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error: reports folder ")
    assert len(done.stderr.splitlines()) == 1
    assert contents(tmp_path) == before


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense"])
def test_a_report_needs_no_backend_that_a_notebook_left_behind(tmp_path, small, backend):
    folders = ["--results", str(small), "--reports", str(tmp_path)]
    environment = os.environ | {"MPLBACKEND": backend}
    done = subprocess.run(
        [sys.executable, "-m", "harness", "report", *folders], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
