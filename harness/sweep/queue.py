"""All studies of a run together: which trials are to be run, and which studies each of them serves."""

from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from harness.datasets import load_dataset
from harness.errors import HarnessError, InputError
from harness.results.files import read_environments
from harness.results.journal import SCHEMA, Record
from harness.results.notes import Note, looks_of
from harness.results.predictions import Predictions, prediction, read_predictions
from harness.spec.cells import Cell
from harness.spec.study import Study
from harness.sweep.resume import Index, Sources, index_of, read_journals, records_of, trials_seen
from harness.sweep.study_folder import StudyFolder
from harness.sweep.workers.dispatch import Task
from harness.sweep.workers.environment import environment_digest


class Queue:
    """The queue of trials to run, and the folders that their records go to. To be opened under the lock.

    A trial that another study of the folder has recorded is copied from there instead of being queued.
    """

    def __init__(
        self,
        studies: Iterable[Study],
        results: Path,
        sources: Sources,
        retry_failed: bool,
        until_decided: bool,
        tell: Callable[[str], None],
    ) -> None:
        self.tasks: deque[Task] = deque()
        self._results = results
        self._sources = sources
        self._test_labels: dict[str, NDArray[np.uint8]] = {}  # by dataset
        self._readers: dict[str, list[StudyFolder]] = {}  # trial_id → the folders that wait for it
        studies = list(studies)
        journals = read_journals(results, studies)
        self._indices = {name: index_of(journal) for name, journal in journals.items()}
        if retry_failed:
            self._indices = {name: _without_failed(index) for name, index in self._indices.items()}
        notes = {name: journal.notes for name, journal in journals.items()}
        looks = {study.name: _looks(study, notes[study.name]) if until_decided else () for study in studies}
        self.folders = [
            StudyFolder(study, results / name, self._indices[name], notes[name], sources, looks[name], tell)
            for name, study in ((study.name, study) for study in studies)
        ]
        for folder in self.folders:
            folder.begin(lambda study: trials_seen(study, self._indices.values(), sources))
        for folder in self.folders:
            self.tasks.extend(self._plan(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        quiet = suppress(HarnessError) if error else nullcontext()  # what ended the run is to be told, not its echo
        with quiet, ExitStack() as closing:
            for folder in reversed(self.folders):
                closing.callback(folder.close)

    def record(self, task: Task, answer: dict[str, Any]) -> Record | None:
        """Write what a worker answered for a task to every folder that waits for it, and queue what follows from it.

        Returns the record, or None for a trial that has been recorded already.
        """
        folders = self._readers.pop(task.trial_id, [])
        if not folders:
            return None
        environment = answer.get("environment")
        environments = {environment_digest(environment): environment} if environment else {}
        record = self._record_of(task, answer) | {"environment": next(iter(environments), None)}
        predictions = self._predictions_of(task, record)
        for folder in folders:
            folder.record([record], environments, predictions)
            self.tasks.extendleft(reversed(self._plan(folder)))
        return record

    def _plan(self, folder: StudyFolder) -> list[Task]:
        """Return tasks for what a folder waits for and nobody has or runs; copy what another study has."""
        tasks = []
        while cells := folder.next_cells():
            for name, keys in self._lent(cells, folder).items():
                lender = self._results / name
                predictions = read_predictions(lender).only(keys)
                folder.record(records_of(lender, keys), read_environments(lender), predictions)
            for key in [key for key in cells if key in folder.waiting]:
                if key not in self._readers:
                    tasks.append(Task(key, cells[key].trial, folder.study.name, cells[key].arm))
                self._readers.setdefault(key, []).append(folder)
        return tasks

    def _lent(self, cells: dict[str, Cell], folder: StudyFolder) -> dict[str, list[str]]:
        """Return which of the cells another study has recorded, by the name of that study."""
        lent = defaultdict(list)
        for key, cell in cells.items():
            for name, index in self._indices.items():
                if name != folder.study.name and self._sources.settled(index.get(key), cell.trial):
                    lent[name].append(key)
                    break
        return lent

    def _record_of(self, task: Task, answer: dict[str, Any]) -> Record:
        code, content = self._sources.code[task.trial.code], self._sources.content(task.trial)
        if answer.get("code_digest", code) != code:
            raise HarnessError(
                f"a worker runs other sources ({answer['code_digest']}) than this process ({code}): were they "
                "edited meanwhile, or does the cluster have another version installed?"
            )
        fixed = {"schema": SCHEMA, "trial_id": task.trial_id, "trial": task.trial.model_dump(mode="json")}
        record = answer.get("record") or {"status": "failed", "reason": answer["error"], "curve": [], "layers": []}
        if record.get("dataset_digest", content) != content:
            raise HarnessError(f"dataset '{task.trial.source}' of a worker is not the one of this process")
        return fixed | record | fixed | {"dataset_digest": content, "code_digest": code}

    def _predictions_of(self, task: Task, record: Record) -> Predictions:
        """Take out of a worker's record what the trial predicts, which is kept apart."""
        sent = record.pop("predictions", None)
        if sent is None or task.trial.source is None:
            return Predictions()
        name = task.trial.source
        if name not in self._test_labels:
            self._test_labels[name] = load_dataset(name).test_labels
        classes = np.frombuffer(b64decode(sent), np.uint8)
        labels = self._test_labels[name][: len(classes)]
        return prediction(task.trial_id, record["weights_sha256"], classes, labels)


def _looks(study: Study, notes: list[Note]) -> tuple[int, ...]:
    """Return the looks of a study; raises InputError where its journal has fixed others."""
    fixed = looks_of(notes)
    if fixed and fixed != study.looks:
        told = ", ".join(map(str, fixed)), ", ".join(map(str, study.looks)) or "none"
        raise InputError(
            f"study '{study.name}': its claims are looked at with {told[0]} seeds, as was fixed before the first look; "
            f"count and at_most now make {told[1]}: put them back, or choose another folder with --results"
        )
    return study.looks


def _without_failed(index: Index) -> Index:
    return {key: entry for key, entry in index.items() if entry.status != "failed"}
