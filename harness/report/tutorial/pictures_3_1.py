"""Picture of section 3.1: one hidden layer by its width."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style


def approximation(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """A panel a width: the function, and what the network makes of it."""
    curves, deviations = list(tables["curves"].groupby("units")), tables["deviations"].set_index("units")
    figure, [axes] = style.new_figure(2.7, 1, len(curves), sharey=True)
    for ax, (units, curve) in zip(axes, curves, strict=True):
        ax.plot(curve["x"], curve["function"], color=style.FAINT, linewidth=3, label="function")
        ax.plot(curve["x"], curve["network"], color=style.PALETTE[1], linewidth=1.6, label="network")
        ax.set(title=f"{units} units", xlabel="x")
        ax.set_ylim(-1.7, 1.7)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    off = deviations["largest deviation"]
    return figure, (
        "A sine (grey) and what one hidden layer of random tanh units with the best output layer makes of it (orange). "
        f"The largest deviation is {off.iloc[0]:.2g} with {off.index[0]} units and {off.iloc[-1]:.1g} with "
        f"{off.index[-1]}; a few units are too few whatever the output layer."
    )


PICTURES = {"approximation": approximation}
