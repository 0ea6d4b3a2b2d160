"""What several commands do alike."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import InputError
from harness.text import note

Command = TypeVar("Command", bound=Callable[..., None])

NUMBERS = """Numbers whose conventions differ (harness/spec/trial.py has every field):

    \b
    l2              λ of λ/(2n)·Σ‖W‖², n training images; PyTorch's
                    weight_decay is λ/n
    clip_norm       bounds the norm of all gradients, L2's term included
    momentum        v ← βv + g as in PyTorch; ema_momentum: v ← βv + (1-β)g
    schedule_floor  share of the rate that a cosine falls towards
    evaluate_every  counts training images
    patience        counts evaluations without improvement; the weights put
                    back are those of best_epoch, with the lowest loss
    """
"""A part of the help of commands that take ``--set``."""

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
    from harness.results.files import default_folder

    return default_folder(kind, profile)


def refuse_twice(field: str, settings: dict[str, Any]) -> None:
    """Raise InputError when an option of its own and ``--set`` both give a field."""
    if field in settings:
        raise InputError(f"--{field}: {field} is given by --set as well")
