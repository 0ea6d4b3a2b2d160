"""One study of a running sweep: its journal, what is recorded in it and what it still waits for."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.results.exports import write_tables
from harness.results.files import (
    ENVIRONMENT_FILE,
    STUDY_FILE,
    read_environments,
    read_study,
    write_atomically,
    write_study,
)
from harness.results.journal import JournalWriter, Record, journal_files
from harness.results.notes import Note, changed, claims_note, looks_note, looks_of
from harness.results.predictions import Predictions, PredictionsWriter
from harness.spec.cells import Cell, confirm_cells, first_cells, unchosen
from harness.spec.claims import sign_flip_count
from harness.spec.names import Phase
from harness.spec.study import Study
from harness.sweep.resume import Index, Sources, entry_of, validation_losses
from harness.sweep.statistics_tables import write_statistics
from harness.text import counted, setting


class StudyFolder:
    """A study's folder, open for writing under the lock of the results folder.

    `cells` maps the trial_id of every cell known so far to the cell; `waiting` holds the ids not recorded yet.
    """

    def __init__(
        self,
        study: Study,
        folder: Path,
        index: Index,
        notes: list[Note],
        sources: Sources,
        looks: tuple[int, ...],
        tell: Callable[[str], None],
    ) -> None:
        self.study = study
        self.folder = folder
        self.index = index
        self.cells: dict[str, Cell] = {}
        self.waiting: set[str] = set()
        self._notes = notes
        self._sources = sources
        self._looks = looks  # none where the study is run to a fixed number of seeds
        self._tell = tell
        self._rounds = self._in_turn()
        self.adopted = _open_folder(folder)
        self._writer = JournalWriter(folder)
        self._predictions = PredictionsWriter(folder)
        self._environments: dict[str, Any] = read_environments(folder)

    def begin(self, trials_seen: Callable[[Study], int]) -> None:
        """Note the claims and looks, where they are new, and write study.json.

        To be called when every study of the run has been opened, for a run that is refused writes neither.
        """
        flips = sign_flip_count(self.study)
        if changed(self._notes, self.study.claims, flips):
            self._note(claims_note(self.study.claims, trials_seen(self.study), flips))
        if self._looks and not looks_of(self._notes):
            self._note(looks_note(self._looks, trials_seen(self.study)))
        if (self.folder / STUDY_FILE).exists() and (told := _changes(read_study(self.folder)[0], self.study)):
            self._tell(
                f"{self.study.name}: settings differ from those the folder was run with: {told}; "
                "trials of the former stay in the journal"
            )
        write_study(self.folder, self.study, self._sources.datasets)

    def next_cells(self) -> dict[str, Cell]:
        """Return the next cells to be run, by trial_id, and wait for them; none while others are awaited."""
        fresh: dict[str, Cell] = {}
        while not (self.waiting or fresh) and (cells := next(self._rounds, None)) is not None:
            for cell in cells:
                key = self._sources.key(cell.trial)
                self.cells.setdefault(key, cell)
                if not self._settled(key):
                    fresh.setdefault(key, cell)
        self.waiting |= fresh.keys()
        return fresh

    def outdated(self) -> int:
        """Return how many known cells are recorded, but by other code than the present."""
        return sum(key in self.index and not self._settled(key) for key in self.cells)

    def record(self, records: Iterable[Record], environments: Mapping[str, Any], predictions: Predictions) -> None:
        """Append records, each made in one of `environments`, and before them what their trials predict."""
        records = list(records)
        unseen = {key: value for key, value in environments.items() if key not in self._environments}
        if unseen:
            self._environments |= unseen
            write_atomically(self.folder / ENVIRONMENT_FILE, json.dumps(self._environments, indent=1) + "\n")
        self._predictions.append(predictions)  # first: a trial with a record is not run again
        self._writer.append(records)
        for record in records:
            self.index[record["trial_id"]] = entry_of(record)
            self.waiting.discard(record["trial_id"])

    def statuses(self) -> dict[str, str]:
        """Return the status of every known trial by its id: that of its record by the present code, or missing."""
        return {key: self.index[key].status if self._settled(key) else "missing" for key in self.cells}

    def unchosen(self) -> int:
        """Return how many confirming trials follow once the tuning trials are finished that choose their settings."""
        return sum(unchosen(self.study, validation_losses(self.index, self._sources)).values())

    def close(self) -> None:
        """Close the journal and rewrite the tables from it; then put the predictions together."""
        self._writer.close()
        write_statistics(self.folder, write_tables(self.folder))
        self._predictions.close()  # last, for nothing else depends on it

    def _note(self, note: Note) -> None:
        self._writer.append([note])
        self._notes.append(note)

    def _in_turn(self) -> Iterator[list[Cell]]:
        """Yield the cells of the study: first those that need no result of others, then those that do.

        After every look but the last, seeds are added to the arms that an open claim reads, in the phase it reads.
        """
        losses = validation_losses(self.index, self._sources)
        yield first_cells(self.study)
        yield confirm_cells(self.study, losses)
        for look, following in pairwise(self._looks):
            going_on = self._open_arms(look, following)
            if not going_on:
                return
            more = self.study.model_copy(update={"seeds": following})
            yield [cell for cell in first_cells(more) if _serves(cell) in going_on]
            yield [cell for cell in confirm_cells(more, losses) if _serves(cell) in going_on]

    def _open_arms(self, look: int, following: int) -> set[tuple[str, Phase]]:
        """Return the arms that a claim reads which is open after this look, and the phases in which it reads them."""
        from harness.results.frames import load_study_results  # loads pandas, which other runs need not wait for
        from harness.statistics.findings import units_of
        from harness.statistics.verdict_table import open_questions

        asked = open_questions(load_study_results(self.folder), self.study.name, look)
        going_on = {(arm, question.phase) for question in asked for unit in units_of(question) for arm in unit}
        arms = sum(any(arm.name == name for name, _ in going_on) for arm in self.study.arms)
        told = f"{counted(arms, 'arm')} of {len(self.study.arms)} go on to {following}" if asked else "all is decided"
        self._tell(f"{self.study.name}: at {look} seeds {counted(len(asked), 'verdict')} open; {told}")
        return going_on

    def _settled(self, key: str) -> bool:
        return self._sources.settled(self.index.get(key), self.cells[key].trial)


def _changes(before: Study, now: Study) -> str:
    """Return in what two runs of a study differ for all arms alike: "epochs 1 -> 2, seeds 3 -> 5"."""
    pairs = [(study.baseline.model_dump() | {"seeds": study.seeds}) for study in (before, now)]
    return ", ".join(
        f"{field} {setting(pairs[0].get(field))} -> {setting(value)}"
        for field, value in pairs[1].items()
        if pairs[0].get(field) != value
    )


def _serves(cell: Cell) -> tuple[str, Phase]:
    """Return the arm and the phase whose verdicts a cell serves: a phase of tuning serves what it tunes for."""
    return cell.arm, "confirm" if cell.phase == "tune" else cell.phase


def _open_folder(folder: Path) -> bool:
    """Make the folder; tell whether a journal lies there without the study that it belongs to.

    Raises InputError when something else than a study lies there. What a run left that was killed early is no such.
    """
    try:
        folder.mkdir(exist_ok=True)
        inside = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except FileExistsError:
        raise InputError(f"{folder}: is a file, expected the folder of study '{folder.name}'") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    journals = journal_files(folder)
    if STUDY_FILE in inside:
        read_study(folder)
    elif inside and not journals:
        raise InputError(f"{folder}: holds other things than results ('{inside[0]}'); expected an empty or new folder")
    return STUDY_FILE not in inside and any(path.stat().st_size for path in journals)
