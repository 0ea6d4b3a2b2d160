"""Picture of section 1.3: activations with their derivatives."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures import style

SHOWN = {"relu": "ReLU", "leaky_relu": "leaky ReLU"}


def activation_curve(curve: pd.DataFrame, *, ax: Axes) -> Axes:
    """Draw an activation `a` and its `slope` against `z`."""
    ax.plot(curve["z"], curve["a"], color=style.PALETTE[0], linewidth=2, label="activation a")
    ax.plot(curve["z"], curve["slope"], "--", color=style.PALETTE[1], linewidth=1.8, label="derivative da/dz")
    ax.set_ylim(-1.3, 2.3)
    return ax


def activations(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """A panel an activation."""
    curves = list(tables["curves"].groupby("activation", sort=False))
    figure, [axes] = style.new_figure(2.9, 1, len(curves), sharey=True)
    for ax, (name, curve) in zip(axes, curves, strict=True):
        activation_curve(curve, ax=ax).set(xlabel="z", title=SHOWN.get(str(name), str(name)))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    largest = tables["slopes"].set_index("activation")["largest slope"]
    return figure, (
        "Four activations (solid) and their derivatives (dashed), as the kernels compute them. The derivative of "
        f"sigmoid is nowhere above {largest['sigmoid']:g}, that of tanh reaches {largest['tanh']:g} at 0 alone, and "
        "both vanish at the ends; ReLU's is 1 or exactly 0."
    )


PICTURES = {"activations": activations}
