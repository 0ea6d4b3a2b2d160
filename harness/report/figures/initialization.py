"""Initialization: where the weights start, by activation."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import findings, marks, panels, style
from harness.report.figures.panels import Drawing
from harness.report.study_frames import Frames

LAYER_METRICS = {"activation_variance": "variance of the activations", "gradient_norm": "norm of the weights' gradient"}


def draw(frames: Frames) -> list[Drawing]:
    """Test error by initializer × activation, how the validation loss falls, what passes through the layers."""
    drawings = [by_initializer(frames)]
    if panels.has_curves(frames.phase_curves(frames.final)):
        drawings.append(curves(frames))
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
    seen = "; ".join(
        f"{activation}: {findings.extremes(part, 'initializer', 'test_error')}"
        for activation, part in data.groupby("activation", sort=False)
    )
    caption = (
        f"Test error by initializer and activation, {panels.seeds_said(data, ['arm'])} each: {panels.DOTS}, also "
        f"written in the margin. Lowest and highest mean: {seen}.{findings.lost(data)}"
    )
    return Drawing("initialization", figure, caption)


def curves(frames: Frames) -> Drawing:
    """A panel an activation, a colour an initializer."""
    data = frames.phase_curves(frames.final)
    colour = style.colours(frames.trials["initializer"])
    activations = list(dict.fromkeys(data["activation"]))
    figure, [axes] = style.new_figure(3.2, 1, len(activations), sharey=True)
    for ax, activation in zip(axes, activations, strict=True):
        panels.learning_curves(ax, data[data["activation"] == activation], "val_loss", "initializer", colour)
        ax.set_title(str(activation))
    axes[0].set_ylabel("validation loss")
    panels.share_limits(axes, marks.extent(data, ["arm", "passes"], "val_loss"))
    for ax, activation in zip(axes, activations, strict=True):
        marks.end_labels(ax, data[data["activation"] == activation], "passes", "val_loss", "initializer", colour)
    caption = f"Validation loss, {panels.seeds_said(frames.phase(frames.final), ['arm'])} each: {panels.LINES}."
    return Drawing("initialization-curves", figure, caption)


def through_layers(frames: Frames) -> Drawing:
    """Rows: what the forward and the backward pass carry; a panel an activation; a colour an initializer."""
    rows = frames.layers[frames.layers["phase"] == frames.final]
    first = rows["epoch"].min()
    rows = rows[(rows["epoch"] == first) & (rows["value"] > 0)]
    rows = rows.assign(power=np.log10(rows["value"].astype(float)))
    colour = style.colours(frames.trials["initializer"])
    activations = list(dict.fromkeys(frames.trials["activation"]))
    figure, axes = style.new_figure(5.4, 2, len(activations), sharex=True, sharey="row")
    for line, (metric, title) in zip(axes, LAYER_METRICS.items(), strict=True):
        of_metric = rows[rows["metric"] == metric]
        for ax, activation in zip(line, activations, strict=True):
            part = of_metric[of_metric["activation"] == activation]
            if len(part):
                marks.response(ax, part, "layer", "power", "initializer", colour)
            if line is axes[0]:
                ax.set_title(str(activation))
        if len(of_metric):
            style.powers_axis(line[0].yaxis, marks.extent(of_metric, ["arm", "layer"], "power"))
        line[0].set_ylabel(title)
    layers = sorted(rows["layer"].unique()) or [1]
    for ax in axes[-1]:
        style.ticks_at(ax.xaxis, layers)
        ax.set_xlabel("layer")
    panels.key(figure, colour)
    seeds = panels.seeds_said(frames.phase(frames.final), ["arm"])
    when = "before training" if first == 0 else f"after epoch {first}"
    caption = (
        f"What passes through the layers {when}, {seeds} each: {panels.DOTS}, taken of the logarithms. A line that "
        "falls or climbs loses or inflates the signal (above) or the gradient (below); zeros have no place on a log "
        f"axis. Flattest variance: {flattest(rows[rows['metric'] == 'activation_variance'])}."
    )
    return Drawing("initialization-layers", figure, caption)


def flattest(rows: pd.DataFrame) -> str:
    """Return for each activation the initializer whose variance changes least from the first hidden layer to the last.

    `rows` has a row per seed and layer with `power`, the logarithm to base 10.
    """
    by = ["activation", "initializer"]
    ends = rows[rows["layer"].isin([rows["layer"].min(), rows["layer"].max()])]
    table = ends.groupby([*by, "layer"], sort=False)["power"].mean().unstack("layer").dropna()
    if table.shape[1] < 2:
        return "one layer only"
    change = (table.iloc[:, -1] - table.iloc[:, 0]).rename("change").reset_index()
    best = change.loc[change["change"].abs().groupby(change["activation"], sort=False).idxmin()]
    return ", ".join(
        f"{row['initializer']} with {row['activation']} (last layer / first {10 ** row['change']:.2f})"
        for row in best.to_dict("records")
    )
