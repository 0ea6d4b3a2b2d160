"""Initialization: where the weights start, by activation."""

from harness.analysis.figures import marks, panels, style
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import Frames


def draw(frames: Frames) -> list[Drawing]:
    """Test error by initializer × activation, and how the validation loss falls in each."""
    return [by_initializer(frames), curves(frames)]


def by_initializer(frames: Frames) -> Drawing:
    """A row an initializer, a colour an activation, a dot a seed."""
    data = frames.phase(frames.final)
    colour = style.colours(data["activation"])
    lines = data.groupby(["initializer", "activation"]).ngroups
    figure, [[ax]] = style.new_figure(0.9 + 0.21 * lines)
    marks.strip(ax, data, "test_error", "initializer", "activation", colour)
    ax.set_xlabel("test error (%)")
    panels.key(figure, colour)
    caption = (
        f"Test error by initializer and activation, {panels.seeds_said(data, ['arm'])} each. {panels.SEEDS}. "
        "In the margin: mean ± half interval over the seeds that finished; red: seeds that did not."
    )
    return Drawing("initialization", figure, caption)


def curves(frames: Frames) -> Drawing:
    """A panel an activation, a colour an initializer."""
    data = frames.phase_curves(frames.final)
    colour = style.colours(data["initializer"])
    activations = list(dict.fromkeys(data["activation"]))
    figure, [axes] = style.new_figure(3.4, 1, len(activations), sharey=True)
    for ax, activation in zip(axes, activations, strict=True):
        part = data[data["activation"] == activation]
        panels.learning_curves(ax, part, "val_loss", "initializer", colour)
        ax.set_title(str(activation))
    axes[0].set_ylabel("validation loss")
    panels.share_limits(axes, data["val_loss"])
    panels.key(figure, colour)
    caption = (
        f"Validation loss after each epoch, {panels.seeds_said(frames.phase(frames.final), ['arm'])} each: thin lines "
        "are seeds, thick ones their mean, bands its 95 % t-interval; a red cross ends a seed that diverged."
    )
    return Drawing("initialization-curves", figure, caption)
