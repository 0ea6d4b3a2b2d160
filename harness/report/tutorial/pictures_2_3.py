"""Pictures of section 2.3: the computational graph of a neuron, and a descent."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.tutorial.plane import loss_plane

PLACES = {"x": (0, 2), "w": (0, 1), "b": (1, 0), "wx": (1, 1.5), "z": (2, 1), "y": (3, 1), "L": (4, 1)}
EDGES = (("x", "wx"), ("w", "wx"), ("wx", "z"), ("b", "z"), ("z", "y"), ("y", "L"))
NAMES = {"wx": "w · x", "z": "z = w x + b", "y": "y = σ(z)", "L": "L = ½ (y - t)²"}


def computational_graph(graph: pd.DataFrame, *, ax: Axes) -> Axes:
    """Draw nodes with their `value` (above) and `gradient` (below), and arrows the way the values go."""
    for start, end in EDGES:
        arrow = {"arrowstyle": "-|>", "color": style.FAINT, "shrinkA": 34, "shrinkB": 44}
        ax.annotate("", PLACES[end], PLACES[start], arrowprops=arrow)
    for row in graph.itertuples():
        x, y = PLACES[row.node]
        box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": style.INK}
        ax.text(x, y, NAMES.get(row.node, row.node), ha="center", va="center", bbox=box, fontsize=10, zorder=3)
        ax.text(x, y + 0.22, f"{row.value:.4f}", ha="center", va="bottom", color=style.readable(style.PALETTE[0]))
        ax.text(x, y - 0.22, f"{row.gradient:.4f}", ha="center", va="top", color=style.readable(style.PALETTE[1]))
    ax.set(xlim=(-0.45, 4.5), ylim=(-0.55, 2.55))
    ax.set_axis_off()
    return ax


def graph(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The graph of one neuron and its loss."""
    figure, [[ax]] = style.new_figure(3.2)
    computational_graph(tables["graph"], ax=ax)
    at = tables["graph"].set_index("node")["gradient"]
    return figure, (
        "The graph of one neuron with its loss at x = 1, w = 0.5, b = 0, target t = 1: values go forward (blue, "
        "above), the gradient of L by each node comes back (orange, below). By the chain rule the gradient of w is "
        f"that of z times x: {at['z']:.4f} · 1 = {at['w']:.4f}."
    )


def descent(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The way of a training on the plane of its two principal directions."""
    path = tables["path"]
    return loss_plane(tables["plane"], path), (
        "Gradient descent as it went: the weights of a network 784-32-10 after so many epochs, on the plane of the two "
        "principal directions of their way; the star is the end. Steps are long where the loss is steep, and the loss "
        f"falls from {path['loss'].iloc[0]:.2f} to {path['loss'].iloc[-1]:.3f}; the tutorial typed its ten points in."
    )


PICTURES = {"graph": graph, "descent": descent}
