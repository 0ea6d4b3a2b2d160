"""The numbers of a study as tables: arm × phase, tuning, every seed, and every trial that was lost."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.report.images_section import over_images
from harness.report.study_frames import Frames
from harness.spec.cells import Winner
from harness.spec.probes import PROBES
from harness.spec.study import Study
from harness.statistics.intervals import summarise
from harness.text import setting


def arm_table(frames: Frames) -> pd.DataFrame:
    """Return a row per arm × phase (as written, tuned), in order.

    Columns: `arm, phase, label, total, done, diverged, failed, reference` (whether the others are compared with it),
    `settings` (see `settings_told`), `seconds` (mean) and, for each of `told_metrics`, `<name>_n, _mean, _low, _high`
    over the seeds that have a finite value; `test_error_images` is half the interval of the mean test error over seeds
    and images, NaN where there is none.
    """
    data = frames.phase("default", "confirm")
    by = ["arm", "phase"]
    counts = pd.crosstab([data["arm"], data["phase"]], data["status"]).reindex(
        columns=["done", "diverged", "failed"], fill_value=0
    )
    table = data.groupby(by, sort=False).agg(
        label=("label", "first"),
        total=("seed", "size"),
        seconds=("seconds", "mean"),
    )
    table = table.join(counts)
    for name in told_metrics(frames.study):
        figures = summarise(data, by, name).set_index(by)[["n", "mean", "low", "high"]]
        table = table.join(figures.add_prefix(f"{name}_"))
    table = table.reset_index()
    cells = list(zip(table["arm"], table["phase"], strict=True))
    images = over_images(frames)
    return table.assign(
        test_error_images=[images[cell].half if cell in images else np.nan for cell in cells],
        reference=table["arm"] == frames.study.reference,
        settings=[settings_told(frames.study, frames.winners, arm, phase) for arm, phase in cells],
    )


def told_metrics(study: Study) -> tuple[str, ...]:
    """Return what tables tell of an arm: test error (%) and validation loss, or the metrics of its probe."""
    return PROBES[study.probe].METRICS if study.probe else ("test_error", "val_loss")


def settings_header(study: Study) -> str:
    """Return what the values of `settings_told` are: of the tuned field, of several, or else learning rates."""
    fields = _told_fields(study)
    return spoken(fields[0]) if len(fields) == 1 else "settings"


def settings_told(study: Study, winners: Mapping[tuple[str, str, int], Winner], arm: str, phase: str) -> str:
    """Return the values of the tuned fields, or else the learning rate, that an arm was run at.

    Of an arm as written, those it states; of a tuned one what won, and how often where each seed was tuned by itself:
    "learning rate 0.03, l2 5 (6 of 8); learning rate 0.1, l2 5 (2 of 8, grid edge)".
    """
    if study.probe is not None:
        return ""
    if phase == "default":
        return _told({field: getattr(study.arm(arm).trial, field) for field in _told_fields(study)})
    won = [winner for (name, other, _), winner in winners.items() if (name, other) == (study.name, arm)]
    times = Counter(_told(winner.settings) for winner in won)
    edges = {_told(winner.settings): winner.on_edge for winner in won}
    parts = []
    for words, count in times.most_common():
        notes = [f"{count} of {len(won)}"] if len(times) > 1 else []
        notes += [_edge_told(edges[words], study)] if edges[words] else []
        parts.append(f"{words} ({', '.join(notes)})" if notes else words)
    return "; ".join(parts)


def spoken(field: str) -> str:
    """Return the name of a field in words."""
    return field.replace("_", " ")


def _told_fields(study: Study) -> list[str]:
    return list(study.tune.grid) if study.tune else ["learning_rate"]


def _told(settings: Mapping[str, Any]) -> str:
    texts = {spoken(field): setting(value) or "none" for field, value in settings.items()}
    return ", ".join(f"{field} {text}" for field, text in texts.items()) if len(texts) > 1 else texts.popitem()[1]


def _edge_told(fields: tuple[str, ...], study: Study) -> str:
    return "grid edge" if len(_told_fields(study)) == 1 else f"grid edge of {' and '.join(map(spoken, fields))}"


def tuning_table(frames: Frames) -> pd.DataFrame:
    """Return a row per label × combination of the grid: `total, n, mean, low, high` of the validation loss, `lost`.

    `combination` is its place among those of the study; `lost` counts seeds that diverged or failed.
    """
    tune = frames.phase("tune")
    tune = tune.assign(combination=_combinations(frames.study, tune), lost=tune["status"] != "done")
    by = ["label", "combination"]
    table = summarise(tune, by, "val_loss")
    lost = tune.groupby(by, sort=False)["lost"].sum()
    return table.merge(lost.reset_index(), on=by) if len(table) else table.assign(lost=[])


def _combinations(study: Study, tune: pd.DataFrame) -> list[int]:
    """Return for each row which combination of the grid it tried."""
    assert study.tune is not None
    places = {tuple(map(_key, tried.values())): place for place, tried in enumerate(study.tune.combinations())}
    rows = tune[list(study.tune.grid)].itertuples(index=False)
    return [places[tuple(map(_key, row))] for row in rows]


def _key(value: Any) -> str:
    """Return one text for a value of a field, whether it comes from the study or from a column of trials."""
    if isinstance(value, str | tuple):
        return value if isinstance(value, str) else ",".join(map(str, value))
    return "none" if pd.isna(value) else str(float(value))


def lost_table(frames: Frames) -> pd.DataFrame:
    """Return the trials that diverged or failed, one a row, with the reason."""
    lost = frames.trials[frames.trials["status"] != "done"]
    return lost.reindex(columns=["label", "phase", "learning_rate", "seed", "status", "diverged_epoch", "reason"])
