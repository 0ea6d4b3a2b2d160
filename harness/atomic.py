"""Files that are replaced whole or not at all, with the rights and the group that any new file of the user gets."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from harness.errors import HarnessError, InputError

Write = Callable[[BinaryIO], object]


def replace_files(contents: Mapping[Path, Write], modified: int | None = None) -> None:
    """Replace every file by what its function writes: all are written aside and synced, then moved into place.

    When one cannot be written, none is replaced and the OSError is raised. `modified` is the time of modification that
    the files get, in nanoseconds (None: now).
    """
    aside: dict[Path, Path] = {}
    try:
        for path, write in contents.items():
            aside[path] = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
            # 0666 is what the umask cuts down; a folder with the setgid bit passes its group on
            with open(os.open(aside[path], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            if modified is not None:
                os.utime(aside[path], ns=(modified, modified))
        for path, written in aside.items():
            os.replace(written, path)
    finally:
        for written in aside.values():
            written.unlink(missing_ok=True)


def write_atomically(path: Path, content: str | Write) -> None:
    """Replace the file by a text, or by what a function writes, whole or not at all.

    Raises HarnessError when the disk is full, InputError when the folder cannot be written.
    """
    try:
        replace_files({path: content if callable(content) else lambda file: file.write(content.encode())})
    except PermissionError as error:
        raise InputError(f"{path.parent}: cannot be written ({error.strerror})") from None
    except OSError as error:
        raise HarnessError(f"{path}: cannot be written ({error.strerror})") from None
