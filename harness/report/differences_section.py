"""The table of paired differences below a study's arms: each arm against the reference, to be pasted into a paper."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.report import markdown as md
from harness.report.images_section import differences_over_images
from harness.report.labels import arm_labels
from harness.report.study_frames import SHOWN_PHASES, Frames
from harness.statistics.decidable import seeds_that_can_decide
from harness.statistics.intervals import Interval
from harness.statistics.metrics import metric_values
from harness.statistics.paired import (
    DRAWS,
    EXACT_UP_TO,
    paired_differences,
    smallest_p,
)
from harness.text import rounded

METRIC = "test_error"
SHOWN_AT_ONCE = 12  # rows; a longer table opens on a click
LEVEL = 0.05


def differences_from_reference(frames: Frames) -> list[str]:
    """Return what the table is, and the table, as Markdown; nothing for a study of one arm."""
    reference = frames.study.reference
    pairs = [(arm.name, reference) for arm in frames.study.arms if arm.name != reference]
    if not pairs:
        return []
    values = metric_values(frames.trials, METRIC)
    values = values[values["phase"] == frames.final]
    table = paired_differences(values, pairs)
    labels = {arm: md.escape(label) for arm, label in arm_labels(frames.study).items()}
    lead = (
        f"**Paired differences** from **{labels[reference]}** in test error, {SHOWN_PHASES[frames.final]}: arm minus "
        "reference at the same seed, in points; below 0 the arm is better."
    )
    told = " ".join(filter(None, [lead, method(table), power(table), losses(values)]))
    images = differences_over_images(frames, values, reference)
    rows = difference_rows(table, labels, values.groupby("arm")["lost"].sum(), images)
    return [told, rows if len(table) <= SHOWN_AT_ONCE else md.details(f"Paired differences ({len(table)})", rows)]


def method(table: pd.DataFrame) -> str:
    """Return how p comes about."""
    flips = "exact" if table["n"].max() <= EXACT_UP_TO else f"{DRAWS:,} draws"
    return (
        f"In brackets the 95 % t-interval; p is two-sided, of the sign-flip test over the seeds ({flips}), and "
        "adjusted by Holm over the rows of this table."
    )


def power(table: pd.DataFrame) -> str:
    """Return what so few seeds cannot show; nothing where they can show something."""
    seeds, rows = int(table["n"].max()), len(table)
    least = smallest_p(seeds)
    if rows * least <= LEVEL:
        return ""
    adjusted = f" ({min(1.0, rows * least):.2g} when adjusted over {rows} rows)" if rows > 1 else ""
    return (
        f"With {seeds} seed{'s' * (seeds != 1)} the smallest p there can be is {least:.2g}{adjusted}: **no row can "
        f"fall below {LEVEL}**, which takes {seeds_that_can_decide(rows)} seeds."
    )


def losses(values: pd.DataFrame) -> str:
    """Return how many seeds were lost, and what each counts."""
    lost = values[values["lost"]]
    if lost.empty:
        return "No seed was lost."
    counted = " or ".join(f"{value:.2f} %" for value in sorted(lost["value"].dropna().unique()))
    what = (
        f"each counts as an error of {counted}, the worse of guessing and the worst of the study"
        if counted
        else "what guessing would score is not known here, so their arms have no difference"
    )
    return f"{len(lost)} of {len(values)} trials diverged or failed; {what}."


def difference_rows(
    table: pd.DataFrame, labels: Mapping[str, str], lost: pd.Series, images: Mapping[str, Interval]
) -> str:
    """Return the table; an arm without a difference says why. `images` has intervals over seeds and images, by arm."""
    with_images = ["with images"] * bool(images)
    header = ["arm", "difference (points)", *with_images, "seeds in favour", "p", "adjusted p"]
    rows = []
    for row in table.to_dict("records"):
        told = [
            difference(row),
            *[bounds(images.get(row["a"])) for _ in with_images],
            f"{row['share'] * row['n']:.0f} of {row['n']}",
            short(row["p"]),
            short(row["p_adjusted"]),
        ]
        if np.isnan(row["difference"]):
            told = [absence(row, lost), *["–"] * (len(header) - 2)]
        rows.append([labels[row["a"]], *told])
    return md.table(header, rows, header[1:])


def difference(row: Mapping[Hashable, Any]) -> str:
    """Return "-0.35 (-0.60 to -0.10)"; the difference alone where one seed bounds no interval."""
    mean, low, high = (rounded(row[name], 2, "+") for name in ("difference", "low", "high"))
    return mean if np.isnan(row["low"]) else f"{mean} ({low} to {high})"


def bounds(interval: Interval | None) -> str:
    """Return "-0.60 to -0.10"; a dash where nothing is bounded."""
    if interval is None or np.isnan(interval.low):
        return "–"
    return f"{rounded(interval.low, 2, '+')} to {rounded(interval.high, 2, '+')}"


def absence(row: Mapping[Hashable, Any], lost: pd.Series) -> str:
    """Return why there is no difference."""
    if not row["n"]:
        return "no seed in common"
    count = int(lost.reindex([row["a"], row["b"]]).sum())
    return f"{count} seed{'s' * (count != 1)} lost"


def short(p: float) -> str:
    """Return a p to two digits."""
    return f"{p:.2g}"
