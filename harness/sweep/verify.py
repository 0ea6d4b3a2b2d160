"""Recorded rows, trained again: are weights and figures the same, so that other sources may count as the present?"""

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import HarnessError, InputError
from harness.results.agreement import difference, other_machine
from harness.results.exports import write_tables
from harness.results.journal import JournalWriter, Record
from harness.results.lock import locked
from harness.statistics.intervals import Interval, t_interval
from harness.sweep.code_digest import code_digest
from harness.sweep.drawn_rows import (
    FAILED,
    Row,
    draw,
    draw_covering,
    folders_to_verify,
    records_and_environments,
    rows_of,
    trainable,
)
from harness.sweep.progress import Progress
from harness.sweep.statistics_tables import write_statistics
from harness.sweep.workers.call import RUN_TRIAL
from harness.sweep.workers.dispatch import Task, dispatch
from harness.sweep.workers.local import local_workers
from harness.sweep.workers.pool import Stop

ENOUGH = 59
"""Rows that, all equal, show that at most 5 % can differ, at 95 % confidence."""


@dataclass(frozen=True)
class Again:
    """A row that was trained again: how it differs ("" when it does not), and how the machine it was made on does."""

    row: Row
    difference: str
    machine: str
    points: float  # test accuracy now minus recorded, in percentage points; NaN where one of them has none


@dataclass(frozen=True)
class Verification:
    """What came out: of `rows` that could be drawn, `at_random` were, and besides those that cover every choice."""

    rows: int
    at_random: int
    again: list[Again]
    left_out: Counter[str]  # by the reason

    @property
    def different(self) -> list[Again]:
        """The rows that differ."""
        return [row for row in self.again if row.difference]

    @property
    def points_elsewhere(self) -> Interval | None:
        """By how much accuracies differ where all rows that do were made on another kind of machine; else None."""
        points = [row.points for row in self.different]
        comparable = self.different and all(row.machine for row in self.different) and np.isfinite(points).all()
        return t_interval(points) if comparable else None

    @property
    def alike(self) -> bool:
        """Whether nothing differs but last bits between machines, and accuracies with them by chance."""
        apart = self.points_elsewhere
        return not self.different or (apart is not None and not (apart.low > 0 or apart.high < 0))


def verify(
    results: Path, sample: int, jobs: int, progress: Progress | None = None, work: str = RUN_TRIAL
) -> Verification:
    """Train `sample` rows of a results folder again, drawn at random (all, if there are fewer). Writes nothing.

    `work` and `jobs` are those of `run_studies`. Raises InputError for a folder that holds no study or a damaged one.
    """
    rows, left_out = trainable(rows_of(results))
    drawn = draw(rows, sample, np.random.default_rng())
    return Verification(len(rows), len(drawn), _train_again(results, drawn, jobs, progress, work), left_out)


def adopt(results: Path, jobs: int, progress: Progress | None = None, work: str = RUN_TRIAL) -> Verification:
    """Let what other sources recorded count as recorded by the present ones, if a sample of it comes out the same.

    Drawn are ENOUGH of the stale rows (all, if there are fewer) and besides at least one for every choice in use among
    them. The draw is fixed by the sources and the rows, so that trying again draws no luckier sample. When all are the
    same, each journal notes which code digests count as which, and the tables are made again.

    Raises InputError as `verify`, and where some of the stale rows cannot be trained again here.
    """
    folders_to_verify(results)  # before a folder is made, to be locked
    with locked(results):
        stale = [row for row in rows_of(results) if row.stale]
        rows, left_out = trainable(stale)
        for reason, count in left_out.items():
            if reason != FAILED:
                raise InputError(f"{results}: {count} of the rows to be adopted {reason}; nothing is adopted")
        drawn = draw_covering(rows, ENOUGH, _fixed_generator(rows))
        found = Verification(
            len(rows), min(ENOUGH, len(rows)), _train_again(results, drawn, jobs, progress, work), left_out
        )
        if rows and not found.different:
            compared = {row.codes[-1] for row in rows}  # sources of which every row had failed have shown nothing
            _note(results, [row for row in stale if row.codes[-1] in compared], found)
    return found


def _fixed_generator(rows: list[Row]) -> np.random.Generator:
    names = sorted({code_digest(row.trial.code) for row in rows} | {row.trial_id for row in rows})
    return np.random.default_rng(list(hashlib.sha256("".join(names).encode()).digest()))


def _note(results: Path, stale: list[Row], found: Verification) -> None:
    digests: dict[str, dict[str, str]] = defaultdict(dict)
    for row in stale:
        digests[row.study][row.codes[-1]] = code_digest(row.trial.code)
    for study, counted in digests.items():
        writer = JournalWriter(results / study)
        writer.append([{"note": "adopt", "digests": counted, "trained_again": len(found.again), "of": found.rows}])
        writer.close()
        write_statistics(results / study, write_tables(results / study))


def _train_again(results: Path, rows: list[Row], jobs: int, progress: Progress | None, work: str) -> list[Again]:
    if not rows:
        return []
    before = records_and_environments(results, rows)
    progress = progress or Progress()
    stop = Stop()
    tasks = deque(Task(str(place), row.trial, row.study, "") for place, row in enumerate(rows))
    found: dict[int, Again] = {}
    with local_workers(jobs, work, None) as workers, progress:
        progress.expect(len(tasks))
        if work == RUN_TRIAL:
            workers.warm_up([task.trial for task in tasks], stop, progress)
        for task, answer in dispatch(tasks, workers, work, stop):
            place = int(task.trial_id)  # a trial may stand in two journals
            found[place] = _compared(rows[place], *before[place], answer)
            failed = {"status": "failed", "reason": answer.get("error"), "trial": {"seed": task.trial.seed}}
            progress.finished(task.study, answer.get("record", failed))
    return [found[place] for place in sorted(found)]


def _compared(row: Row, before: Record, made_on: Mapping[str, Any], answer: dict[str, Any]) -> Again:
    if "record" not in answer:
        return Again(row, f"failed now: {answer['error']}", "", np.nan)
    if answer["code_digest"] != code_digest(row.trial.code):
        raise HarnessError("the sources were edited while rows were trained again")
    now = answer["record"]
    points = 100 * (_accuracy(now) - _accuracy(before))
    return Again(row, difference(before, now), other_machine(made_on, answer["environment"]), points)


def _accuracy(record: Record) -> float:
    accuracy = record.get("test_accuracy")
    return np.nan if accuracy is None else accuracy
