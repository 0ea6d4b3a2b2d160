"""The files under `<results>/bench/`: a table for each benchmark, and the environment."""

import json
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from harness.results.files import write_atomically
from harness.sweep.workers.environment import capture

FOLDER = "bench"
PEERS = {"torch": "torch", "jax": "jax", "scikit-learn": "sklearn"}  # distribution → module
Tell = Callable[[str], None]


def write_table(results: Path, name: str, frame: pd.DataFrame) -> Path:
    """Write `frame` as ``<results>/bench/<name>.csv``, numbers to 6 digits; return its path."""
    path = _made(results) / f"{name}.csv"
    write_atomically(path, frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    return path


def write_environment(results: Path) -> None:
    """Write ``<results>/bench/environment.json``: processor, versions (those of the peers too), commit, load."""
    found = {name: value for name, value in capture().items() if name != "threads"}
    peers = {name: version(name) for name, module in PEERS.items() if find_spec(module)}
    found["versions"] |= peers
    write_atomically(_made(results) / "environment.json", json.dumps(found, indent=1) + "\n")


def _made(results: Path) -> Path:
    folder = results / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder
