"""What has been run and what is still to be run, over all studies of a results folder."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from harness.datasets import dataset_digest
from harness.results.files import study_folders
from harness.results.journal import Record, read_journal, tuning_loss
from harness.spec.study import Study
from harness.spec.trial import Trial, trial_id
from harness.sweep.code_digest import code_digest


class Entry(NamedTuple):
    """What resuming needs to know of a recorded trial."""

    status: str
    code_digest: str
    val_loss: float  # infinite unless the trial ended well
    seconds: float | None


Index = dict[str, Entry]
"""trial_id → the last record of it."""


class Sources(NamedTuple):
    """What identifies a trial beside its fields: contents of the datasets, code of the backends."""

    datasets: Mapping[str, str]
    code: Mapping[str, str]

    def key(self, trial: Trial) -> str:
        """Return the trial's id."""
        return trial_id(trial, self.datasets[trial.dataset])

    def settled(self, entry: Entry | None, trial: Trial) -> bool:
        """Tell whether the trial was recorded by the present code, and so need not be run."""
        return entry is not None and entry.code_digest == self.code[trial.backend]


def sources_of(studies: Iterable[Study]) -> Sources:
    """Return the sources that the trials of these studies draw on; raises InputError for an unreadable dataset."""
    trials = [trial for study in studies for _, trial in study.tried()]
    return Sources(
        {name: dataset_digest(name) for name in dict.fromkeys(trial.dataset for trial in trials)},
        {name: code_digest(name) for name in dict.fromkeys(trial.backend for trial in trials)},
    )


def entry_of(record: Record) -> Entry:
    """Return what resuming needs to know of a record."""
    return Entry(record["status"], record.get("code_digest", ""), tuning_loss(record), record.get("seconds"))


def read_indices(results: Path, studies: Iterable[Study]) -> dict[str, Index]:
    """Return the index of the journal of each of `studies`, then of every other study in a results folder."""
    names = [study.name for study in studies] + [folder.name for folder in study_folders(results)]
    return {name: _read_index(results / name) for name in dict.fromkeys(names)}


def _read_index(folder: Path) -> Index:
    return {record["trial_id"]: entry_of(record) for record in read_journal(folder)}


def validation_losses(index: Index, sources: Sources) -> Callable[[Trial], float | None]:
    """Return the function trial → validation loss (None before it has been run) that `confirm_cells` asks for."""

    def val_loss(trial: Trial) -> float | None:
        entry = index.get(sources.key(trial))
        return entry.val_loss if entry is not None and sources.settled(entry, trial) else None

    return val_loss


def records_of(folder: Path, wanted: Iterable[str]) -> list[Record]:
    """Return the last record of each wanted trial in a study folder's journal."""
    wanted = set(wanted)
    found = {record["trial_id"]: record for record in read_journal(folder) if record["trial_id"] in wanted}
    return list(found.values())
