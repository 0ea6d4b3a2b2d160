"""A figure as a page takes it: its file, and what the seal says of it."""

from typing import NamedTuple

from harness.report.figures.panels import Drawing
from harness.report.figures.style import png_bytes
from harness.report.fingerprint import drawn


class Rendered(NamedTuple):
    """A figure's name (of its file, without suffix), the sentences below it, what it shows, and its file.

    `png` is empty where nobody asked for it.
    """

    name: str
    caption: str
    drawn: str
    png: bytes


def rendered(drawing: Drawing, png: bool) -> Rendered:
    """Return a figure rendered, with its file where `png` asks for it (call inside house_style())."""
    return Rendered(drawing.name, drawing.caption, drawn(drawing.figure), png_bytes(drawing.figure) if png else b"")
