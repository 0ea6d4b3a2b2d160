"""Picture of section 2.1: the shapes of a batch on its way through a network."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.tutorial.boxes import matrix

GAP = 3.2


def batch(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """A batch's activations layer by layer, with the weights between."""
    shapes = tables["batch"]
    figure, [[ax]] = style.new_figure(2.9)
    right, m = 0.0, int(shapes["samples"].iloc[0])
    for i, row in enumerate(shapes.itertuples()):
        left = right + (GAP if i else 0)
        if i:
            before = int(shapes["width"].iloc[i - 1])
            arrow = {"arrowstyle": "-|>", "color": style.INK}
            ax.annotate("", (left - 0.25, 0), (right + 0.25, 0), arrowprops=arrow)
            ax.text(left - GAP / 2, 0.2, f"w ({before}, {row.width})\n+ b ({row.width},)", ha="center", va="bottom",
                    fontsize=9)  # fmt: skip
        name = "x" if i == 0 else f"a({i})"
        right = matrix(name, m, int(row.width), left, ax=ax, colour=style.PALETTE[i], shape=f"(m, {row.width})")
    ax.set(xlim=(-0.5, right + 0.5), ylim=(-m / 2 - 1.2, m / 2 + 1.2), aspect="equal")
    ax.set_axis_off()
    return figure, (
        f"A batch of m = {m} samples on its way through the network {'-'.join(map(str, shapes['width']))}: a row is a "
        "sample, a column a unit. The number of rows stays m throughout; each w changes the number of columns. (In the "
        "tutorial the pictures lie on their side: m columns.)"
    )


PICTURES = {"batch": batch}
