"""Pictures of section 1.4: a network with its shapes, and the shapes of one layer."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.tutorial.boxes import product

NAMES = ("input", "hidden 1", "hidden 2", "output")


def network_diagram(widths: Sequence[int], *, ax: Axes) -> Axes:
    """Draw units as columns, every connection, and below each gap the shapes of its weights and biases."""
    heights = [np.arange(width) - (width - 1) / 2 for width in widths]
    for layer, (before, after) in enumerate(itertools.pairwise(heights)):
        lines = [[(layer, a), (layer + 1, b)] for a in before for b in after]
        ax.add_collection(LineCollection(lines, colors=style.FAINT, linewidths=0.9, zorder=1))
        shapes = f"w ({len(before)}, {len(after)})\nb ({len(after)},)\nW = wᵀ ({len(after)}, {len(before)})"
        ax.text(layer + 0.5, -2.35, shapes, ha="center", va="top", fontsize=10)
    for layer, (column, name) in enumerate(zip(heights, NAMES, strict=True)):
        colour = style.PALETTE[0 if 0 < layer < len(widths) - 1 else 2 if layer == 0 else 1]
        ax.plot(np.full(len(column), layer), column, "o", color=colour, markersize=20, zorder=2)
        ax.text(layer, 2.0, f"{name}: {len(column)}", ha="center", va="bottom", fontsize=10)
    ax.set(xlim=(-0.4, len(widths) - 0.6), ylim=(-3.9, 2.5))
    ax.set_axis_off()
    return ax


def network(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The network 2-4-3-1."""
    widths = tables["layers"]["width"].tolist()
    figure, [[ax]] = style.new_figure(3.9)
    network_diagram(widths, ax=ax)
    count = sum(a * b + b for a, b in itertools.pairwise(widths))
    return figure, (
        f"The network {'-'.join(map(str, widths))}: a dot is a unit, a line a weight. Below each gap stand the shapes "
        f"of w and b as the kernels have them, and of the tutorial's W, the transpose; {count} parameters in all."
    )


def layer(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The first layer for one sample, in both conventions."""
    n_in, n_out = tables["layers"]["width"].tolist()[:2]
    figure, [[ours], [theirs]] = style.new_figure(4.2, 2, 1)
    product([("x", 1, n_in), ("w", n_in, n_out), ("b", 1, n_out), ("z", 1, n_out)], ax=ours)
    product([("W", n_out, n_in), ("a", n_in, 1), ("b", n_out, 1), ("z", n_out, 1)], ax=theirs)
    ours.set_title("Here: samples are rows, z = x w + b")
    theirs.set_title("In the tutorial: samples are columns, z = W a + b")
    return figure, (
        f"The first layer, {n_in} inputs to {n_out} units, for one sample: a square is a number. Follow the sides that "
        "touch: the columns of the left factor meet the rows of the right one, and what is left is the shape of z."
    )


PICTURES = {"network": network, "layer": layer}
