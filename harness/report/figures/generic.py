"""Any other study: its arms side by side, and their curves where there are few enough to tell apart."""

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import marks, panels, style
from harness.report.figures.panels import Drawing
from harness.report.study_frames import Frames
from harness.statistics.intervals import summarise

MAX_CURVES = len(style.PALETTE)
MAX_ROWS = 14  # of a headline
LOSSES = {"train_loss": "training loss", "val_loss": "validation loss"}


def draw(frames: Frames) -> list[Drawing]:
    """Test error of the arms; curves of training and validation loss; sensitivity where rates were tuned."""
    name = frames.study.name
    drawings = [panels.arms_strip(frames, name)]
    if frames.trials["label"].nunique() <= MAX_CURVES and panels.has_curves(frames.phase_curves(frames.final)):
        drawings.append(curves(frames))
    if len(frames.phase("tune")):
        drawings.append(panels.sensitivity(frames, f"{name}-sensitivity"))
    return drawings


def headline(ax: Axes, frames: Frames) -> None:
    """Test error of the arms; of many, those with the lowest and the highest means."""
    data = frames.phase(frames.final)
    means = summarise(data, ["label"], "test_error")
    if len(means) > MAX_ROWS:
        order = means.sort_values("mean", kind="stable")["label"].tolist()
        shown = [*order[: MAX_ROWS // 2], *order[-MAX_ROWS // 2 :]]
        data = data[data["label"].isin(shown)].sort_values("label", key=lambda c: c.map(order.index), kind="stable")
        ax.set_title(f"{frames.study.title} (ends of {len(order)})")
    marks.strip(ax, data, "test_error", "label", "phase", style.colours(data["phase"]), numbers=False)
    ax.set_xlabel("test error (%)")


def curves(frames: Frames) -> Drawing:
    """Training loss on the left, validation loss on the right, a colour an arm."""
    data = frames.phase_curves(frames.final)
    colour = style.colours(frames.trials["label"])
    figure, [axes] = style.new_figure(3.6, 1, 2, sharey=True)
    for ax, (value, title) in zip(axes, LOSSES.items(), strict=True):
        panels.learning_curves(ax, data, value, "label", colour)
        ax.set_title(title)
    panels.share_limits(axes, pd.concat([data[value] for value in LOSSES]))
    for ax, value in zip(axes, LOSSES, strict=True):
        marks.end_labels(ax, data, "passes", value, "label", colour)
    caption = f"Loss of each arm, {panels.seeds_said(frames.phase(frames.final), ['arm'])} each: {panels.LINES}."
    return Drawing(f"{frames.study.name}-curves", figure, caption)
