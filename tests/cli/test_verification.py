"""An edit of the sources that changes no result costs one `verify --adopt`; one that does is refused."""

import os
import shutil
from pathlib import Path

import pytest

import kernels

PLAIN = "    error = p - _targets(labels, z.shape[1])  # (N, K)\n    losses[...] = (error * error).sum(axis=1) / 2\n"


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A source file of a copy of the kernels that is found before the original."""
    copy = shutil.copytree(Path(kernels.__file__).parent, tmp_path / "sources" / "kernels")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(copy.parent), os.environ.get("PYTHONPATH", "")]))
    return copy / "numpy_backend" / "losses.py"


def test_an_edit_that_changes_no_result_costs_one_adoption_and_a_real_one_is_refused(fresh_harness, source):
    def run(*options):
        return fresh_harness("run", "width.toml", "--results", "r", "--jobs", "2", "--set", "loss=mse", *options).stdout

    assert PLAIN in source.read_text()
    assert run().startswith("6 trials run now")
    source.write_text(source.read_text().replace(PLAIN, PLAIN.replace("error", "off_by")))
    done = fresh_harness("verify", "r", "--adopt", "--jobs", "2")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "all 6 stale rows trained again: all are the same, weights and figures, bit for bit",
        "adopted: all stale rows count as made by the present sources; a run trains none of them again",
    ]
    assert run().startswith("0 trials run now, 6 recorded before: 6 done\n")
    source.write_text(source.read_text().replace(".sum(axis=1) / 2", ".sum(axis=1) / 2.001"))
    done = fresh_harness("verify", "r", "--adopt", "--jobs", "2")
    assert done.returncode == 1
    assert "0 are the same" in done.stdout
    assert "the same weights, but other figures: curve, test_loss, train_loss, val_loss" in done.stdout
    assert "nothing is adopted: 6 of 6 rows differ" in done.stderr
