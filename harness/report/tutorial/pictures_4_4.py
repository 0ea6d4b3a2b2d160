"""Pictures of section 4.4: overfitting, and dropout's masks."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures import style
from harness.report.figures.learning import learning_curve
from harness.report.figures.thinned_network import thinned_network


def overfitting(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """Loss and accuracy on few training images and on validation images."""
    curve = tables["curve"]
    figure, [[left, right]] = style.new_figure(2.9, 1, 2)
    learning_curve(curve, "loss", ax=left)
    learning_curve(curve, "accuracy", ax=right)
    best, last = curve.loc[curve["val_loss"].idxmin()], curve.iloc[-1]
    accuracies = " % and ".join(f"{100 * row['val_accuracy']:.1f}" for row in (best, last))
    per_epoch = curve["samples"].iloc[0] / curve["epoch"].iloc[0]
    return figure, (
        f"A network trained on {per_epoch:,.0f} images: its training loss falls all the way to "
        f"{last['train_loss']:.2g}, its validation loss is lowest after epoch {best['epoch']:.0f} "
        f"({best['val_loss']:.3f}) and rises to {last['val_loss']:.3f} by epoch {last['epoch']:.0f}. Validation "
        f"accuracy hardly changes from there ({accuracies} %): what grows is how sure the network is of its mistakes."
    )


def dropout(tables: Mapping[str, pd.DataFrame]) -> tuple[Figure, str]:
    """The thinned networks of three passes, and the whole one."""
    masks = tables["masks"]
    passes = list(masks.groupby(["step", "image"], sort=False))
    figure, [axes] = style.new_figure(2.9, 1, len(passes) + 1)
    for ax, ((step, image), part) in zip(axes, passes, strict=False):
        thinned_network(part, ax=ax)
        ax.set_title(f"Step {step + 1}, image {image + 1}")
    thinned_network(passes[0][1].assign(kept=1), ax=axes[-1])
    axes[-1].set_title("Inference")
    kept = masks["kept"].mean()
    return figure, (
        f"Dropout at 0.5 in two hidden layers, with the masks that a training draws: crosses are dropped units, with "
        f"all their connections ({100 * kept:.0f} % of the units are kept). Each image of each step trains another "
        "thinned network of shared weights; at inference every unit takes part, scaled so that sums stay the same."
    )


PICTURES = {"overfitting": overfitting, "dropout": dropout}
