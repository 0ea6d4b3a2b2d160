"""Runs studies: what is recorded stays, what is missing is run, and every outcome is a line in a journal."""

import math
import signal
import threading
import time
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
from harness.sweep.needs import with_data
from harness.sweep.progress import Progress
from harness.sweep.queue import Queue
from harness.sweep.resume import sources_of
from harness.sweep.workers.call import RUN_TRIAL
from harness.sweep.workers.dispatch import dispatch
from harness.sweep.workers.local import local_workers
from harness.sweep.workers.pool import Stop, Workers
from harness.training.setup import refuse_disabled_compiler, sparse_below


@dataclass(frozen=True)
class RunSummary:
    """How a run ended: the trials it ran, and how all trials of its studies stand now, each counted once."""

    ran: int
    done: int
    diverged: int
    failed: int
    missing: int
    to_follow: int  # confirming trials, whose settings wait for tuning trials that are missing
    signal: int | None  # that ended it early
    out_of_time: bool  # its budget did


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
    until_decided: bool = False,
    budget: float | None = None,
) -> RunSummary:
    """Run every trial of `studies` that the results folder does not hold yet, in `jobs` processes or on a cluster.

    A trial is run once, however many studies ask for it, and is taken over from a study that has it. `timeout`
    bounds one trial, in seconds. `fail_fast` stops at the first failed trial. `work` (``module:function``, trial
    fields → record) is what a worker calls. After one Ctrl-C or SIGTERM the running trials are finished (those on a
    cluster are given up) and the summary names the `signal`; a second Ctrl-C raises KeyboardInterrupt. The
    tables are rewritten in any case.

    `until_decided` adds seeds at the looks of a study while a claim of it is open, to the arms that such a claim reads.
    `budget` is how many seconds the run may take: what would not end in time is not begun.

    Raises InputError for bad state (locked, foreign, damaged or read-only folder, unreachable scheduler) and
    HarnessError when the disk is full or the scheduler is lost; what is finished is kept.
    """
    results = Path(results)
    progress = progress or Progress()
    _refuse_unrunnable(studies, jobs)
    studies = [with_data(study, progress.note) for study in studies]
    # what each trial would fail by is refused here, once
    sparse_below()
    for name in {trial.backend for study in studies for _, trial in study.trainings()}:
        refuse_disabled_compiler(name)
    _refuse_more_images_than_there_are(studies)
    stop = Stop()
    deadline, longest, out_of_time = time.monotonic() + (budget or math.inf), 0.0, False
    sources = sources_of(studies)
    running = "finishing" if scheduler is None else "giving up"
    with locked(results), _signals(stop, progress, running):
        refuse_foreign(results, [study.name for study in studies])
        refuse_other_origin(results, studies)
        with (
            _workers(jobs, scheduler, timeout, work) as workers,  # first, for no study is touched if there are none
            progress,
            Queue(studies, results, sources, retry_failed, until_decided, progress.note) as queue,
        ):
            _tell_what_was_there(queue, progress)
            progress.expect(len(queue.tasks))
            if work == RUN_TRIAL:
                workers.warm_up([task.trial for task in queue.tasks], stop, progress)
            for task, answer in dispatch(queue.tasks, workers, work, stop):
                waiting = len(queue.tasks)
                record = queue.record(task, answer)
                progress.expect(len(queue.tasks) - waiting)
                if record is not None:
                    progress.finished(f"{task.study}: {task.arm}", record)
                    longest = max(longest, record.get("seconds") or 0.0)
                    out_of_time = time.monotonic() + longest > deadline
                    stop.requested |= out_of_time or (fail_fast and record["status"] == "failed")
    return _summary(queue, progress.ran, stop.signal, out_of_time)


def _refuse_unrunnable(studies: list[Study], jobs: int) -> None:
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: expected a whole number above 0")
    names = [study.name for study in studies]
    for study in studies:
        if names.count(study.name) > 1:
            raise InputError(f"study '{study.name}': given twice")


def refuse_undecidable(studies: list[Study]) -> None:
    """Raise InputError for a study that claims nothing, or does not say up to how many seeds may be added."""
    for study in studies:
        if not study.claims:
            raise InputError(f"--until decided: study '{study.name}' claims nothing, so there is nothing to decide")
        if study.at_most is None:
            raise InputError(
                f"--until decided: study '{study.name}' does not say up to how many seeds may be added; "
                f"give its [seeds] table at_most, such as at_most = {4 * study.seeds}"
            )


def _refuse_more_images_than_there_are(studies: list[Study]) -> None:
    wanted = {
        (trial.dataset, trial.train_size, trial.val_size): f"study '{study.name}': arm '{arm.name}'"
        for study in studies
        for arm, trial in study.trainings()
    }
    for (dataset, train_size, val_size), where in wanted.items():
        images = len(load_dataset(dataset).train_images)
        if train_size is None and val_size >= images:
            raise InputError(
                f"{where}: {dataset} has {images} training images, val_size {val_size} leaves none of them"
            )
        try:
            split_indices(images, train_size, val_size, "head", np.random.default_rng(0))
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


def _tell_what_was_there(queue: Queue, progress: Progress) -> None:
    for folder in queue.folders:
        if folder.adopted:
            progress.note(
                f"{folder.folder}: a journal without study.json, taken for that of study '{folder.study.name}'"
            )
    outdated = {folder.study.name: folder.outdated() for folder in queue.folders}
    told = ", ".join(f"{count} of '{name}'" for name, count in outdated.items() if count)
    if told:
        progress.note(
            f"kernel, training or dataset sources have changed since these trials ran: {told}; running them again"
        )


def _workers(jobs: int, scheduler: str | None, timeout: float | None, work: str) -> AbstractContextManager[Workers]:
    if scheduler is None:
        return local_workers(jobs, work, timeout)
    from harness.sweep.workers.dask_cluster import dask_workers

    return dask_workers(scheduler, timeout)


@contextmanager
def _signals(stop: Stop, progress: Progress, running: str) -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into a stop of the dispatch; the second acts as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stopped(number: int, _: object) -> None:
        stop.requested, stop.signal = True, number
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        what = "interrupted" if number == signal.SIGINT else "terminated"
        progress.note(f"{what}: {running} the trials that run; Ctrl-C again to stop at once")

    before = {number: signal.signal(number, stopped) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _summary(queue: Queue, ran: int, ended_by: int | None, out_of_time: bool) -> RunSummary:
    statuses = {key: status for folder in queue.folders for key, status in folder.statuses().items()}
    count = Counter(statuses.values())
    to_follow = sum(folder.unchosen() for folder in queue.folders) if count["missing"] else 0
    return RunSummary(
        ran, count["done"], count["diverged"], count["failed"], count["missing"], to_follow, ended_by, out_of_time
    )
