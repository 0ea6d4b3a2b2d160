"""Pictures of section 2.2: two losses with their gradients, and a landscape."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.tutorial.plane import loss_plane

LOSSES = {"mse": "squared error", "binary_cross_entropy": "cross-entropy"}


def losses(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """Value and gradient of both losses against the logit."""
    table = tables["losses"]
    figure, [[value, gradient]] = style.new_figure(2.9, 1, 2)
    for (loss, name), colour, dash in zip(LOSSES.items(), style.PALETTE, ("-", "--"), strict=False):
        value.plot(table["z"], table[loss], dash, color=colour, linewidth=2, label=name)
        gradient.plot(table["z"], table[f"{loss} gradient"], dash, color=colour, linewidth=2)
    value.set(xlabel="logit z (target 1)", title="Loss")
    gradient.set(xlabel="logit z (target 1)", title="Gradient by z")
    figure.legend(*value.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    wrong = table.iloc[0]
    return figure, (
        "Both losses of one sigmoid output whose target is 1, and their gradients, by the kernels. Look at the left "
        f"ends, where the output is wrong and sure of it (z = {wrong['z']:g}): cross-entropy still pulls with "
        f"{-wrong['binary_cross_entropy gradient']:.3f}, the squared error with {-wrong['mse gradient']:.1g}."
    )


def landscape(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The loss on a filter-normalized plane, with the way that training took."""
    figure, path = loss_plane(tables["plane"], tables["path"]), tables["path"]
    inside = tables["shares"].iloc[:, 1]
    return figure, (
        "The training loss of a network 784-32-10 on a filter-normalized plane through its last weights, and the way "
        f"that training took from epoch 0 to {path['epoch'].iloc[-1]} (points, as projected onto the plane). The plane "
        f"holds {100 * inside.min():.0f} to {100 * inside.max():.0f} % of the way's length; the loss falls from "
        f"{path['loss'].iloc[0]:.2f} to {path['loss'].iloc[-1]:.3f}."
    )


PICTURES = {"losses": losses, "landscape": landscape}
