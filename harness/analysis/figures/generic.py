"""Any other study: its arms side by side, and their curves where there are few enough to tell apart."""

from harness.analysis.figures import marks, panels, style
from harness.analysis.figures.panels import MAX_CURVES, Drawing
from harness.analysis.frames import Frames


def draw(frames: Frames) -> list[Drawing]:
    """Test error of the arms; curves of training and validation loss; sensitivity where rates were tuned."""
    name = frames.study.name
    drawings = [panels.arms_strip(frames, name)]
    if len(frames.arms) <= MAX_CURVES and len(frames.curves):
        drawings.append(curves(frames))
    if (frames.trials["phase"] == "tune").any():
        drawings.append(panels.sensitivity(frames, f"{name}-sensitivity"))
    return drawings


def curves(frames: Frames) -> Drawing:
    """Training loss on the left, validation loss on the right, a colour an arm."""
    data = frames.phase_curves(frames.final)
    colour = style.colours(frames.arms)
    figure, [axes] = style.new_figure(3.4, 1, 2, sharey=True)
    for ax, value, title in zip(axes, ("train_loss", "val_loss"), ("training loss", "validation loss"), strict=True):
        panels.learning_curves(ax, data, value, "arm", colour)
        ax.set_title(title)
    panels.share_limits(axes, data[["train_loss", "val_loss"]].stack())
    for ax, value in zip(axes, ("train_loss", "val_loss"), strict=True):
        marks.end_labels(ax, data, "epoch", value, "arm", colour)
    caption = (
        f"Loss after each epoch, {panels.seeds_said(frames.phase(frames.final), ['arm'])} an arm: thin lines are seeds, "
        "thick ones their mean, bands its 95 % t-interval."
    )
    return Drawing(f"{frames.study.name}-curves", figure, caption)
