"""What several commands do alike."""

import sys
from pathlib import Path
from typing import Any

from harness.errors import InputError

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def note(text: str) -> None:
    """Tell one line beside the output."""
    print(text, file=sys.stderr, flush=True)


def folder_for(kind: str, profile: str) -> Path:
    """Return where a run of this profile leaves its `kind` (results or reports), unless an option says otherwise."""
    from harness.api import default_folder

    return default_folder(kind, profile)


def refuse_twice(field: str, settings: dict[str, Any]) -> None:
    """Raise InputError when an option of its own and ``--set`` both give a field."""
    if field in settings:
        raise InputError(f"--{field}: {field} is given by --set as well")
