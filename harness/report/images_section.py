"""What predictions on each test image add to a study: intervals over seeds and images, images that separate arms."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.report import markdown as md
from harness.report.labels import SHOWN_PHASES
from harness.report.study_frames import Frames
from harness.statistics.images import errors_by_image, separating, two_way_interval
from harness.statistics.intervals import Interval

READING = (
    "*With images* is the same interval over seeds and images: the test images are a sample, too, and others would "
    "have given other errors."
)


def over_images(frames: Frames) -> dict[tuple[str, str], Interval]:
    """Return the mean test error over seeds and images by arm and phase, of the seeds that finished."""
    found = {}
    if frames.predictions.trials:
        for (arm, phase), rows in finished(frames.phase("default", "confirm")).groupby(["arm", "phase"], sort=False):
            errors = errors_by_image(rows.assign(value=rows["test_error"], lost=False), frames.predictions)
            if errors is not None:
                found[str(arm), str(phase)] = two_way_interval(errors)
    return found


def finished(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the trials that ended well."""
    return trials[(trials["status"] == "done") & np.isfinite(trials["test_error"])]


def differences_over_images(frames: Frames, values: pd.DataFrame, reference: str) -> dict[str, Interval]:
    """Return the difference of each arm from the reference over seeds and images, at the seeds that both have.

    `values` are test errors, a row a seed and arm, as `metrics.metric_values` has them, lost seeds and all.
    """
    if not frames.predictions.trials:
        return {}
    rows = values.join(frames.trials[["trial_id", "weights_sha256", "dataset"]])
    by_arm = {str(arm): group.set_index("seed") for arm, group in rows.groupby("arm", sort=False)}
    found = {}
    for arm in by_arm.keys() - {reference} if reference in by_arm else ():
        seeds = by_arm[arm].index.intersection(by_arm[reference].index)
        a, b = (errors_by_image(by_arm[name].loc[seeds], frames.predictions) for name in (arm, reference))
        if a is not None and b is not None and a.shape == b.shape:
            found[arm] = two_way_interval(a - b)
    return found


def images_that_separate(frames: Frames) -> list[str]:
    """Return the test images on which the arms differ most, as Markdown; nothing where fewer than two arms have learnt.

    Arms that were tested on other images than the first are left out, and so are those that hardly beat guessing.
    """
    table = separating(frames.trials, frames.predictions).table
    if table.empty:
        return []
    arms = table["arm"].nunique()
    lead = (
        f"The test images on which the {arms} arms differ most, {SHOWN_PHASES[frames.final]}: by the variance "
        "over the arms of the share of seeds that are wrong. An image is named by its place in the test set, from 0."
    )
    more = frames.trials["arm"].nunique() - arms
    lead += f" Left out are {more} that hardly beat guessing or have no predictions." * (more > 0)
    table = table.assign(arm=table["arm"].map(dict(zip(frames.trials["arm"], frames.trials["label"], strict=True))))
    return [md.details(f"Images that separate the arms ({table['image'].nunique()})", f"{lead}\n\n{image_rows(table)}")]


def image_rows(table: pd.DataFrame) -> str:
    """Return a row an image: its label, and the arms that are wrong most and least often."""
    rows = []
    for (image, label), group in table.groupby(["image", "label"], sort=False):
        ordered = group.assign(share=group["wrong"] / group["n"]).sort_values("share", kind="stable").to_dict("records")
        rows.append([str(image), str(label), seeds_wrong(ordered[-1]), seeds_wrong(ordered[0])])
    header = ["image", "label", "most often wrong", "least often wrong"]
    return md.table(header, rows, header[:2])


def seeds_wrong(row: Mapping[Hashable, Any]) -> str:
    """Return "Adam: 3 of 8 seeds, as 5"."""
    taken_for = f", as {row['predicted']}" if row["wrong"] else ""
    return f"{md.escape(row['arm'])}: {row['wrong']} of {row['n']} seeds{taken_for}"
