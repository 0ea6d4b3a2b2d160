"""Optimizers: how fast the loss falls, at the rate as written and at the tuned one, and how much the rate matters."""

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import marks, panels, style
from harness.report.figures.panels import Drawing
from harness.report.study_frames import SHOWN_PHASES, Frames

LOSSES = {"train_loss": "training loss", "val_loss": "validation loss"}


def draw(frames: Frames) -> list[Drawing]:
    """Test error by optimizer, curves of training and validation loss, sensitivity to the learning rate."""
    drawings = [panels.arms_strip(frames, "optimizer")]
    if panels.has_curves(frames.phase_curves("default", "confirm")):
        drawings.append(curves(frames))
    if len(frames.phase("tune")):
        drawings.append(panels.sensitivity(frames, "optimizer-sensitivity"))
    return drawings


def headline(ax: Axes, frames: Frames) -> None:
    """Test error as written and tuned."""
    data = frames.phase("default", "confirm").assign(phase=lambda t: t["phase"].map(SHOWN_PHASES))
    colour = style.colours(data["phase"])
    marks.strip(ax, data, "test_error", "label", "phase", colour, numbers=False)
    ax.set_xlabel("test error (%)")
    style.small_legend(ax, colour)


def curves(frames: Frames) -> Drawing:
    """Rows: training and validation loss; columns: the rate as written and the tuned one."""
    phases = [phase for phase in ("default", "confirm") if len(frames.phase_curves(phase))]
    colour = style.colours(frames.trials["label"])
    figure, axes = style.new_figure(6.6, 2, len(phases), sharey=True)
    for line, (value, title) in zip(axes, LOSSES.items(), strict=True):
        for ax, phase in zip(line, phases, strict=True):
            panels.learning_curves(ax, frames.phase_curves(phase), value, "label", colour)
            ax.set_title(f"{title}, {SHOWN_PHASES[phase]}")
    shown = frames.phase_curves(*phases)
    panels.share_limits(axes[0], pd.concat([shown[value] for value in LOSSES]))
    for line, value in zip(axes, LOSSES, strict=True):
        for ax, phase in zip(line, phases, strict=True):
            marks.end_labels(ax, frames.phase_curves(phase), "passes", value, "label", colour)
    caption = (
        "Loss at the learning rate as written in the study (left) and at the rate tuned on validation data, with fresh "
        f"seeds (right); {panels.seeds_said(frames.phase(*phases), ['arm', 'phase'])} each: {panels.LINES}."
    )
    return Drawing("optimizer-curves", figure, caption)
