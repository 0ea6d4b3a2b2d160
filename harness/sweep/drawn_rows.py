"""The rows of a results folder that can be trained again, and which of them are drawn."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from harness.datasets import dataset_digest
from harness.errors import InputError
from harness.results.files import read_environments, study_folders
from harness.results.journal import Record
from harness.results.notes import Codes, read_whole
from harness.spec.probes import Run, run_from
from harness.spec.trial import trial_id
from harness.sweep.code_choices import code_choices
from harness.sweep.code_digest import code_digest
from harness.sweep.resume import records_of

FAILED = "failed, so there are no weights to compare"


class Row(NamedTuple):
    """A recorded trial, or run of a probe, and the study in whose journal it stands."""

    study: str
    trial_id: str
    trial: Run
    status: str
    dataset_digest: str
    codes: Codes  # the code digests that it counts under
    outcome: str = ""  # its weights' digest, or its metrics; other ones may stand in another journal

    @property
    def stale(self) -> bool:
        """Whether it counts as made by other sources than the present."""
        return code_digest(self.trial.code) not in self.codes


def folders_to_verify(results: Path) -> list[Path]:
    """Return the folders of the studies; raises InputError when there is none."""
    folders = study_folders(results)
    if not folders:
        raise InputError(f"results folder {results}: holds no study, so there is nothing to verify")
    return folders


def rows_of(results: Path) -> list[Row]:
    """Return the last record of every trial in every journal; raises InputError as `folders_to_verify`."""
    rows = []
    for folder in folders_to_verify(results):
        journal = read_whole(
            folder,
            lambda record: (record["trial"], record["status"], record.get("dataset_digest", ""), _outcome(record)),
        )
        for key, (fields, status, dataset, outcome) in journal.kept.items():
            trial = run_from(fields, f"{folder}: trial {key}")
            rows.append(Row(folder.name, key, trial, status, dataset, journal.codes[key], outcome))
    return rows


def _outcome(record: Record) -> str:
    return str(record.get("weights_sha256") or record.get("metrics", ""))


def trainable(rows: list[Row]) -> tuple[list[Row], Counter[str]]:
    """Return the rows that can be trained again here, and of the others how many and why.

    Rows of one trial that say the same stand for each other: only the first is returned.
    """
    data = {name: _digest_here(name) for name in {row.trial.source for row in rows}}
    kept: dict[tuple[str, Codes, str], Row] = {}
    left_out: Counter[str] = Counter()
    for row in rows:
        if row.status == "failed":
            left_out[FAILED] += 1
        elif data[row.trial.source] is None:
            left_out[f"need dataset '{row.trial.source}', which is not on this machine"] += 1
        elif data[row.trial.source] != row.dataset_digest:
            left_out[f"were made from other data under the name '{row.trial.source}'"] += 1
        else:
            kept.setdefault((row.trial_id, row.codes, row.outcome), row)
    return list(kept.values()), left_out


def _digest_here(dataset: str | None) -> str | None:
    try:
        return "" if dataset is None else dataset_digest(dataset)
    except InputError:
        return None


def draw(rows: list[Row], count: int, rng: np.random.Generator) -> list[Row]:
    """Return so many rows drawn at random; all, if there are fewer."""
    return [rows[i] for i in rng.permutation(len(rows))[:count]]


def draw_covering(rows: list[Row], count: int, rng: np.random.Generator) -> list[Row]:
    """Return what `draw` does, and after it rows drawn on until every choice in use among `rows` is among them."""
    shuffled = draw(rows, len(rows), rng)
    drawn = shuffled[:count]
    covered = {choice for row in drawn for choice in choices(row)}
    for row in shuffled[count:]:
        if not choices(row) <= covered:
            drawn.append(row)
            covered |= choices(row)
    return drawn


def choices(row: Row) -> set[tuple[str, Any]]:
    """Return what decides which code ran for a row: its own code digest, and its settings as in `code_choices`."""
    return {("code_digest", row.codes[-1]), *code_choices(row.trial)}


def records_and_environments(results: Path, rows: list[Row]) -> list[tuple[Record, dict[str, Any]]]:
    """Return the whole record of each row, and where it was made ({} where that is not known).

    Raises InputError for a row whose id is not that of its settings: somebody has edited the journal.
    """
    for row in rows:
        if trial_id(row.trial, row.dataset_digest) != row.trial_id:
            raise InputError(
                f"{results / row.study}: trial {row.trial_id}: has the id of other settings; was it edited?"
            )
    found: dict[tuple[str, str], Record] = {}
    places: dict[str, dict[str, Any]] = {}
    for study in {row.study for row in rows}:
        records = records_of(results / study, [row.trial_id for row in rows if row.study == study])
        found |= {(study, record["trial_id"]): record for record in records}
        places[study] = read_environments(results / study)
    made = [found[row.study, row.trial_id] for row in rows]
    return [
        (record, places[row.study].get(record.get("environment") or "", {}))
        for row, record in zip(rows, made, strict=True)
    ]
