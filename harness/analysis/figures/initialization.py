"""Initialization: where the weights start, by activation."""

from matplotlib.axes import Axes

from harness.analysis.figures import marks, panels, style
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import Frames

LAYER_METRICS = {"activation_variance": "variance of the activations", "gradient_norm": "norm of the weights' gradient"}


def draw(frames: Frames) -> list[Drawing]:
    """Test error by initializer × activation, how the validation loss falls, what passes through the layers."""
    drawings = [by_initializer(frames), curves(frames)]
    if frames.layers["metric"].isin(LAYER_METRICS).any():
        drawings.append(through_layers(frames))
    return drawings


def headline(ax: Axes, frames: Frames) -> None:
    """Test error by initializer, a colour an activation."""
    data = frames.phase(frames.final)
    colour = style.colours(data["activation"])
    marks.strip(ax, data, "test_error", "initializer", "activation", colour, numbers=False)
    ax.set_xlabel("test error (%)")
    style.small_legend(ax, colour)


def by_initializer(frames: Frames) -> Drawing:
    """A row an initializer, a colour an activation, a dot a seed."""
    data = frames.phase(frames.final)
    colour = style.colours(data["activation"])
    lines = data.groupby(["initializer", "activation"]).ngroups
    figure, [[ax]] = style.new_figure(0.9 + 0.23 * lines)
    marks.strip(ax, data, "test_error", "initializer", "activation", colour)
    ax.set_xlabel("test error (%)")
    panels.key(figure, colour)
    caption = (
        f"Test error by initializer and activation, {panels.seeds_said(data, ['arm'])} each: {panels.DOTS}, also "
        "written in the margin; red: seeds without a result."
    )
    return Drawing("initialization", figure, caption)


def curves(frames: Frames) -> Drawing:
    """A panel an activation, a colour an initializer."""
    data = frames.phase_curves(frames.final)
    colour = style.colours(frames.trials["initializer"])
    activations = list(dict.fromkeys(data["activation"]))
    figure, [axes] = style.new_figure(3.4, 1, len(activations), sharey=True)
    for ax, activation in zip(axes, activations, strict=True):
        panels.learning_curves(ax, data[data["activation"] == activation], "val_loss", "initializer", colour)
        ax.set_title(str(activation))
    axes[0].set_ylabel("validation loss")
    panels.share_limits(axes, data["val_loss"])
    panels.key(figure, colour)
    caption = f"Validation loss, {panels.seeds_said(frames.phase(frames.final), ['arm'])} each: {panels.LINES}."
    return Drawing("initialization-curves", figure, caption)


def through_layers(frames: Frames) -> Drawing:
    """Rows: what the forward and the backward pass carry; a panel an activation; a colour an initializer."""
    rows = frames.layers[frames.layers["phase"] == frames.final]
    first = rows["epoch"].min()
    rows = rows[(rows["epoch"] == first) & (rows["value"] > 0)]
    colour = style.colours(frames.trials["initializer"])
    activations = list(dict.fromkeys(frames.trials["activation"]))
    figure, axes = style.new_figure(5.4, 2, len(activations), sharex=True, sharey="row")
    for line, (metric, title) in zip(axes, LAYER_METRICS.items(), strict=True):
        of_metric = rows[rows["metric"] == metric]
        for ax, activation in zip(line, activations, strict=True):
            part = of_metric[of_metric["activation"] == activation]
            if len(part):
                marks.response(ax, part, "layer", "value", "initializer", colour)
            if line is axes[0]:
                ax.set_title(str(activation))
        if len(of_metric):
            style.value_axis(line[0].yaxis, of_metric["value"])
        line[0].set_ylabel(title)
    layers = sorted(rows["layer"].unique()) or [1]
    for ax in axes[-1]:
        style.ticks_at(ax.xaxis, layers)
        ax.set_xlabel("layer")
    panels.key(figure, colour)
    seeds = panels.seeds_said(frames.phase(frames.final), ["arm"])
    when = "before training" if first == 0 else f"after epoch {first}"
    caption = (
        f"What passes through the layers {when}, {seeds} each: {panels.DOTS}. A line that falls or climbs loses or "
        "inflates the signal (above) or the gradient (below); values of zero have no place on the log axis."
    )
    return Drawing("initialization-layers", figure, caption)
