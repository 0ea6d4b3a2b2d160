"""Optimizers: how fast the loss falls, at the rate as written and at the tuned one, and how much the rate matters."""

from harness.analysis.figures import marks, panels, style
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import SHOWN_PHASES, Frames


def draw(frames: Frames) -> list[Drawing]:
    """Curves of training and validation loss, test error by optimizer, sensitivity to the learning rate."""
    drawings = [curves(frames), panels.arms_strip(frames, "optimizer-error")]
    if (frames.trials["phase"] == "tune").any():
        drawings.append(panels.sensitivity(frames, "optimizer-sensitivity"))
    return drawings


def curves(frames: Frames) -> Drawing:
    """Rows: training and validation loss; columns: the rate as written and the tuned one."""
    phases = [phase for phase in ("default", "confirm") if (frames.curves["phase"] == phase).any()]
    colour = style.colours(frames.arms)
    figure, axes = style.new_figure(6.2, 2, len(phases), sharey=True)
    for line, (value, words) in zip(axes, (("train_loss", "training"), ("val_loss", "validation")), strict=True):
        for ax, phase in zip(line, phases, strict=True):
            panels.learning_curves(ax, frames.phase_curves(phase), value, "arm", colour)
            ax.set_title(f"{words} loss, {SHOWN_PHASES[phase]}")
    panels.share_limits(
        [ax for line in axes for ax in line], frames.phase_curves(*phases)[["train_loss", "val_loss"]].stack()
    )
    for line, value in zip(axes, ("train_loss", "val_loss"), strict=True):
        for ax, phase in zip(line, phases, strict=True):
            marks.end_labels(ax, frames.phase_curves(phase), "epoch", value, "arm", colour)
    caption = (
        "Loss after each epoch at the learning rate as written in the study (left) and at the rate tuned on validation "
        f"data, on fresh seeds (right); {panels.seeds_said(frames.phase(*phases), ['arm', 'phase'])} each: thin lines "
        "are seeds, thick ones their mean, bands its 95 % t-interval."
    )
    return Drawing("optimizer", figure, caption)
