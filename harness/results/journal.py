"""The journal: one line of JSON a finished trial, in the order they finished. The last line of a trial counts.

Between these records stand notes, which have a key `note` (see `notes`); who wants records does not meet them.
Both are appended and synced one by one. A crash can only tear the last line, which readers pass over and the
next writer cuts off. A bad line anywhere else is damage: an error that names file and line, and nothing is changed.

A journal may be kept compressed (``journal.jsonl.xz`` or ``.gz``). It is never appended to: what comes later goes to
``journal.jsonl`` beside it, and all are read as one, the plain file last.
"""

import gzip
import json
import lzma
import math
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import from_json

from harness.errors import HarnessError, InputError
from harness.results.files import JOURNAL_FILE

SCHEMA = 2
"""Version of a line; 2 brought the notes. A newer one is refused."""

STATUSES = ("done", "diverged", "failed")

Record = dict[str, Any]


def journal_files(folder: Path) -> list[Path]:
    """Return the files that make up a study's journal, in reading order."""
    candidates = [folder / f"{JOURNAL_FILE}{suffix}" for suffix in (".xz", ".gz", "")]
    return [path for path in candidates if path.is_file()]


def read_journal(folder: Path) -> Iterator[Record]:
    """Yield the records of a study folder, oldest first; raises InputError as `read_lines` does."""
    return (line for line in read_lines(folder) if "note" not in line)


def read_lines(folder: Path) -> Iterator[Record]:
    """Yield the records and notes of a study folder, oldest first.

    Raises InputError, with file and line, for damage, foreign content and a newer schema.
    """
    for path in journal_files(folder):
        try:
            yield from _read_lines(path)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from None


def _read_lines(path: Path) -> Iterator[Record]:
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                record = _parse(line)
            except ValueError as error:
                if not line.endswith(b"\n"):
                    return  # torn: the writer died here
                raise InputError(f"{path}, line {number}: damaged ({error}); the file is left as it is") from None
            yield _checked(record, f"{path}, line {number}")


def _opened(path: Path) -> BinaryIO | gzip.GzipFile | lzma.LZMAFile:
    if path.suffix == ".xz":
        return lzma.open(path, "rb")
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    return open(path, "rb")


def _parse(line: bytes) -> Any:
    return from_json(line, allow_inf_nan=False)


def _checked(record: Any, where: str) -> Record:
    if not isinstance(record, dict) or type(record.get("schema")) is not int:
        raise InputError(f"{where}: is not a trial record of this harness; the file is left as it is")
    if record["schema"] > SCHEMA:
        raise InputError(f"{where}: schema {record['schema']} is newer than this version reads ({SCHEMA})")
    noted = isinstance(record.get("note"), str)
    whole = isinstance(record.get("trial_id"), str) and isinstance(record.get("trial"), dict)
    if not noted and not (whole and record.get("status") in STATUSES):
        raise InputError(f"{where}: is not a trial record of this harness; the file is left as it is")
    return record


def tuning_loss(record: Record) -> float:
    """Return what tuning reads of a finished trial: its validation loss, infinite unless it ended well."""
    loss = record.get("val_loss")
    return math.inf if loss is None or record["status"] != "done" else loss


class JournalWriter:
    """Appends to a study's ``journal.jsonl``, or to lines like it; each `append` is on the disk when it returns.

    Opening cuts a torn last line off. Only the holder of the results folder's lock may open one.
    """

    def __init__(self, folder: Path, name: str = JOURNAL_FILE) -> None:
        self.path = folder / name
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror})") from None
        _mend_tail(self._descriptor)
        _sync_folder(folder)

    def append(self, lines: Iterable[Record]) -> None:
        """Append lines, all or none; raises HarnessError, the journal whole, when the disk does not take them."""
        data = b"".join(map(encode, lines))
        size = os.fstat(self._descriptor).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fsync(self._descriptor)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, size)
            raise HarnessError(
                f"{self.path}: cannot grow ({error.strerror}); what was recorded before is whole"
            ) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def encode(record: Record) -> bytes:
    """Return the line of a record or note; numbers that are not finite become null."""
    record = {"schema": SCHEMA, **record}
    try:
        text = json.dumps(record, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(record), allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _mend_tail(descriptor: int) -> None:
    """Cut a torn last line off; a whole one that lacks only its newline gets it."""
    size = os.fstat(descriptor).st_size
    start, tail = size, b""
    while start > 0 and b"\n" not in tail:
        step = min(start, 65536)
        start -= step
        tail = os.pread(descriptor, step, start) + tail
    torn = tail.rpartition(b"\n")[2]
    if not torn:
        return
    try:
        _parse(torn)
        os.write(descriptor, b"\n")
    except ValueError:
        os.ftruncate(descriptor, size - len(torn))
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a new file's entry in its folder last; not every system can open a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
