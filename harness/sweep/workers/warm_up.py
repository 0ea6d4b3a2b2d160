"""Compiles the kernels before the trials start, so that no two workers compile the same at once."""

from collections.abc import Iterable
from concurrent.futures import wait
from typing import TYPE_CHECKING

from harness.spec.probes import Run
from harness.spec.trial import Trial
from harness.sweep.progress import Progress
from harness.sweep.workers.call import RUN_TRIAL, execute
from harness.sweep.workers.pool import POLL, Stop

if TYPE_CHECKING:
    from harness.sweep.workers.local import ProcessExecutor


def compile_kernels(trials: Iterable[Run], executor: "ProcessExecutor", stop: Stop, progress: Progress) -> None:
    """Run what `tiny_trials` returns for `trials`, a dtype a worker; no time limit counts.

    The machine code stays in the cache on the disk. What goes wrong here goes wrong again in a trial, and is told
    there.
    """
    limit, executor.limit = executor.limit, None
    running = {executor.submit(execute, RUN_TRIAL, trial.model_dump(mode="json")) for trial in tiny_trials(trials)}
    executor.limit = limit
    while running and not stop.requested:
        progress.show("compiling kernels")
        running = wait(running, timeout=POLL).not_done
    if stop.requested:
        executor.kill()


def tiny_trials(trials: Iterable[Run]) -> list[Trial]:
    """Return a trial of one step for each dtype that is compiled: all other choices live inside one compiled loop."""
    compiled = [trial for trial in trials if isinstance(trial, Trial) and trial.backend == "numba"]
    datasets = {trial.dtype: trial.dataset for trial in compiled}
    step = {"train_size": 2, "val_size": 1, "epochs": 1, "batch_size": 2, "hidden": (1,)}
    return [Trial(dataset=dataset, dtype=dtype, **step) for dtype, dataset in datasets.items()]  # type: ignore[arg-type]
