"""Figures: one file a study, `generic` for any other; `marks` and `panels` are what they are made of.

The file of a study has two functions: `draw(frames)` returns its figures, `headline(ax, frames)` draws the panel that
stands for it in the summary. Call them inside `style.house_style()`.
"""

from collections.abc import Mapping
from types import ModuleType

from harness.report.figures import depth_width, dropout, generic, initialization, normalization, optimizer, summary
from harness.report.figures.panels import Drawing
from harness.report.study_frames import Frames

STUDIES: dict[str, ModuleType] = {
    "depth_width": depth_width,
    "dropout": dropout,
    "initialization": initialization,
    "normalization": normalization,
    "optimizer": optimizer,
}


def draw_study(frames: Frames) -> list[Drawing]:
    """Return the figures of a study: its own where it has some, else the generic ones."""
    return list(_file(frames.study.name).draw(frames))


def draw_summary(frames: Mapping[str, Frames]) -> Drawing:
    """Return the summary of all studies."""
    return summary.draw(frames, {name: _file(name).headline for name in frames})


def _file(study: str) -> ModuleType:
    return STUDIES.get(study, generic)
