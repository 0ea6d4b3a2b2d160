"""Files that are replaced whole or not at all, with the rights and the group that any new file of the user gets."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

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
