"""Results that no network made: every trial of a study gets a plausible record, a pure function of its settings."""

import hashlib
import json
import math
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.report.figures import style
from harness.report.study_frames import Frames, all_frames
from harness.report.write import write_report
from harness.results.files import write_study
from harness.results.frames import load_results
from harness.results.journal import encode
from harness.spec.cells import Cell, confirm_cells, first_cells
from harness.spec.study import Study, load_study
from harness.spec.trial import Trial, parameter_count, trial_id

sys.path.insert(0, str(Path(__file__).parent))  # for drawn_studies

DATASET = "d" * 64
FIVE = ("initialization", "optimizer", "normalization", "dropout", "depth_width")
ENVIRONMENT = {
    "python": "3.11.0",
    "versions": {"numpy": "2.4.0", "numba": "0.61.0"},
    "system": "Linux 6.0",
    "machine": "x86_64",
    "cpu": "Synthetic CPU",
    "cores": 2,
    "threads": {"OMP_NUM_THREADS": "1"},
    "commit": "abcdef0123456789",
    "dirty": False,
    "load": [0.5, 0.5, 0.5],
}
Alter = Callable[[Cell, dict], dict]


def unaltered(_: Cell, record: dict) -> dict:
    """Leave a record as it is."""
    return record


def synthetic_record(trial: Trial, code_digest: str = "c0de", environment: str = "e1") -> dict:
    """Return the journal record of `trial`, made up: rates that are too high diverge, depth and size help a little."""
    rng = np.random.default_rng(int(trial_id(trial, DATASET), 16))
    usual = {"sgd": 0.1, "momentum": 0.03, "nesterov": 0.03, "ema_momentum": 0.1}.get(trial.optimizer, 0.003)
    off = abs(math.log10(trial.learning_rate / usual))
    reach = {"none": 1.0, "batch": 2.0, "layer": 1.6}[trial.normalization]
    diverged = math.log10(trial.learning_rate / usual) > reach + 0.1 * rng.normal()
    stuck = trial.initializer == "zeros" or (trial.initializer == "normal" and trial.activation == "sigmoid")
    images = trial.train_size or 60_000
    floor = 0.06 + 0.02 * off**2 + 0.6 * images**-0.3 + 0.004 * rng.normal() + 0.03 * (trial.activation == "sigmoid")
    curve = []
    for epoch in range(1, (2 if diverged else trial.epochs) + 1):
        loss = 2.3 if stuck else floor + 1.2 * math.exp(-epoch * (0.9 - 0.2 * off)) * rng.uniform(0.9, 1.1)
        loss = loss * 3 if diverged else loss
        train = loss * (0.6 + 0.4 * trial.dropout) if not stuck else loss
        curve.append({
            "epoch": epoch, "samples": epoch * images, "steps": epoch * images // 128, "seconds": 0.4 * epoch,
            "learning_rate": trial.learning_rate, "train_loss": train, "train_accuracy": _accuracy(train, stuck),
            "val_loss": loss, "val_accuracy": _accuracy(loss, stuck), "gradient_norm": 1 / epoch,
        })  # fmt: skip
    last = {k: None if diverged else curve[-1][k] for k in ("train_loss", "train_accuracy", "val_loss", "val_accuracy")}
    test = None if diverged else curve[-1]["val_loss"] * (1 + 0.02 * rng.normal())
    return {
        "schema": 1, "trial_id": trial_id(trial, DATASET), "status": "diverged" if diverged else "done",
        "reason": "loss is not finite" if diverged else None, "diverged_epoch": 3 if diverged else None,
        "trial": trial.model_dump(mode="json"), "dataset_digest": DATASET,
        "parameters": parameter_count(trial.hidden, 784, 10, trial.normalization), "classes": 10,
        "epochs_run": len(curve), "best_epoch": None if diverged else len(curve), **last,
        "test_loss": test, "test_accuracy": None if diverged else _accuracy(test, stuck),
        "seconds": curve[-1]["seconds"],
        "weights_sha256": hashlib.sha256(repr(trial).encode()).hexdigest(), "code_digest": code_digest,
        "environment": environment, "curve": curve, "layers": _layers(trial, rng),
    }  # fmt: skip


def _layers(trial: Trial, rng: np.random.Generator) -> list[dict]:
    """Variances that halve from layer to layer, give or take; none for a trial without diagnostics."""
    layers = range(1, len(trial.hidden) + 1) if trial.diagnostics else ()
    return [
        {"epoch": 0, "layer": layer, "metric": metric, "value": 0.5**layer * rng.uniform(0.9, 1.1)}
        for layer in layers
        for metric in ("activation_variance", "gradient_norm")
    ]


def _accuracy(loss: float, stuck: bool) -> float:
    return 0.1135 if stuck else round(max(0.0, 1 - 0.3 * loss), 4)


def write_synthetic(folder: Path, study: Study, alter: Alter = unaltered) -> Path:
    """Write study.json, journal.jsonl and environment.json of `study` below `folder`; return the study's folder.

    `alter` may change a record before it is written, by the cell that asked for it first.
    """
    records: dict[Trial, dict] = {}

    def run(cells: list[Cell]) -> None:
        for cell in cells:
            if cell.trial not in records:
                records[cell.trial] = alter(cell, synthetic_record(cell.trial))

    def val_loss(trial: Trial) -> float:
        record = records[trial]
        return record["val_loss"] if record["status"] == "done" else math.inf

    run(first_cells(study))
    run(confirm_cells(study, val_loss))
    place = folder / study.name
    place.mkdir(parents=True, exist_ok=True)
    write_study(place, study, dict.fromkeys((arm.trial.dataset for arm in study.arms), DATASET))
    (place / "journal.jsonl").write_bytes(b"".join(encode(record) for record in records.values()))
    (place / "environment.json").write_text(json.dumps({"e1": ENVIRONMENT}))
    return place


@pytest.fixture
def in_house_style() -> Iterator[None]:
    """Draw as the report does."""
    with style.house_style():
        yield


@pytest.fixture(scope="session")
def synthetic() -> Callable[..., Path]:
    """The function write_synthetic."""
    return write_synthetic


@pytest.fixture
def own_study(tmp_path: Path) -> Callable[..., Frames]:
    """Return a function that gives the frames of a study of a user's own, by the text of its file."""

    def make(text: str, alter: Alter = unaltered, name: str = "mine") -> Frames:
        path = tmp_path / f"{name}.toml"
        path.write_text(text)
        shutil.rmtree(tmp_path / "results", ignore_errors=True)
        write_synthetic(tmp_path / "results", load_study(path, "quick"), alter)
        return all_frames(load_results(tmp_path / "results"))[name]

    return make


def lost(record: dict, status: str = "diverged") -> dict:
    """Return a record of the same trial that ended without a result; a failed one has no curve either."""
    nothing = dict.fromkeys((name for name in record if name.endswith(("_loss", "_accuracy"))), None)
    ended = {} if status == "diverged" else {"curve": [], "layers": []}
    return {**record, **nothing, "status": status, "reason": "loss is not finite", **ended}


@pytest.fixture(scope="session")
def lose() -> Callable[..., dict]:
    """The function lost."""
    return lost


@pytest.fixture(scope="session")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with the five studies of the tutorial, smoke profile; not to be written to."""
    folder = tmp_path_factory.mktemp("five") / "results"
    for name in FIVE:
        write_synthetic(folder, load_study(name, "smoke"))
    return folder


@pytest.fixture(scope="session")
def five_reported(five: Path) -> Path:
    """The reports folder of `five`; not to be written to."""
    reports = five.parent / "reports"
    write_report(five, reports)
    return reports
