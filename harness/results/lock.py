"""One run at a time writes to a results folder, and whoever is turned away learns who it is."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from harness.errors import InputError
from harness.results.files import write_atomically

LOCK_FILE = ".lock"
HOLDER_FILE = ".lock.holder"  # beside the lock: taking a lock may empty the locked file itself


@contextmanager
def locked(results: Path) -> Iterator[None]:
    """Hold the lock of a results folder, which is made if it is missing.

    The system drops the lock with the process, however it dies. Raises InputError when another run holds it (naming
    process, host and start), and when the folder is a file or cannot be written.
    """
    _make(results)
    lock = FileLock(results / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"results folder {results}: in use by {_holder(results)}; wait for it, or stop it") from None
    except OSError as error:
        raise InputError(f"results folder {results}: cannot be written ({error.strerror})") from None
    try:
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": now}
        write_atomically(results / HOLDER_FILE, json.dumps(holder) + "\n")
        yield
    finally:
        (results / HOLDER_FILE).unlink(missing_ok=True)
        lock.release()


def _make(results: Path) -> None:
    try:
        results.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"results folder {results}: is or lies below a file, expected a folder") from None
    except OSError as error:
        raise InputError(f"results folder {results}: cannot be made ({error.strerror})") from None


def _holder(results: Path) -> str:
    try:
        holder = json.loads((results / HOLDER_FILE).read_text())
        return f"another run (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, LookupError, TypeError):
        return "another run that is just starting"
