"""Initial weights and what they cause: histograms, and the activations of each layer as bands."""

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import style
from harness.report.figures.marks import note

HEIGHT = 2.6
BANDS = (("q5", "q95", 0.22), ("q25", "q75", 0.45))


def weight_histogram(bins: pd.DataFrame, *, colour: str = style.PALETTE[0], ax: Axes | None = None) -> Axes:
    """Draw how many weights fall into each bin: rows with `low`, `high` and `weights`."""
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    ax.stairs(bins["weights"], [*bins["low"], bins["high"].iloc[-1]], fill=True, color=colour)
    ax.set(xlabel="weight", ylabel="weights")
    ax.yaxis.set_major_formatter(lambda value, _: style.number(value))
    return ax


def activation_bands(layers: pd.DataFrame, *, colour: str = style.PALETTE[0], ax: Axes | None = None) -> Axes:
    """Draw the activations layer by layer: the median, and bands that hold half and nine tenths of them.

    `layers` has a row a layer with `layer` and the quantiles `q5`, `q25`, `q50`, `q75`, `q95`; where they are missing,
    nothing is active.
    """
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    if layers["q50"].isna().all():
        note(ax, "no unit is active")
        return ax
    for low, high, alpha in BANDS:
        ax.fill_between(layers["layer"], layers[low], layers[high], color=colour, alpha=alpha, linewidth=0)
    ax.plot(layers["layer"], layers["q50"], color=colour, marker="o", markersize=3)
    if ax.get_yscale() == "log":
        ax.yaxis.set_major_formatter(lambda value, _: style.number(value))
    last = int(layers["layer"].max())
    style.ticks_at(ax.xaxis, sorted({1, last // 2, last}))
    ax.set(xlabel="layer", ylabel="activation")
    return ax
