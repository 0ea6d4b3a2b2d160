"""The numbers of a study as tables: arm × phase, tuning, every seed, and every trial that was lost."""

import pandas as pd

from harness.report.study_frames import Frames
from harness.statistics.intervals import summarise


def arm_table(frames: Frames) -> pd.DataFrame:
    """Return a row per arm × phase (as written, tuned), in order.

    Columns: `arm, phase, label, total, done, diverged, failed, learning_rate, on_edge` (None where nothing was tuned),
    `seconds` (mean) and, for `test_error` (%) and `val_loss`, `<name>_n, _mean, _low, _high` over the seeds that have a
    finite value.
    """
    data = frames.phase("default", "confirm")
    by = ["arm", "phase"]
    counts = pd.crosstab([data["arm"], data["phase"]], data["status"]).reindex(
        columns=["done", "diverged", "failed"], fill_value=0
    )
    table = data.groupby(by, sort=False).agg(
        label=("label", "first"),
        total=("seed", "size"),
        learning_rate=("learning_rate", "first"),
        seconds=("seconds", "mean"),
    )
    table = table.join(counts)
    for name in ("test_error", "val_loss"):
        figures = summarise(data, by, name).set_index(by)[["n", "mean", "low", "high"]]
        table = table.join(figures.add_prefix(f"{name}_"))
    edges = grid_edges(frames)
    table = table.reset_index()
    table["on_edge"] = [
        edges.get(arm) if phase == "confirm" else None for arm, phase in zip(table["arm"], table["phase"], strict=True)
    ]
    return table


def grid_edges(frames: Frames) -> dict[str, bool]:
    """Return for each tuned arm whether its rate is the lowest or the highest of a grid of several."""
    grid = frames.study.tune.learning_rate if frames.study.tune else ()
    confirm = frames.phase("confirm").groupby("arm", sort=False)["learning_rate"].first()
    return {str(arm): len(set(grid)) > 1 and rate in (min(grid), max(grid)) for arm, rate in confirm.items()}


def tuning_table(frames: Frames) -> pd.DataFrame:
    """Return a row per label × tuned rate: `total, n, mean, low, high` of the validation loss, `lost` seeds."""
    tune = frames.phase("tune")
    by = ["label", "learning_rate"]
    table = summarise(tune, by, "val_loss")
    lost = tune.assign(lost=tune["status"] != "done").groupby(by, sort=False)["lost"].sum()
    return table.merge(lost.reset_index(), on=by) if len(table) else table.assign(lost=[])


def lost_table(frames: Frames) -> pd.DataFrame:
    """Return the trials that diverged or failed, one a row, with the reason."""
    lost = frames.trials[frames.trials["status"] != "done"]
    return lost[["label", "phase", "learning_rate", "seed", "status", "diverged_epoch", "reason"]]
