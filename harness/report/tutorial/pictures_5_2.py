"""The picture of section 5.2: exercise 4, the weights of the first layer."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.figures.mosaic import first_layer_weights

KINDS = {"weight": "After training", "moved": "What training added to the first draw"}


def first_layer(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """Units of the first layer as images: their weights, and how far training moved them."""
    table = tables["first_layer"]
    figure, rows = style.new_figure(2.6, len(KINDS), 1)
    for (ax,), (column, title) in zip(rows, KINDS.items(), strict=True):
        weights = table.pivot(index="pixel", columns="unit", values=column).to_numpy()
        first_layer_weights(weights, ax=ax)
        ax.set_title(title)
    return figure, (
        f"The weights of {table['unit'].nunique()} units of the first layer as images: red where ink excites the unit, "
        "blue where it inhibits. After training the first random draw still covers all; what training added to it are "
        "strokes and edges in the middle, and nothing at the rim, where no image has ink."
    )


PICTURES = {"first-layer": first_layer}
