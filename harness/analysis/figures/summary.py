"""The summary: the main panel of every study, side by side."""

from collections.abc import Callable, Mapping

from matplotlib.axes import Axes

from harness.analysis.figures import style
from harness.analysis.figures.panels import DOTS, Drawing
from harness.analysis.frames import SHOWN_PHASES, Frames

Headline = Callable[[Axes, Frames], None]


def draw(frames: Mapping[str, Frames], headlines: Mapping[str, Headline]) -> Drawing:
    """A panel a study, three in a row."""
    columns = min(3, len(frames)) or 1
    rows = -(-len(frames) // columns) or 1
    figure, axes = style.new_figure(0.2 + 2.75 * rows, rows, columns)
    cells = [ax for line in axes for ax in line]
    for ax, (name, study) in zip(cells, frames.items(), strict=False):
        ax.set_title(study.study.title)
        headlines[name](ax, study)
        ax.tick_params(labelsize=7)
        ax.xaxis.label.set_size(8)
        ax.yaxis.label.set_size(8)
    for ax in cells[len(frames) :]:
        ax.set_axis_off()
    phases = " and ".join(sorted({SHOWN_PHASES[study.final] for study in frames.values()}))
    caption = (
        f"Each study at a glance: {DOTS}, over the seeds that finished ({phases}). "
        "The sections below name every arm and say what was lost."
    )
    return Drawing("summary", figure, caption)
