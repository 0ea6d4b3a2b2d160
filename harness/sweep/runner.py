"""Runs studies: what is recorded stays, what is missing is run, and every outcome is a line in a journal."""

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.datasets import load_dataset, split_indices
from harness.errors import InputError
from harness.results.files import refuse_foreign, refuse_other_origin
from harness.results.lock import locked
from harness.spec.study import Study
from harness.sweep.progress import Progress
from harness.sweep.queue import Agenda
from harness.sweep.resume import sources_of
from harness.sweep.workers.call import RUN_TRIAL
from harness.sweep.workers.dispatch import Stop, dispatch
from harness.sweep.workers.local import ProcessExecutor
from harness.sweep.workers.pool import Workers, cluster_workers, local_workers
from harness.sweep.workers.warm_up import warm_up
from harness.training.setup import sparse_below


@dataclass(frozen=True)
class RunSummary:
    """How a run ended: the trials it ran, and how all trials of its studies stand now, each counted once."""

    ran: int
    done: int
    diverged: int
    failed: int
    missing: int
    interrupted: bool


def run_studies(
    studies: list[Study],
    results: Path,
    jobs: int,
    scheduler: str | None = None,
    retry_failed: bool = False,
    fail_fast: bool = False,
    timeout: float | None = None,
    progress: Progress | None = None,
    work: str = RUN_TRIAL,
) -> RunSummary:
    """Run every trial of `studies` that the results folder does not hold yet, in `jobs` processes or on a cluster.

    A trial is run once, however many studies ask for it, and is taken over from a study that has it. `timeout`
    bounds one trial, in seconds. `fail_fast` stops at the first failed trial. `work` (``module:function``, trial
    fields → record) is what a worker calls. After one Ctrl-C the running trials are finished (those on a cluster are
    given up) and the summary says `interrupted`; a second raises KeyboardInterrupt. The tables are rewritten in any
    case.

    Raises InputError for bad state (locked, foreign, damaged or read-only folder, unreachable scheduler) and
    HarnessError when the disk is full or the scheduler is lost; what is finished is kept.
    """
    results = Path(results)
    _refuse_unrunnable(studies, jobs)
    # what each trial would fail by is refused here, once
    sparse_below()
    _refuse_more_images_than_there_are(studies)
    progress = progress or Progress()
    stop = Stop()
    sources = sources_of(studies)
    running = "finishing" if scheduler is None else "giving up"
    with locked(results), _ctrl_c(stop, progress, f"interrupted: {running} the trials that run"):
        refuse_foreign(results)
        refuse_other_origin(results, studies)
        with (
            _workers(jobs, scheduler, timeout, work) as workers,  # first, for no study is touched if there are none
            progress,
            Agenda(studies, results, sources, retry_failed) as agenda,
        ):
            _tell_outdated(agenda, progress)
            progress.expect(len(agenda.queue))
            if work == RUN_TRIAL and isinstance(workers.executor, ProcessExecutor):
                warm_up([task.trial for task in agenda.queue], workers.executor, stop, progress)
            for task, answer in dispatch(agenda.queue, workers, work, stop):
                waiting = len(agenda.queue)
                record = agenda.record(task, answer)
                progress.expect(len(agenda.queue) - waiting)
                if record is not None:
                    progress.finished(f"{task.study}: {task.arm}", record)
                    stop.requested |= fail_fast and record["status"] == "failed"
    return _summary(agenda, progress.ran, stop.interrupted)


def _refuse_unrunnable(studies: list[Study], jobs: int) -> None:
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: expected a whole number above 0")
    names = [study.name for study in studies]
    for study in studies:
        if names.count(study.name) > 1:
            raise InputError(f"study '{study.name}': given twice")


def _refuse_more_images_than_there_are(studies: list[Study]) -> None:
    wanted = {
        (trial.dataset, trial.train_size, trial.val_size): f"study '{study.name}': arm '{arm.name}'"
        for study in studies
        for arm, trial in study.tried()
    }
    for (dataset, train_size, val_size), where in wanted.items():
        images = len(load_dataset(dataset).train_images)
        try:
            split_indices(images, train_size, val_size, "head", np.random.default_rng(0))
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


def _tell_outdated(agenda: Agenda, progress: Progress) -> None:
    outdated = {book.study.name: book.outdated() for book in agenda.books}
    told = ", ".join(f"{count} of '{name}'" for name, count in outdated.items() if count)
    if told:
        progress.note(
            f"kernel, training or dataset sources have changed since these trials ran: {told}; running them again"
        )


def _workers(jobs: int, scheduler: str | None, timeout: float | None, work: str) -> AbstractContextManager[Workers]:
    if scheduler is not None:
        return cluster_workers(scheduler, timeout)
    return local_workers(jobs, work, timeout)


@contextmanager
def _ctrl_c(stop: Stop, progress: Progress, told: str) -> Iterator[None]:
    """Turn the first Ctrl-C into a stop of the dispatch; the second is a KeyboardInterrupt as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupted(*_: object) -> None:
        stop.requested = stop.interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        progress.note(f"{told}; Ctrl-C again to stop at once")

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _summary(agenda: Agenda, ran: int, interrupted: bool) -> RunSummary:
    statuses = {key: status for book in agenda.books for key, status in book.statuses().items()}
    count = Counter(statuses.values())
    return RunSummary(ran, count["done"], count["diverged"], count["failed"], count["missing"], interrupted)
