"""Decoded datasets on disk, so that every process maps the same memory instead of unpacking its own copy.

An entry is a folder named by the digest of the source files' bytes, so it can never be stale. Each of its
files is written aside, sealed and moved into place: readers see a whole file or none, and racing writers move
equal bytes. The seal is a fixed modification time: any later write changes it, and the entry is not trusted.
"""

from functools import partial
from pathlib import Path

import numpy as np

from harness.atomic import Write, replace_files

SEAL = 1_000_000_000 * 10**9  # nanoseconds; an even second that every file system can hold


def read_entry(folder: Path, parts: list[str]) -> tuple[dict[str, np.ndarray], str] | None:
    """Return the arrays, mapped read-only, and their digest; None if the entry is missing or was touched."""
    try:
        arrays = {part: _map(folder / f"{part}.npy") for part in parts}
        digest = _sealed(folder / "digest").read_text()
    except (OSError, ValueError, EOFError):
        return None
    return arrays, digest


def write_entry(folder: Path, arrays: dict[str, np.ndarray], digest: str) -> bool:
    """Publish an entry and return whether that was possible: an unwritable or full disk is no error."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        contents: dict[Path, Write] = {
            folder / f"{part}.npy": partial(np.save, arr=array, allow_pickle=False) for part, array in arrays.items()
        }
        replace_files(contents | {folder / "digest": lambda file: file.write(digest.encode())}, SEAL)
    except OSError:
        return False
    return True


def _map(path: Path) -> np.ndarray:
    # A plain array over the mapped memory: np.memmap itself makes every slice slow.
    return np.asarray(np.load(_sealed(path), mmap_mode="r", allow_pickle=False))


def _sealed(path: Path) -> Path:
    if path.stat().st_mtime_ns != SEAL:
        raise ValueError(f"{path} was changed after it was published")
    return path
