"""The workers that are processes of this machine."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from harness.processes.executor import ProcessExecutor
from harness.spec.probes import Run
from harness.sweep.progress import Progress
from harness.sweep.workers.call import execute
from harness.sweep.workers.pool import Stop, Workers
from harness.sweep.workers.warm_up import compile_kernels


class LocalWorkers(Workers):
    """`jobs` processes of this machine."""

    attempts = 3

    def __init__(self, executor: ProcessExecutor, jobs: int) -> None:
        self._executor = executor
        self._jobs = jobs

    def submit(self, work: str, fields: dict[str, Any]) -> Future:
        return self._executor.submit(execute, work, fields)

    def slots(self) -> int:
        return self._jobs

    def check(self) -> None:
        """A lost process is started again, so the workers are never lost for good."""

    def warm_up(self, trials: Iterable[Run], stop: Stop, progress: Progress) -> None:
        compile_kernels(trials, self._executor, stop, progress)


@contextmanager
def local_workers(jobs: int, load: str, limit: float | None) -> Iterator[LocalWorkers]:
    """Yield `jobs` local processes that have loaded `load` and kill a trial after `limit` seconds."""
    with ProcessExecutor(jobs, load, limit) as executor:
        yield LocalWorkers(executor, jobs)
