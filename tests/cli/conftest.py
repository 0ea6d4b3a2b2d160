"""The command as a user types it, in a folder of its own, on a tiny dataset."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.cli.app import main
from harness.datasets.catalog import STEMS
from harness.datasets.idx import idx_header

Command = Callable[..., subprocess.CompletedProcess]

STUDY = """
title = "Width"
question = "Is wide better?"

[baseline]
dataset = "tiny"
backend = "numpy"
val_size = 20
batch_size = 16
epochs = 2

[[blocks]]
arms = { "narrow" = { hidden = [2] }, "wide" = { hidden = [8] } }

[seeds]
count = 3
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a dataset `tiny` of three classes and a study `width.toml` on it."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "tiny"
    folder.mkdir()
    for part, n in (("train", 80), ("test", 30)):
        labels = (np.arange(n) % 3).astype(np.uint8)
        images = rng.integers(0, 60, (n, 4, 4)).astype(np.uint8)
        images[np.arange(n), labels] = 250
        for kind, array in (("images", images), ("labels", labels)):
            (folder / STEMS[f"{part}_{kind}"]).write_bytes(idx_header(array.shape) + array.tobytes())
    (tmp_path / "width.toml").write_text(STUDY)
    return tmp_path


@pytest.fixture
def harness(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `harness` with these arguments, in this process, which has loaded its modules; both streams as text."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str) -> subprocess.CompletedProcess:
        monkeypatch.setattr(sys, "argv", ["harness", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return subprocess.CompletedProcess(sys.argv, int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def fresh_harness(place: Path) -> Command:
    """Run `harness` with these arguments in a process of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "harness", *arguments]
        environment = os.environ | {"COLUMNS": "120"}
        return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=120)

    return run
