"""The tables under `<results>/bench/`, and the rows in which the command prints them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from harness.console import table
from harness.sweep.files import write_atomically

FOLDER = "bench"
Tell = Callable[[str], None]


def write_table(results: Path, name: str, frame: pd.DataFrame) -> Path:
    """Write `frame` as ``<results>/bench/<name>.csv``, numbers to 6 digits; return its path."""
    folder = results / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    write_atomically(path, frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    return path


def shown(frame: pd.DataFrame, formats: Mapping[str, str]) -> str:
    """Return the columns that `formats` names, each number in its format, "–" where there is none."""
    rows = [[_cell(row[name], form) for name, form in formats.items()] for row in frame.to_dict("records")]
    return table(list(formats), rows)


def _cell(value: Any, form: str) -> str:
    if value is None or value != value:
        return "–"
    return format(value, form)
