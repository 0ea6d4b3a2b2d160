"""Where trials run: local processes or a Dask cluster, both as `concurrent.futures.Executor`."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass

from harness.sweep.workers.local import ProcessExecutor, WorkerHungError, WorkerLostError


@dataclass(frozen=True)
class Workers:
    """An executor, and what the runner must know beyond that interface."""

    executor: Executor
    slots: Callable[[], int]  # trials that can run at once, now
    check: Callable[[], None]  # raises HarnessError when the workers are lost for good
    lost: tuple[type[BaseException], ...]  # what a future ends with when its worker died
    loss: Callable[[BaseException], str]  # what a trial is told to have died of
    hung: tuple[type[BaseException], ...]  # … when its worker was killed at the time limit
    attempts: int  # times that a trial may lose its worker before it is given up
    limit: float | None  # seconds after which a worker must end itself, because nobody else can end it


@contextmanager
def local_workers(jobs: int, load: str, limit: float | None) -> Iterator[Workers]:
    """Yield `jobs` local processes."""
    with ProcessExecutor(jobs, load, limit) as executor:
        yield Workers(executor, lambda: jobs, lambda: None, (WorkerLostError,), str, (WorkerHungError,), 3, None)


@contextmanager
def cluster_workers(address: str, limit: float | None) -> Iterator[Workers]:
    """Yield the workers of a Dask scheduler; raises InputError when there are none."""
    from harness.sweep.workers.dask_cluster import ClusterExecutor, Watch, connected

    with connected(address) as client:
        from distributed.scheduler import KilledWorker

        watch = Watch(client, address)
        watch.start()
        executor = ClusterExecutor(client)
        within = "" if limit is None else f", or did not end within {limit:g} s"
        loss = f"it killed every worker that it met{within}"
        # Dask itself tries a task on several workers before it says KilledWorker
        yield Workers(executor, lambda: watch.workers, watch.check, (KilledWorker,), lambda _: loss, (), 2, limit)
