"""What a run would cost, before it is started."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from harness.results.files import refuse_other_origin
from harness.results.journal import STATUSES
from harness.spec.cells import Cell, confirm_cells, first_cells, unchosen
from harness.spec.names import Phase
from harness.spec.probes import Run
from harness.spec.study import Study
from harness.spec.trial import CLASSES, INPUTS, Trial, parameter_count
from harness.sweep.needs import with_data
from harness.sweep.resume import Entry, Index, Sources, index_of, read_journals, sources_of, validation_losses

COLUMNS = ("study", "phase", "cells", *STATUSES, "missing", "cpu_seconds", "eta_seconds")
ALL_IMAGES = 55_000  # of a trial that takes whatever validation leaves; any fixed number serves, it cancels out


class Place(NamedTuple):
    """A cell of a study, the id of its trial (None while tuning has not chosen it), and what is recorded of it."""

    study: str
    arm: str
    phase: Phase
    trial: Run
    trial_id: str | None
    entry: Entry | None  # by the present code


def plan_studies(
    studies: list[Study], results: Path, jobs: int, note: Callable[[str], None] = lambda _: None
) -> pd.DataFrame:
    """Return a row per study × phase, and a total: cells that are done, diverged, failed, missing, and their cost.

    `cpu_seconds` is what the missing cells will take by the recorded timings, scaled by the arithmetic of a trial:
    of the same arm where there are some, else of the study, else of all. Where nothing is recorded, a short training
    of each study (a pilot, told to `note`) is timed. `eta_seconds` divides it by `jobs`. A trial that several cells
    share is paid once. Writes nothing; raises InputError as a run does.
    """
    studies = [with_data(study, note) for study in studies]
    refuse_other_origin(results, studies)
    sources = sources_of(studies)
    indices = list(map(index_of, read_journals(results, studies).values()))
    places = [place for study in studies for place in _places(study, indices, sources)]
    paces = _paces(places, indices)
    if not paces:
        note("no timings are recorded yet: timing a short training of each study")
        paces = {(study.name,): _pilot_pace(study) for study in studies}
    paid: set[str | None] = set()
    rows: dict[tuple[str, str], Counter] = defaultdict(Counter)
    for place in places:
        row = rows[place.study, place.phase]
        row["cells"] += 1
        row[place.entry.status if place.entry else "missing"] += 1
        if place.entry is None and place.trial_id not in paid:
            row["cpu_seconds"] += _seconds(place, paces)  # type: ignore[assignment]
            paid |= {place.trial_id} - {None}
    return _table(rows, jobs)


def _table(rows: dict[tuple[str, str], Counter], jobs: int) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            {"study": study, "phase": phase, **dict.fromkeys(COLUMNS[2:], 0), **row}
            for (study, phase), row in rows.items()
        ],
        columns=list(COLUMNS),
    )
    frame.loc[len(frame)] = {"study": "total", "phase": "", **frame[list(COLUMNS[2:])].sum()}
    cpu = frame["cpu_seconds"].astype(float).round(1)
    return frame.assign(cpu_seconds=cpu, eta_seconds=(cpu / jobs).round(1))


def _places(study: Study, indices: list[Index], sources: Sources) -> Iterator[Place]:
    def place(cell: Cell) -> Place:
        key = sources.key(cell.trial)
        found = (index[key] for index in indices if sources.settled(index.get(key), cell.trial))
        return Place(study.name, cell.arm, cell.phase, cell.trial, key, next(found, None))

    first = [place(cell) for cell in first_cells(study)]
    index: Index = {place.trial_id: place.entry for place in first if place.trial_id and place.entry}
    val_loss = validation_losses(index, sources)
    yield from [*first, *map(place, confirm_cells(study, val_loss))]
    for name, waiting in unchosen(study, val_loss).items():
        yield from [Place(study.name, name, "confirm", study.arm(name).trial, None, None)] * waiting


def _paces(places: list[Place], indices: list[Index]) -> dict[tuple[str, ...], float]:
    """Return seconds per unit of work, by (study, arm), (study,) and ()."""
    seconds: dict[tuple[str, ...], float] = defaultdict(float)
    work: dict[tuple[str, ...], float] = defaultdict(float)
    for place in places:
        entries = [index[place.trial_id] for index in indices if place.trial_id in index]
        if entries and entries[0].seconds:
            for group in _groups(place):
                seconds[group] += entries[0].seconds
                work[group] += _work(place.trial)
    return {group: seconds[group] / work[group] for group in work}


def _pilot_pace(study: Study) -> float:
    """Of the first arm that does not diverge at once; the last, where all do."""
    from harness.sweep.pilot import pilot  # which loads what trains; a plan by recorded timings does without

    for arm in study.arms:
        seconds, ended_well = pilot(arm.trial)
        if ended_well:
            break
    return seconds / _work(arm.trial)


def _groups(place: Place) -> list[tuple[str, ...]]:
    return [(place.study, place.arm), (place.study,), ()]


def _seconds(place: Place, paces: dict[tuple[str, ...], float]) -> float:
    pace = next(paces[group] for group in _groups(place) if group in paces)
    return pace * _work(place.trial)


def _work(trial: Run) -> float:
    """Return a number that grows as the time of a trial does: images seen × weights; of a probe the same for all."""
    if not isinstance(trial, Trial):
        return 1.0
    return trial.epochs * (trial.train_size or ALL_IMAGES) * parameter_count(trial.hidden, INPUTS, CLASSES)
