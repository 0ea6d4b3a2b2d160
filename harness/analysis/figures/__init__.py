"""Figures: one file a study, `generic` for any other; `marks` and `panels` are what they are made of."""

from collections.abc import Callable

from harness.analysis.figures import depth_width, dropout, generic, initialization, normalization, optimizer, summary
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import Frames

STUDIES: dict[str, Callable[[Frames], list[Drawing]]] = {
    "depth_width": depth_width.draw,
    "dropout": dropout.draw,
    "initialization": initialization.draw,
    "normalization": normalization.draw,
    "optimizer": optimizer.draw,
}


draw_summary = summary.draw


def draw_study(frames: Frames) -> list[Drawing]:
    """Return the figures of a study: its own where it has some, else the generic ones. Call inside house_style()."""
    return STUDIES.get(frames.study.name, generic.draw)(frames)
