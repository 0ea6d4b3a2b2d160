"""Plain text for people: aligned tables, lengths of time, and lines beside the output."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows of texts in columns; a column of numbers is aligned to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(text[:1] in "0123456789-" for text in column[1:]) for column in columns]
    lines = [
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        )
        for row in (header, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def number(value: float) -> str:
    """Return a number in as few digits as tell it apart from every other: ``0.1``, ``1e-08``, ``0.1000000001``."""
    short = f"{value:g}"
    return short if float(short) == value else str(value)


def rounded(value: float, decimals: int, sign: str = "") -> str:
    """Return a number with so many decimals, and from a million on in three digits: ``-0.35``, ``8.42e+08``.

    `sign` may be ``+``, for differences; zero has none that counts.
    """
    return f"{value:{sign}z.2e}" if 1e6 <= abs(value) < float("inf") else f"{value:{sign}z.{decimals}f}"


def setting(value: Any) -> str:
    """Return the value of a field as ``--set`` takes it: ``64,64``, ``0.001``, ``true``, ``none``."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return number(value) if isinstance(value, float) else str(value)


def counted(count: int, thing: str) -> str:
    """Return ``1 epoch``, ``1,200 epochs``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def duration(seconds: float) -> str:
    """Return a length of time as ``8 s``, ``3 min 20 s`` or ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def note(text: str) -> None:
    """Tell one line on standard error; where nobody can read it any more, go on without."""
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
