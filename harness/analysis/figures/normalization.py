"""Normalization: error, loss and divergence against the learning rate, with and without; then the other arms."""

import pandas as pd

from harness.analysis.figures import marks, panels, style
from harness.analysis.figures.panels import Drawing
from harness.analysis.frames import Frames


def draw(frames: Frames) -> list[Drawing]:
    """What each normalization does at each learning rate, and the arms that leave the rate alone."""
    swept = rate_arms(frames)
    rest = [arm for arm in frames.arms if arm not in set(swept["arm"])]
    drawings = [against_rate(swept)] if len(swept) else []
    if rest:
        drawings.append(panels.arms_strip(frames, "normalization-arms", rest))
    return drawings


def rate_arms(frames: Frames) -> pd.DataFrame:
    """Return the trials of the network that was trained at several learning rates, as written or while tuning."""
    data = frames.phase("default", "tune")
    shape = [data["hidden"], data["residual"]]
    return data[data.groupby(shape)["learning_rate"].transform("nunique") > 1]


def against_rate(data: pd.DataFrame) -> Drawing:
    """Three panels over one axis of learning rates: validation error, validation loss, share of lost seeds."""
    colour = style.colours(data["normalization"])
    figure, [axes] = style.new_figure(3.5, 1, 3)
    cap = panels.loss_cap(data["val_loss"])
    limits = {"val_error": ("validation error (%)", 100.0), "val_loss": ("validation loss", cap)}
    for ax, (value, (title, limit)) in zip(axes, limits.items(), strict=False):
        marks.rate_axis(ax, data["learning_rate"])
        marks.response(ax, data, "learning_rate", value, "normalization", colour, cap=limit)
        finite = data[value].dropna().clip(upper=limit)
        if len(finite):
            style.value_axis(ax.yaxis, finite)
        ax.set_title(title)
    marks.rate_axis(axes[2], data["learning_rate"])
    marks.lost_share(axes[2], data, "learning_rate", "normalization", colour)
    axes[2].set_title("diverged or failed (% of seeds)")
    panels.key(figure, colour)
    caption = (
        "Validation error, validation loss and lost seeds against the learning rate, "
        f"{panels.seeds_said(data, ['normalization', 'learning_rate'])} each. {panels.SEEDS}; means are over the seeds "
        f"that finished; triangles lie above {style.number(cap)}."
    )
    return Drawing("normalization", figure, caption)
