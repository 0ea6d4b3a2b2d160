"""The curve of one training: loss or accuracy on the training and the validation images."""

from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures import style
from harness.report.figures.marks import note

ROLES = {"train": "training images", "val": "validation images"}
HEIGHT = 3.0
MARKED = 12  # evaluations, at most


def learning_curve(curve: pd.DataFrame, what: Literal["loss", "accuracy"] = "loss", *, ax: Axes | None = None) -> Axes:
    """Draw the loss or the accuracy of one training, a line for the training and one for the validation images.

    `curve` has a row an evaluation, with `samples` (training images seen) and what it measured of `train_loss`,
    `val_loss`, `train_accuracy`, `val_accuracy` (fractions). A ring marks the evaluation with the lowest validation
    loss.
    """
    ax = ax if ax is not None else style.new_figure(HEIGHT)[1][0][0]
    measured = [role for role in ROLES if len(curve) and curve[f"{role}_{what}"].notna().any()]
    if not measured:
        note(ax, "not measured on the way")
        return ax
    for role, colour, marker in zip(ROLES, style.PALETTE, style.MARKERS, strict=False):
        if role in measured:
            values = curve[f"{role}_{what}"].astype(float)
            marked: dict[str, Any] = {"marker": marker, "markersize": 4, "markevery": max(len(curve) // MARKED, 1)}
            ax.plot(curve["samples"], values, color=colour, label=ROLES[role], **marked)
    if "val" in measured and curve["val_loss"].notna().any():
        best = curve.loc[curve["val_loss"].astype(float).idxmin()]
        ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": style.ALARM, "markeredgewidth": 1.4}
        ax.plot(best["samples"], best[f"val_{what}"], "o", markersize=9, label="lowest validation loss", **ring)
    ax.xaxis.set_major_formatter(lambda value, _: style.number(value))
    ax.set(xlabel="training images seen", ylabel=what)
    ax.legend()
    return ax
