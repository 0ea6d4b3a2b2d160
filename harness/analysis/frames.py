"""The frames that tables and figures read: one study's trials and curves, with errors in percent and arms in order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from harness.results import Results
from harness.spec.study import Study

SHOWN_PHASES = {"default": "as written", "tune": "tuning", "confirm": "tuned"}

ORDER = ("initialization", "optimizer", "normalization", "dropout", "depth_width")
"""The order of the report."""


@dataclass(frozen=True)
class Frames:
    """One study as data.

    `trials` has the columns of trials.csv (a row per arm × phase × seed, and per rate when tuning) and in addition
    `train_error`, `val_error`, `test_error` (%), `gap` (test error minus training error, points);
    `curves` has the columns of curves.csv, the errors, and those of its trial: all rows follow the order of the arms.
    """

    study: Study
    trials: pd.DataFrame
    curves: pd.DataFrame

    @property
    def arms(self) -> list[str]:
        """The arms that have results, as the study orders them."""
        return list(dict.fromkeys(self.trials["arm"]))

    @property
    def final(self) -> str:
        """The phase that answers the question: tuned and confirmed where there was tuning, else as written."""
        return "confirm" if (self.trials["phase"] == "confirm").any() else "default"

    def phase(self, *names: str) -> pd.DataFrame:
        """The trials of these phases."""
        return self.trials[self.trials["phase"].isin(names)]

    def phase_curves(self, *names: str) -> pd.DataFrame:
        """The curves of these phases."""
        return self.curves[self.curves["phase"].isin(names)]

    def varies(self, field: str) -> bool:
        """Whether the arms differ in a field of the trial."""
        return self.phase("default")[field].map(repr).nunique() > 1


def study_frames(results: Results, name: str) -> Frames:
    """Return the frames of study `name`; accuracies become errors in percent, missing values NaN."""
    study = results.studies[name]
    order = {arm.name: i for i, arm in enumerate(study.arms)}
    trials = results.trials[results.trials["study"] == name]
    trials = _with_errors(trials).assign(
        rank=trials["arm"].map(order), stage=trials["phase"].map({p: i for i, p in enumerate(SHOWN_PHASES)})
    )
    trials = trials.sort_values(["rank", "stage", "learning_rate", "seed"], kind="stable")
    trials = trials.drop(columns=["rank", "stage"]).reset_index(drop=True)
    trials["gap"] = trials["test_error"] - trials["train_error"]
    own = [column for column in trials.columns if column not in results.curves.columns or column == "trial_id"]
    curves = trials[own].drop(columns=["train_error", "val_error"]).merge(results.curves, on="trial_id")
    return Frames(study, trials, _with_errors(curves))


def all_frames(results: Results) -> dict[str, Frames]:
    """Return the frames of every study that has trials: the tutorial's five first, then the others by name."""
    known = [name for name in ORDER if name in results.studies]
    names = known + sorted(set(results.studies) - set(known))
    frames = {name: study_frames(results, name) for name in names}
    return {name: study for name, study in frames.items() if len(study.trials)}


def _with_errors(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with accuracies and losses as floats and an error (%) beside each accuracy."""
    frame = frame.copy()
    for part in ("train", "val", "test"):
        for figure in ("loss", "accuracy"):
            if f"{part}_{figure}" in frame:
                frame[f"{part}_{figure}"] = frame[f"{part}_{figure}"].astype(float).replace([np.inf, -np.inf], np.nan)
        if f"{part}_accuracy" in frame:
            frame[f"{part}_error"] = 100 * (1 - frame[f"{part}_accuracy"])
    return frame
