"""Images: the test images on which the arms differ most, each beside what the seeds of every arm take it for."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from harness.report.figures import panels, style
from harness.report.figures.marks import Colours, lost_counts, note, nothing
from harness.report.figures.mosaic import INK_ON_PAPER
from harness.report.figures.view import Form, View
from harness.report.labels import listed, wrapped
from harness.statistics.images import Separating, separating

COLUMNS = 4
MOST_ARMS = 8  # beside an image; of more the half that errs most often and the half that errs least
SIDE, LINE, GAP = 1.0, 0.155, 0.16  # inches: of an image, of a line of text, between images
NOT_HERE = "the images are not in the results folder: `harness run` adds them"
NOT_KEPT = "no predictions are kept: trials leave them as they are run"
ALIKE = "fewer than two arms have learnt, or all are right and wrong on the same images"


def images(
    table: pd.DataFrame,
    pixels: Sequence[NDArray[np.uint8]],
    *,
    columns: int = COLUMNS,
    palette: Colours | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw test images, each with its label and, in the order of their errors, how many seeds of an arm are wrong.

    `table` has the rows of `statistics.images.separating_images`, `pixels` an array (rows, columns) for each image of
    it, in its order. A dot is an arm, "5 of 8 as 3" tells that five of its eight seeds are wrong, most of them by
    taking the image for a 3.
    """
    groups = list(table.groupby("image", sort=False))
    wide, tall = style.WIDTH / COLUMNS, _tall(table)
    down = -(-len(groups) // columns)
    ax = ax if ax is not None else style.new_figure(down * tall + 0.3)[1][0][0]
    palette = palette if palette is not None else style.colours(table["arm"])
    shapes = style.markers(palette)
    for i, ((image, rows), shown) in enumerate(zip(groups, pixels, strict=True)):
        left, top = i % columns * wide, i // columns * tall
        ax.imshow(shown, cmap=INK_ON_PAPER, vmin=0, vmax=255, extent=(left, left + SIDE, top + SIDE, top), zorder=1)
        ax.add_patch(Rectangle((left, top), SIDE, SIDE, fill=False, edgecolor=style.FAINT, linewidth=0.4))
        beside = left + SIDE + 0.08
        ax.text(beside, top, f"{rows['label'].iloc[0]}, image {image}", va="top", fontsize=8, fontweight="bold")
        for line, row in enumerate(_told(rows).to_dict("records"), start=1):
            at = top + LINE * (line + 0.5)
            ax.plot(beside + 0.05, at, shapes[row["arm"]], color=palette[row["arm"]], markersize=4)
            taken_for = f" as {row['predicted']}" if row["wrong"] else ""
            ax.text(beside + 0.15, at, f"{row['wrong']} of {row['n']}{taken_for}", va="center", fontsize=8)
    ax.set(xlim=(-0.02, min(columns, len(groups)) * wide), ylim=(down * tall - GAP + 0.04, -0.02), aspect="equal")
    ax.set_axis_off()
    return ax


def _tall(table: pd.DataFrame) -> float:
    """Return the room of an image with what is told beside it, inches."""
    return max(SIDE, LINE * (1 + min(table.groupby("image").size().max(), MOST_ARMS))) + GAP


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the arms that are told of an image, the one that errs most often first."""
    ordered = rows.assign(share=rows["wrong"] / rows["n"]).sort_values("share", ascending=False, kind="stable")
    half = MOST_ARMS // 2
    return ordered if len(ordered) <= MOST_ARMS else pd.concat([ordered.iloc[:half], ordered.iloc[-half:]])


def draw(view: View) -> tuple[Figure, str]:
    """All of the images, a legend of the arms above them; or in words why there are none."""
    found, pixels = _found(view)
    if not pixels:
        figure, [[ax]] = style.new_figure(1.0)
        note(ax, _why(view, found))
        panels.headed(ax, "Images that separate the arms", style.WIDTH, _left_out(view, found))
        return figure, "Test images on which the arms differ most would stand here."
    told = {arm for _, rows in found.table.groupby("image") for arm in _told(rows)["arm"]}
    notes = panels.note_lines(_left_out(view, found), style.WIDTH)
    figure, [[ax]] = style.new_figure(-(-len(pixels) // COLUMNS) * _tall(found.table) + 0.35 + 0.16 * len(notes))
    images(found.table, pixels, palette=view.palette, ax=ax)
    if notes:
        panels.headed(ax, "", style.WIDTH, notes)
    panels.key(figure, view.palette, [name for name in view.palette if name in told])
    return figure, caption(found)


def caption(found: Separating) -> str:
    """Return what the images are, and what the first of them shows."""
    first = found.table[found.table["image"] == found.table["image"].iloc[0]]
    shares = first["wrong"] / first["n"]
    worst, best = first.loc[shares.idxmax()], first.loc[shares.idxmin()]
    return (
        f"The {found.table['image'].nunique()} test images on which the arms differ most, by the variance over the "
        "arms of the share of seeds that are wrong, each with its label and its place in the test set from 0; "
        '"5 of 8 as 3" are five seeds of eight that err, most of them by taking it for a 3. Of the first, a '
        f"{worst['label']}, {worst['wrong']} of {worst['n']} seeds of {worst['arm']} are wrong, and {best['wrong']} of "
        f"{best['n']} of {best['arm']}."
    )


def headline(ax: Axes, view: View) -> str:
    """The first two images."""
    found, pixels = _found(view)
    if not pixels:
        note(ax, wrapped(_why(view, found), 30))
        return ""
    first = found.table[found.table["image"].isin(found.table["image"].unique()[:2])]
    images(first, pixels[:2], columns=1, palette=view.palette, ax=ax)
    return f"the first 2 of {len(pixels)} images"


def _found(view: View) -> tuple[Separating, list[NDArray[np.uint8]]]:
    """Return the images that separate the arms of a figure, arms by their labels, and their pixels; no pixels where
    some are not at hand."""
    trials, predictions = view.trials(), view.frames.predictions
    found = separating(trials, predictions)
    pixels = predictions.pixels_of(found.labels, found.table["image"].unique()) or []
    names = dict(zip(trials["arm"], trials["series"], strict=True))
    table = found.table.assign(arm=found.table["arm"].map(names))
    return found._replace(table=table, left_out={names[arm]: why for arm, why in found.left_out.items()}), pixels


def _left_out(view: View, found: Separating) -> list[str]:
    """Return why arms have no part, in words, a line a reason."""
    trials = view.trials()
    lost = lost_counts(trials, ["series"])
    whole = [name for name, seeds in trials.groupby("series", sort=False) if (seeds["status"] != "done").all()]
    reasons = {name: lost[name] for name in map(str, whole)} | found.left_out
    return [
        f"{listed(name for name, why in reasons.items() if why == reason)}: {reason}"
        for reason in dict.fromkeys(reasons.values())
    ]


def _why(view: View, found: Separating) -> str:
    """Return why no image is drawn."""
    trials = view.trials()
    if trials.empty or (trials["status"] != "done").all():
        return nothing(trials, "predictions")
    if not view.frames.predictions.trials:
        return NOT_KEPT
    return ALIKE if found.table.empty else NOT_HERE


FORM = Form(draw, headline)
