"""What several commands do alike."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import InputError
from harness.text import note

Command = TypeVar("Command", bound=Callable[..., None])

STOPPED = 128
"""Exit codes above are this and the number of the signal that ended the command."""


def helped(text: str) -> Callable[[Command], Command]:
    """Give a command its help, which a docstring would not under ``python -OO``."""

    def decorate(command: Command) -> Command:
        command.__doc__ = text
        return command

    return decorate


def teller(quiet: bool) -> Callable[[str], None]:
    """Return what tells progress on standard error: nothing where it is to be quiet."""
    return (lambda _: None) if quiet else note


def folder_for(kind: str, profile: str) -> Path:
    """Return where a run of this profile leaves its `kind` (results or reports), unless an option says otherwise."""
    from harness.api import default_folder

    return default_folder(kind, profile)


def refuse_twice(field: str, settings: dict[str, Any]) -> None:
    """Raise InputError when an option of its own and ``--set`` both give a field."""
    if field in settings:
        raise InputError(f"--{field}: {field} is given by --set as well")
