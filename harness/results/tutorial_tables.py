"""The tables of the tutorial in a results folder: results/tutorial/<section>/<table>.csv.

Beside them lies provenance.json: the `code_digest` of the sources that made them, and under `environment` the digest
of the versions and the machine, with what these are.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from harness.errors import InputError
from harness.results.files import read_json, write_atomically

FOLDER = "tutorial"
PROVENANCE_FILE = "provenance.json"
NUMBERS = "numbers"
"""Worked numbers, which are kept as text so that no digit is lost or made up."""


def write_tables(results: Path, section: str, tables: Mapping[str, pd.DataFrame]) -> None:
    """Put the tables of a section in place of those that were there.

    Raises HarnessError when the disk is full, InputError when the folder cannot be written.
    """
    folder = results / FOLDER / section
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror})") from None
    for name, table in tables.items():
        write_atomically(folder / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    for stray in sorted(folder.glob("*.csv")):
        if stray.stem not in tables:
            stray.unlink()


def write_provenance(results: Path, section: str, made: Mapping[str, Any]) -> None:
    """Say what made the tables of a section; to be called when these are written, so that no newer ones are claimed."""
    write_atomically(results / FOLDER / section / PROVENANCE_FILE, json.dumps(made, indent=1) + "\n")


def read_provenance(results: Path, section: str) -> dict[str, Any]:
    """Return what made the tables of a section; {} where that is not known. Raises InputError for a damaged file."""
    path = results / FOLDER / section / PROVENANCE_FILE
    made: dict[str, Any] = read_json(path) if path.is_file() else {}
    return made


def read_tables(results: Path, section: str) -> dict[str, pd.DataFrame]:
    """Return the tables of a section by name; none where it was not computed. Raises InputError for a damaged one."""
    return {path.stem: _read(path) for path in sorted((results / FOLDER / section).glob("*.csv"))}


def has_tutorial(results: Path) -> bool:
    """Tell whether a results folder holds tables of the tutorial."""
    return any((results / FOLDER).glob("*/*.csv"))


def tables_digest(results: Path) -> str:
    """Return 16 hex digits for all tables of the tutorial and what made them."""
    digest = hashlib.sha256()
    folder = results / FOLDER
    for path in sorted([*folder.glob("*/*.csv"), *folder.glob(f"*/{PROVENANCE_FILE}")]):
        digest.update(f"{path.parent.name}/{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _read(path: Path) -> pd.DataFrame:
    try:
        texts = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: damaged ({error})") from None
    return texts if path.stem == NUMBERS else texts.apply(_typed)


def _typed(column: pd.Series) -> pd.Series:
    """Return a column as whole numbers, as numbers that are exactly those written, or as text."""
    for number in (int, lambda text: float(text or "nan")):
        try:
            return pd.Series([number(text) for text in column], column.index)
        except ValueError:
            continue
    return column
