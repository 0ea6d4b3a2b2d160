"""The frames that tables and figures read: one study's trials and curves, with errors in percent and arms in order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from harness.report.labels import SHOWN_PHASES, arm_labels
from harness.report.verdict_words import with_words
from harness.results.frames import Results
from harness.results.notes import Note
from harness.results.predictions import Predictions
from harness.spec.cells import Winner
from harness.spec.study import Study
from harness.spec.trial import Trial
from harness.statistics.curve_metrics import passes
from harness.statistics.effect_table import Ablated, ablated
from harness.statistics.verdict_table import told_verdicts

__all__ = ["SHOWN_PHASES", "Frames", "all_frames", "study_frames"]


@dataclass(frozen=True)
class Frames:
    """One study as data.

    `trials` has the columns of trials.csv (a row per arm × phase × seed, and per rate when tuning) and in addition
    `label` (short name of the arm), `block`, `depth`, `width` (of the first hidden layer), `train_error`, `val_error`,
    `test_error` (%), `gap` (test error minus training error, points) and `lost` (100 where the seed diverged or failed,
    else 0); `curves` and `layers` have those of their files and of their trial, and `curves` has `passes`: how often
    the training images had been seen, epochs and parts of them. Rows follow the arms. `winners`, `predictions` and
    `notes` are those of the results, `verdicts` what became of the claims, with their words. Of a study that probes,
    `trials` has its parameters and metrics instead, and `curves` the rows of its probe.
    `ablated` is what the effects of ablations are computed from.
    """

    study: Study
    trials: pd.DataFrame
    curves: pd.DataFrame
    layers: pd.DataFrame
    winners: Mapping[tuple[str, str, int], Winner]
    verdicts: pd.DataFrame
    predictions: Predictions = field(default_factory=Predictions)
    notes: Sequence[Note] = ()
    ablated: Sequence[Ablated] = ()

    @property
    def final(self) -> str:
        """The phase that answers the question: tuned where there was tuning, else as written."""
        return "confirm" if (self.trials["phase"] == "confirm").any() else "default"

    def phase(self, *names: str) -> pd.DataFrame:
        """The trials of these phases."""
        return self.trials[self.trials["phase"].isin(names)]

    def phase_curves(self, *names: str) -> pd.DataFrame:
        """The curves of these phases."""
        return self.curves[self.curves["phase"].isin(names)]


def study_frames(results: Results, name: str) -> Frames:
    """Return the frames of study `name`; accuracies become errors in percent, what was not measured is NaN."""
    study, results = results.studies[name], results.only(name)
    labels = arm_labels(study)
    trials = _with_errors(results.trials)
    trials = trials.assign(
        label=trials["arm"].map(labels),
        block=trials["arm"].map({arm.name: arm.block for arm in study.arms}),
        lost=100.0 * (trials["status"] != "done"),
        place=trials["arm"].map({arm: place for place, arm in enumerate(labels)}),
        stage=trials["phase"].map({phase: stage for stage, phase in enumerate(SHOWN_PHASES)}),
    )
    notes = results.notes.get(name, ())
    verdicts = with_words(told_verdicts(results), study)
    if study.probe is not None:
        trials = _in_order(trials, ["place", "seed"])
        rows, nothing = _joined(trials, results.rows), trials.iloc[:0]
        return Frames(study, trials, rows, nothing, results.winners, verdicts, notes=notes)
    hidden = {arm.name: arm.trial.hidden for arm in study.arms if isinstance(arm.trial, Trial)}
    trials = trials.assign(
        depth=trials["arm"].map({arm: len(widths) for arm, widths in hidden.items()}),
        width=trials["arm"].map({arm: widths[0] if widths else 0 for arm, widths in hidden.items()}),
        gap=trials["test_error"] - trials["train_error"],
    )
    trials = _in_order(trials, ["place", "stage", "learning_rate", "seed"])
    curves = _with_errors(_joined(trials, results.curves))
    curves, layers = curves.assign(passes=passes(curves)), _joined(trials, results.layers)
    parts = tuple(ablated(results, name))
    return Frames(study, trials, curves, layers, results.winners, verdicts, results.predictions, notes, parts)


def _in_order(trials: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return trials.sort_values(by, kind="stable").drop(columns=["place", "stage"]).reset_index(drop=True)


def all_frames(results: Results) -> dict[str, Frames]:
    """Return the frames of every study with trials beside its tuning, in order."""
    return {name: study_frames(results, name) for name in told_studies(results)}


def told_studies(results: Results) -> list[str]:
    """Return every study with trials beside its tuning, by section of the tutorial and then by name."""
    ran = set(results.trials.loc[results.trials["phase"] != "tune", "study"])
    return sorted(ran, key=lambda name: place(results.studies[name]))


def place(study: Study) -> tuple[bool, list[int], str]:
    """Return the key that orders studies: §3.3 before §4.1 before §4.10, without a section last; then by name."""
    numbers = [int(number) for number in re.findall(r"\d+", study.section or "")]
    return not numbers, numbers, study.name


def _joined(trials: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Put the columns of its trial beside each row; where both have a column (such as train_loss), the row's stays."""
    own = [name for name in trials.columns if name == "trial_id" or name not in rows.columns]
    return trials[own].merge(rows, on="trial_id")


def _with_errors(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with an error (%) for each accuracy, and NaN for what is infinite."""
    frame = frame.copy()
    for part in ("train", "val", "test"):
        for figure in (f"{part}_loss", f"{part}_accuracy"):
            if figure in frame:
                frame[figure] = frame[figure].astype(float).replace([np.inf, -np.inf], np.nan)
        if f"{part}_accuracy" in frame:
            frame[f"{part}_error"] = 100 * (1 - frame[f"{part}_accuracy"])
    return frame
