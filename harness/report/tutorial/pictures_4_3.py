"""The picture of section 4.3: over what batch norm and layer norm average."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.figures.normalized_batch import normalized_batch, shades_of

FORMS: dict[str, tuple[str, Literal["unit", "image"] | None]] = {
    "none": ("As computed", None),
    "batch": ("Batch norm: over images", "unit"),
    "layer": ("Layer norm: over units", "image"),
}


def norms(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """One batch three times."""
    batch = tables["batch"]
    figure, [axes] = style.new_figure(3.0, 1, len(FORMS), sharey=True)
    for ax, (form, (title, framed)) in zip(axes, FORMS.items(), strict=True):
        normalized_batch(batch[batch["form"] == form], framed, ax=ax)
        ax.set_title(title)
        ax.label_outer()
    bar = figure.colorbar(shades_of(axes[0]), ax=axes, fraction=0.03, pad=0.01, extend="both")
    bar.outline.set_visible(False)
    images, units = batch["image"].nunique(), batch["unit"].nunique()
    return figure, (
        f"Pre-activations of {units} units on a batch of {images} real images: each row is an image, each column a "
        "unit, red is above 0 and blue below. A frame holds what one mean and one variance are taken over: batch norm "
        "evens out each column, so that no unit is red or blue throughout; layer norm evens out each row, and columns "
        "keep their colour."
    )


PICTURES = {"norms": norms}
