"""The summary: the test error of every arm of every study at a glance."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from harness.analysis.figures import marks, style
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import SHOWN_PHASES, Frames
from harness.analysis.statistics import summarise

MAX_NAMED = 3


def draw(frames: Mapping[str, Frames]) -> Drawing:
    """A row a study: its arms sorted by mean test error, the best and the worst named."""
    columns = 2
    rows = -(-len(frames) // columns)
    figure, axes = style.new_figure(0.3 + 2.6 * rows, rows, columns)
    cells = [ax for line in axes for ax in line]
    for ax, study in zip(cells, frames.values(), strict=False):
        ranked(ax, study)
    for ax in cells[len(frames) :]:
        ax.set_axis_off()
    caption = (
        "Test error of the arms of each study, the lowest mean first; the arms at the ends are named. Dots are seeds, "
        "bold marks their mean with its 95 % t-interval. The sections name all arms and say what was lost."
    )
    return Drawing("summary", figure, caption)


def ranked(ax: Axes, frames: Frames) -> None:
    """Dots, mean and interval of each arm from the lowest mean down to the highest; arms without a value last."""
    data = frames.phase(frames.final)
    means = summarise(data, ["arm"], "test_error").sort_values("mean", na_position="last", kind="stable")
    order = {arm: place for place, arm in enumerate(means["arm"])}
    finite = data[np.isfinite(data["test_error"])]
    ax.set_title(f"{frames.study.title} ({SHOWN_PHASES[frames.final]})")
    ax.set_ylim(len(order) - 0.3, -0.7)
    ax.set_yticks([])
    if finite.empty:
        marks.note(ax, "no arm finished")
        return
    style.value_axis(ax.xaxis, finite["test_error"])
    ax.scatter(finite["test_error"], finite["arm"].map(order), s=7, color=style.PALETTE[0], alpha=0.4, linewidths=0)
    ax.hlines(range(len(means)), means["low"], means["high"], color=style.PALETTE[0], linewidth=1.8)
    ax.plot(means["mean"], range(len(means)), "o", color=style.PALETTE[0], markersize=4, markeredgecolor="white",
            markeredgewidth=0.6)  # fmt: skip
    ends = finite.groupby("arm")["test_error"].agg(["min", "max"])
    placed = [arm for arm in means["arm"] if arm in ends.index]
    for arm in dict.fromkeys([*placed[:MAX_NAMED], *placed[-MAX_NAMED:]]):
        left = order[arm] < len(order) / 2
        ax.annotate(str(arm), (ends.loc[arm, "max" if left else "min"], order[arm]), xytext=(6 if left else -6, 0),
                    textcoords="offset points", ha="left" if left else "right", va="center", fontsize=7)  # fmt: skip
