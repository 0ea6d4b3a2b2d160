"""Compiles the kernels before the trials start, so that no time limit counts what that takes."""

from collections.abc import Iterable
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

from harness.spec.probes import Run
from harness.spec.trial import Trial
from harness.sweep.code_choices import code_choices
from harness.sweep.progress import Progress
from harness.sweep.workers.call import RUN_TRIAL, execute
from harness.sweep.workers.pool import POLL, Stop

if TYPE_CHECKING:
    from harness.processes.executor import ProcessExecutor

STEP: dict[str, Any] = {
    "train_size": 2,
    "val_size": 1,
    "epochs": 1,
    "batch_size": 2,
    "evaluate_every": None,
    "hidden": (1, 1),
}


def compile_kernels(trials: Iterable[Run], executor: "ProcessExecutor", stop: Stop, progress: Progress) -> None:
    """Run what `tiny_trials` returns for `trials`; no time limit counts.

    The machine code stays in the cache on the disk. What goes wrong here goes wrong again in a trial, and is told
    there.
    """
    limit, executor.limit = executor.limit, None
    tiny = tiny_trials(trials)
    running = {executor.submit(execute, RUN_TRIAL, trial.model_dump(mode="json")) for trial in tiny}
    executor.limit = limit
    while running and not stop.requested:
        progress.show(f"compiling kernels: {len(tiny) - len(running)} of {len(tiny)} trials that cover all choices")
        running = wait(running, timeout=POLL).not_done
    if stop.requested:
        executor.kill()


def tiny_trials(trials: Iterable[Run]) -> list[Trial]:
    """Return trials of one step that together run, in each dtype, every choice that is compiled for `trials`."""
    tiny: list[Trial] = []
    covered: set[tuple[str, Any]] = set()
    for trial in trials:
        if isinstance(trial, Trial) and trial.backend == "numba":
            choices = {(trial.dtype, choice) for choice in code_choices(trial)}
            if not choices <= covered:
                tiny.append(Trial(**trial.given() | STEP))
                covered |= choices
    return tiny
