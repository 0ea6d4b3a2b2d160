"""The tables of the tutorial in a results folder: results/tutorial/<section>/<table>.csv."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from harness.errors import InputError
from harness.results.files import write_atomically

FOLDER = "tutorial"
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


def read_tables(results: Path, section: str) -> dict[str, pd.DataFrame]:
    """Return the tables of a section by name; none where it was not computed. Raises InputError for a damaged one."""
    return {path.stem: _read(path) for path in sorted((results / FOLDER / section).glob("*.csv"))}


def has_tutorial(results: Path) -> bool:
    """Tell whether a results folder holds tables of the tutorial."""
    return any((results / FOLDER).glob("*/*.csv"))


def tables_digest(results: Path) -> str:
    """Return 16 hex digits for all tables of the tutorial."""
    digest = hashlib.sha256()
    for path in sorted((results / FOLDER).glob("*/*.csv")):
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
