"""Markdown from data: what a user typed stays text, whatever it contains."""

import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#$&])")


def escape(text: object) -> str:
    """Return `text` as one line that Markdown shows as it stands, in a paragraph, a heading or a table cell."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def code(text: object) -> str:
    """Return `text` as an inline code span, fit for a table cell: the fence outgrows every run of backticks in it."""
    line = " ".join(str(text).split()).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return a pipe table of ready-made cells; the columns named in `right` are set flush right."""
    rule = ["---:" if name in right else "---" for name in header]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows))


def details(summary: str, body: str) -> str:
    """Return a block that opens on a click."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
