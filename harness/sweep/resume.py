"""What has been run and what is still to be run, over all studies of a results folder."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from harness.datasets import dataset_digest
from harness.results.files import study_folders
from harness.results.journal import Record, tuning_loss
from harness.results.notes import Codes, Journal, codes_of, read_whole
from harness.spec.cells import confirm_cells, first_cells
from harness.spec.probes import Run
from harness.spec.study import Study
from harness.spec.trial import trial_id
from harness.sweep.code_digest import code_digest


class Entry(NamedTuple):
    """What resuming needs to know of a recorded trial."""

    status: str
    codes: Codes  # the code digests that it counts under
    val_loss: float  # infinite unless the trial ended well
    seconds: float | None


Index = dict[str, Entry]
"""trial_id → the last record of it."""


class Sources(NamedTuple):
    """What identifies a trial beside its fields: contents of the datasets, code of the backends and of the probes."""

    datasets: Mapping[str, str]
    code: Mapping[str, str]

    def key(self, trial: Run) -> str:
        """Return the trial's id."""
        return trial_id(trial, self.content(trial))

    def content(self, trial: Run) -> str:
        """Return the digest of the dataset that a trial reads; "" where a probe reads none."""
        return self.datasets[trial.source] if trial.source is not None else ""

    def settled(self, entry: Entry | None, trial: Run) -> bool:
        """Tell whether the trial counts as recorded by the present code, and so need not be run."""
        return entry is not None and self.code[trial.code] in entry.codes


def sources_of(studies: Iterable[Study]) -> Sources:
    """Return the sources that the trials of these studies draw on; raises InputError for an unreadable dataset."""
    trials = [trial for study in studies for _, trial in study.tried()]
    return Sources(
        {name: dataset_digest(name) for name in dict.fromkeys(trial.source for trial in trials) if name is not None},
        {name: code_digest(name) for name in dict.fromkeys(trial.code for trial in trials)},
    )


def entry_of(record: Record) -> Entry:
    """Return what resuming needs to know of a record."""
    return Entry(record["status"], codes_of(record), tuning_loss(record), record.get("seconds"))


def read_journals(results: Path, studies: Iterable[Study]) -> dict[str, Journal[Entry]]:
    """Return the journal of each of `studies`, then of every other study in a results folder."""
    names = [study.name for study in studies] + [folder.name for folder in study_folders(results)]
    return {name: read_whole(results / name, entry_of) for name in dict.fromkeys(names)}


def index_of(journal: Journal[Entry]) -> Index:
    """Return what is recorded of each trial of a journal, what was adopted counting as it does."""
    return {key: entry._replace(codes=journal.codes[key]) for key, entry in journal.kept.items()}


def validation_losses(index: Index, sources: Sources) -> Callable[[Run], float | None]:
    """Return the function trial → validation loss (None before it has been run) that `confirm_cells` asks for."""

    def val_loss(trial: Run) -> float | None:
        entry = index.get(sources.key(trial))
        return entry.val_loss if entry is not None and sources.settled(entry, trial) else None

    return val_loss


def trials_seen(study: Study, indices: Iterable[Index], sources: Sources) -> int:
    """Return how many trials of a study are recorded in any of the indices, by whatever code."""
    recorded = {key: entry for index in indices for key, entry in index.items()}
    if not recorded:
        return 0

    def val_loss(trial: Run) -> float | None:
        entry = recorded.get(sources.key(trial))
        return None if entry is None else entry.val_loss

    cells = chain(first_cells(study), confirm_cells(study, val_loss))
    return len({sources.key(cell.trial) for cell in cells} & recorded.keys())


def records_of(folder: Path, wanted: Iterable[str]) -> list[Record]:
    """Return the last record of each wanted trial in a study folder's journal, as another journal may hold it.

    What it counts as there by adoption, it counts as by itself.
    """
    wanted = set(wanted)
    journal = read_whole(folder, lambda record: record if record["trial_id"] in wanted else None)
    return [
        record | ({"counts_as": journal.codes[key][1:]} if len(journal.codes[key]) > 1 else {})
        for key, record in journal.kept.items()
        if record is not None
    ]
