"""Results as DataFrames, read from the journals and study.json of a results folder and from nothing else.

Which arm, phase and seed a recorded trial serves is not written down: it follows from the study. So one trial may
serve two arms, and trials recorded under other settings come back when the settings do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype

from harness.errors import InputError
from harness.results.files import read_environments, read_study, study_folders
from harness.results.journal import tuning_loss
from harness.results.notes import Note, looks_of, read_whole
from harness.results.predictions import Predictions, read_predictions
from harness.spec.cells import Cell, Winner, confirm_cells, first_cells, winner_of
from harness.spec.figures import CURVE_FIGURES, TRIAL_FIGURES
from harness.spec.probes import PROBES, Run
from harness.spec.study import Study
from harness.spec.trial import Trial, trial_id

SETTINGS = tuple(name for name in Trial.model_fields if name != "seed")
IDENTITY = ("schema", "trial_id", "study", "arm", "phase", "profile", "seed", "status", "reason", "diverged_epoch")
ENDING = (*TRIAL_FIGURES, "weights_sha256", "code_digest", "environment")
TRIAL_COLUMNS = (*IDENTITY, *SETTINGS, *ENDING)
INTEGERS_OR_NONE = ("diverged_epoch", "train_size", "evaluate_every", "patience", *TRIAL_FIGURES[:4])
FLOATS_OR_NONE = ("clip_norm", "mean", "std", *TRIAL_FIGURES[4:])
CURVE_INTEGERS = ("epoch", "samples", "steps")
CURVE_COLUMNS = ("trial_id", *CURVE_INTEGERS, *CURVE_FIGURES)
LAYER_COLUMNS = ("trial_id", "epoch", "layer", "metric", "value")


@dataclass(frozen=True)
class Results:
    """What a results folder holds.

    `trials` has a row per study × arm × phase × seed that has been run, `curves` one per trial and evaluation,
    `layers` one per trial, evaluation, layer and metric. Accuracies are fractions; `hidden` is text like "128,64";
    what was not measured is NaN. Of a study that probes, a row of `trials` has the parameters and metrics of its probe
    instead, and `rows` what it measured beside them. `environments` maps the digests in `trials` to versions, CPU,
    threads, commit; `winners` maps (study, arm, seed) of what has been confirmed to what tuning chose, `notes` a study
    to what its journal notes. The `code_digest` of a trial is the last that it counts under. `predictions` has the
    predicted class of each test image, where the trials have left it.
    """

    studies: dict[str, Study]
    trials: pd.DataFrame
    curves: pd.DataFrame
    layers: pd.DataFrame
    environments: dict[str, dict[str, Any]]
    winners: dict[tuple[str, str, int], Winner]
    notes: dict[str, list[Note]] = field(default_factory=dict)
    predictions: Predictions = field(default_factory=Predictions)
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)

    def only(self, name: str) -> "Results":
        """Return what the results hold of one study."""
        trials = self.trials_of(name)
        ids = set(trials["trial_id"])
        curves, layers = (frame[frame["trial_id"].isin(ids)] for frame in (self.curves, self.layers))
        rows = self.rows[self.rows["trial_id"].isin(ids)] if len(self.rows) else self.rows
        return replace(
            self, studies={name: self.studies[name]}, trials=trials, curves=curves, layers=layers, rows=rows,
            predictions=self.predictions.only(ids),
        )  # fmt: skip

    def trials_of(self, name: str) -> pd.DataFrame:
        """Return the rows of one study in `trials` with the columns and types that its own trials have.

        Where a folder holds trainings and probes, each lacks columns of the other, which widens their types.
        """
        rows = self.trials[self.trials["study"] == name]
        if not {"probe", "weights_sha256"} <= set(self.trials.columns):
            return rows  # all of them are of one kind
        probe = self.studies[name].probe
        names, settings, types = _columns(probe)
        fields = (PROBES[probe] if probe else Trial).model_fields
        kinds = {name: fields[name].annotation for name in settings}
        narrow = {name: kind.__name__ for name, kind in kinds.items() if kind in (int, bool)}
        if is_float_dtype(rows["batch_size"]) and not probe:  # a number or "full", and here always a number
            narrow["batch_size"] = "int"
        return rows.reindex(columns=list(names)).infer_objects().astype(narrow | types)


class _Outcome(NamedTuple):
    """A journal record, its curve packed to an array (evaluations, columns), its layers to tuples; of a probe its rows
    as columns, with its metrics in the record."""

    record: dict[str, Any]
    curve: np.ndarray
    layers: list[tuple[Any, ...]]
    rows: dict[str, list[float]]


def load_results(folder: Path | str) -> Results:
    """Return everything in a results folder; raises InputError when it holds no study, or a damaged one."""
    folder = Path(folder)
    studies = [load_study_results(path) for path in study_folders(folder)]
    if not studies:
        raise InputError(f"results folder {folder}: holds no study; `harness run` or `harness reproduce` makes one")
    return Results(
        studies={name: study for part in studies for name, study in part.studies.items()},
        trials=_stacked([part.trials for part in studies]),
        curves=_stacked([part.curves for part in studies]).drop_duplicates(CURVE_KEY, ignore_index=True),
        layers=_stacked([part.layers for part in studies]).drop_duplicates(LAYER_KEY, ignore_index=True),
        environments={key: value for part in studies for key, value in part.environments.items()},
        winners={key: winner for part in studies for key, winner in part.winners.items()},
        notes={name: notes for part in studies for name, notes in part.notes.items()},
        predictions=reduce(Predictions.joined, (part.predictions for part in studies)),
        rows=_stacked([part.rows for part in studies]).drop_duplicates(ignore_index=True),
    )


CURVE_KEY = ["trial_id", "samples"]
LAYER_KEY = ["trial_id", "epoch", "layer", "metric"]


def load_study_results(folder: Path | str) -> Results:
    """Return one study's results from its own folder; raises InputError as `load_results` does."""
    folder = Path(folder)
    study, datasets = read_study(folder)
    journal = read_whole(folder, _packed)
    outcomes = journal.kept
    for key, outcome in outcomes.items():
        outcome.record["code_digest"] = journal.codes[key][-1] or None
    seeds = max(study.seeds, *looks_of(journal.notes), 0)  # claims may have taken more of some arms
    cells = list(_finished_cells(study.model_copy(update={"seeds": seeds}), datasets, outcomes))
    served = dict.fromkeys(key for _, key in cells)
    return Results(
        studies={study.name: study},
        trials=_trials(study, cells, outcomes),
        curves=_curves({key: outcomes[key].curve for key in served}),
        layers=pd.DataFrame(
            [(key, *row) for key in served for row in outcomes[key].layers], columns=list(LAYER_COLUMNS)
        ),
        environments=read_environments(folder),
        winners={
            (study.name, cell.arm, cell.seed): winner_of(study.tune, cell.trial)
            for cell, _ in cells
            if study.tune is not None and cell.phase == "confirm"
        },
        notes={study.name: journal.notes},
        predictions=read_predictions(folder).only(served),
        rows=_stacked(
            [
                pd.DataFrame(columns=["trial_id"]),  # of a study that measures no rows
                *(pd.DataFrame({"trial_id": key} | outcomes[key].rows) for key in served if outcomes[key].rows),
            ]
        ),
    )


