"""Normalization: error, loss and divergence against the learning rate, with and without; then the other arms."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import findings, marks, panels, style
from harness.report.figures.panels import Drawing
from harness.report.study_frames import Frames

COLOUR = {"none": style.PALETTE[6], "batch": style.PALETTE[0], "layer": style.PALETTE[1]}


def draw(frames: Frames) -> list[Drawing]:
    """What each normalization does at each learning rate, and the arms that leave the rate alone."""
    swept = rate_arms(frames)
    rest = [arm for arm in dict.fromkeys(frames.trials["arm"]) if arm not in set(swept["arm"])]
    drawings = [against_rate(swept)] if len(swept) else []
    if rest:
        drawings.append(panels.arms_strip(frames, "normalization-arms", rest))
    return drawings


def headline(ax: Axes, frames: Frames) -> None:
    """Validation error against the learning rate."""
    swept = rate_arms(frames)
    if swept.empty:
        marks.note(ax, "no arm at several learning rates")
        return
    style.rate_axis(ax, swept["learning_rate"], 2.4)
    error_panel(ax, swept)
    ax.set(xlabel="learning rate", ylabel="validation error (%)")
    style.small_legend(ax, shown_colours(swept))


def rate_arms(frames: Frames) -> pd.DataFrame:
    """Return the trials of the network that was trained at several learning rates, as written or while tuning."""
    data = frames.phase("default", "tune")
    network = [data["hidden"], data["residual"]]
    return data[data.groupby(network)["learning_rate"].transform("nunique") > 1]


def error_panel(ax: Axes, data: pd.DataFrame) -> None:
    """Validation error against the learning rate, a colour a normalization."""
    marks.response(ax, data, "learning_rate", "val_error", "normalization", COLOUR)
    style.fit(ax.yaxis, marks.extent(data, ["normalization", "learning_rate"], "val_error"))


def against_rate(data: pd.DataFrame) -> Drawing:
    """Three panels over one axis of learning rates: validation error, validation loss, share of lost seeds."""
    figure, [axes] = style.new_figure(3.5, 1, 3)
    for ax in axes:
        style.rate_axis(ax, data["learning_rate"], style.WIDTH / 3 - 0.5)
        ax.set_xlabel("learning rate")
    error_panel(axes[0], data)
    cap = panels.loss_cap(data["val_loss"])
    marks.response(axes[1], data, "learning_rate", "val_loss", "normalization", COLOUR, cap=cap)
    panels.share_limits([axes[1]], marks.extent(data, ["normalization", "learning_rate"], "val_loss"))
    marks.lost_share(axes[2], data, "learning_rate", "normalization", COLOUR)
    for ax, title in zip(axes, ("validation error (%)", "validation loss", "lost seeds (%)"), strict=True):
        ax.set_title(title)
    panels.key(figure, shown_colours(data), "normalization")
    caption = (
        "Validation error, validation loss and the share of seeds that diverged or failed, against the learning rate; "
        f"{panels.seeds_said(data, ['normalization', 'learning_rate'])} each: {panels.DOTS}, over the seeds that "
        f"finished; triangles lie above {style.number(cap)}. {seen(data)}"
    )
    return Drawing("normalization", figure, caption)


def seen(data: pd.DataFrame) -> str:
    """Return for each normalization the rate of the lowest mean validation error, and from where seeds were lost."""
    parts = []
    for name, part in data.groupby("normalization", sort=False):
        table = findings.means(part, ["learning_rate"], "val_error")
        if table.empty:
            continue
        best = table.iloc[int(table["mean"].argmin())]
        lost = part.loc[part["status"] != "done", "learning_rate"]
        told = f", seeds lost from rate {lost.min():g} on" if len(lost) else ", no seed lost"
        parts.append(f"{name} {best['said']} % at {best['learning_rate']:g}{told}")
    return f"Lowest mean validation error: {'; '.join(parts)}." if parts else ""


def shown_colours(data: pd.DataFrame) -> dict[Any, str]:
    """Return the colours of the normalizations that occur."""
    return {name: COLOUR[name] for name in dict.fromkeys(data["normalization"])}
