"""The two ways a command ends badly, and the hint that a misspelt name deserves."""

from collections.abc import Iterable
from difflib import get_close_matches


class HarnessError(Exception):
    """It ran and something is not good (a failed trial, a stale report, a full disk): one line, exit code 1."""

    exit_code = 1


class InputError(HarnessError):
    """Bad input or state (unknown name, bad file, damaged journal, locked folder): one line, exit code 2."""

    exit_code = 2


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the allowed name closest to `name`, or ``""`` when none is close."""
    matches = get_close_matches(name, list(allowed), n=1)
    return f" (did you mean '{matches[0]}'?)" if matches else ""