def _packed(record: dict[str, Any]) -> _Outcome:
    names = CURVE_INTEGERS + CURVE_FIGURES
    curve = np.array(
        [[point.get(name) for name in names] for point in record.pop("curve", ())], dtype=np.float64
    ).reshape(-1, len(names))
    layers = [(row["epoch"], row["layer"], row["metric"], row["value"]) for row in record.pop("layers", ())]
    return _Outcome(record | record.pop("metrics", {}), curve, layers, record.pop("rows", {}))


def _finished_cells(
    study: Study, datasets: dict[str, str], outcomes: dict[str, _Outcome]
) -> Iterator[tuple[Cell, str]]:
    """Yield the cells of the study that have an outcome, with their trial_id, in the order of the study."""

    def key(trial: Run) -> str:
        return trial_id(trial, datasets.get(trial.source or "", ""))

    def val_loss(trial: Run) -> float | None:
        outcome = outcomes.get(key(trial))
        return None if outcome is None else tuning_loss(outcome.record)

    for cell in chain(first_cells(study), confirm_cells(study, val_loss)):
        identity = key(cell.trial)
        if identity in outcomes:
            yield cell, identity


def _trials(study: Study, cells: list[tuple[Cell, str]], outcomes: dict[str, _Outcome]) -> pd.DataFrame:
    records = [outcomes[key].record for _, key in cells]
    names, settings, types = _columns(study.probe)
    columns: dict[str, Any] = {name: [record.get(name) for record in records] for name in names}
    columns |= {name: [_value(getattr(cell.trial, name)) for cell, _ in cells] for name in settings}
    columns |= {
        "study": study.name,
        "profile": study.profile,
        "arm": [cell.arm for cell, _ in cells],
        "phase": [cell.phase for cell, _ in cells],
        "seed": [cell.seed for cell, _ in cells],
    }
    return pd.DataFrame(columns, index=range(len(cells)), columns=list(names)).astype(types)


def _columns(probe: str | None) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """Return the columns of trials.csv, those of them that are fields, and the types of some: of a probe, or None."""
    if probe is None:
        types = dict.fromkeys(INTEGERS_OR_NONE, "Int64") | dict.fromkeys(FLOATS_OR_NONE, "float64")
        return TRIAL_COLUMNS, SETTINGS, types
    table = PROBES[probe]
    settings = ("probe", *table.parameters())
    names = (*IDENTITY, *settings, *table.METRICS, "seconds", *ENDING[-2:])
    return names, settings, dict.fromkeys(("diverged_epoch",), "Int64") | dict.fromkeys(table.METRICS, "float64")


def _value(value: Any) -> Any:
    """Return the value of a field as a cell has it: widths are text like "128,64"."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def _curves(curves: dict[str, np.ndarray]) -> pd.DataFrame:
    lengths = [len(curve) for curve in curves.values()]
    points = np.concatenate([np.empty((0, len(CURVE_COLUMNS) - 1)), *curves.values()])
    frame = pd.DataFrame(points, columns=list(CURVE_COLUMNS[1:])).astype(dict.fromkeys(CURVE_INTEGERS, "int64"))
    frame.insert(0, "trial_id", np.repeat(np.array(list(curves), dtype=object), lengths))
    return frame


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate; an empty frame would only blur the column types of the others."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled or frames[:1] or [pd.DataFrame()], ignore_index=True)
