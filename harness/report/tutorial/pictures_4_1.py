"""Pictures of section 4.1: initial weights, and the activations that they cause."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.figures.initial import activation_bands, weight_histogram

NAMES = {"zeros": "Zeros", "normal": "N(0, 1)", "xavier_normal": "Xavier", "he_normal": "He"}
PALETTE = dict(zip(NAMES, style.STRONG, strict=False))
KINDS = {"tanh": "tanh", "relu": "ReLU"}


def weights(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The first weights of one layer, an initializer a panel."""
    bins = tables["weights"]
    figure, [axes] = style.new_figure(2.2, 1, len(NAMES))
    for ax, (name, part) in zip(axes, bins.groupby("initializer", sort=False), strict=True):
        weight_histogram(part, colour=PALETTE[name], ax=ax)
        ax.set_title(f"{NAMES[name]}: σ = {part['std'].iloc[0]:.2g}")
    for ax in axes[1:]:
        ax.set_ylabel("")
    drawn = bins.groupby("initializer", sort=False)["weights"].sum().iloc[0]
    return figure, (
        f"The {drawn:,} first weights of one layer as four initializers draw them, each panel on a scale of its own. "
        "The shape is the same but for zeros, which leave all units alike; what differs is the width, and the next "
        "picture shows what it does."
    )


def activations(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The activations of ten layers: a row an activation function, a column an initializer."""
    layers = tables["activations"]
    figure, rows = style.new_figure(4.4, len(KINDS), len(NAMES), sharex=True, sharey="row")
    for row, kind in zip(rows, KINDS, strict=True):
        for ax, name in zip(row, NAMES, strict=True):
            part = layers[(layers["activation"] == kind) & (layers["initializer"] == name)]
            ax.set_yscale("log" if kind == "relu" else "linear")
            activation_bands(part, colour=PALETTE[name], ax=ax)
            ax.set_title(f"{KINDS[kind]}, {NAMES[name]}")
            ax.label_outer()
    return figure, (
        "Activations of each layer of networks that were only initialized: lines are medians, bands hold half and nine "
        "tenths of them; of ReLU those above 0, on a logarithmic scale. Look for bands that stay as wide as "
        "they start: Xavier's keep tanh alive (slowly narrowing) and He's keep ReLU level, while N(0, 1) presses tanh "
        "against ±1 and lets ReLU explode, and zeros leave nothing."
    )


PICTURES = {"weights": weights, "activations": activations}
