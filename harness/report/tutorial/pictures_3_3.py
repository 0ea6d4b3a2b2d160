"""Picture of section 3.3: test errors by depth at an equal number of parameters."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style


def depth(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """A column a depth: a dot a seed, a bar the mean."""
    errors = tables["errors"]
    figure, [[ax]] = style.new_figure(2.9)
    groups = list(errors.groupby("depth"))
    for place, (_, part) in enumerate(groups):
        ax.plot([place] * len(part), part["test error"], "o", color=style.PALETTE[0], markersize=6, alpha=0.7)
        mean = part["test error"].mean()
        ax.plot([place - 0.18, place + 0.18], [mean, mean], color=style.INK, linewidth=2)
    names = [f"{number} × {part['width'].iloc[0]}" for number, part in groups]
    style.ticks_at(ax.xaxis, range(len(groups)), names)
    ax.set(xlabel="hidden layers × width", ylabel="test error (%)", xlim=(-0.5, len(groups) - 0.5))
    means = errors.groupby("depth")["test error"].mean()
    return figure, (
        f"Test errors of networks with {errors['parameters'].min():,} to {errors['parameters'].max():,} parameters, "
        f"dots are seeds and bars their means. Depth {means.idxmin()} is best here ({means.min():.2f} %) and depth "
        f"{means.idxmax()} worst ({means.max():.2f} %), at one learning rate and after a short training."
    )


PICTURES = {"depth": depth}
