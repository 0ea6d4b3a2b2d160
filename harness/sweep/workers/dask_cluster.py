"""The workers of a Dask cluster, for ``--scheduler tcp://HOST:PORT``."""

import logging
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from typing import Any

from harness.errors import HarnessError, InputError
from harness.processes.executor import WorkerLostError
from harness.spec.probes import Run
from harness.sweep.progress import Progress
from harness.sweep.workers.call import execute
from harness.sweep.workers.pool import Stop, Workers

CONNECT_LIMIT = 10.0  # seconds for the scheduler to answer, and then for a first worker to be there
LOST_LIMIT = 30.0  # seconds without scheduler or without any worker, after which the sweep stops
ASK_EVERY = 1.0  # seconds


@contextmanager
def dask_workers(address: str, limit: float | None) -> Iterator["DaskWorkers"]:
    """Yield the workers of a scheduler, which end a trial after `limit` seconds; raises InputError, naming the address,
    when no scheduler or no worker is there."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler: Dask is not installed; pip install 'ablation-harness[cluster]'") from None
    for name in ("distributed", "distributed.client"):  # what they log of a lost scheduler says less than we do
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECT_LIMIT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise InputError(f"--scheduler {address}: no scheduler answers there ({reason})") from None
    try:
        _require_workers(client, address)
        yield DaskWorkers(client, address, limit)
    finally:
        with suppress(Exception), warnings.catch_warnings(action="ignore"):
            client.close(timeout=2)


def _require_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT_LIMIT)
    except TimeoutError:
        raise InputError(f"--scheduler {address}: has no workers; start some with `dask worker {address}`") from None
    for name, threads in client.nthreads().items():
        if threads != 1:
            raise InputError(
                f"--scheduler {address}: worker {name} runs {threads} trials in one process, expected 1; "
                "start it with `dask worker --nthreads 1`"
            )


class DaskWorkers(Workers):
    """The workers of a cluster, where every future ends as long as the client is connected.

    `Client.get_executor` leaves one pending for ever when a worker dies with an answer that nobody has fetched yet
    and the second run of the same task fails.
    """

    attempts = 2  # Dask itself tries a task on several workers before it says KilledWorker

    def __init__(self, client: Any, address: str, limit: float | None) -> None:
        self._client = client
        self._limit = limit
        self._watch = Watch(client, address)
        self._watch.start()

    def submit(self, work: str, fields: dict[str, Any]) -> Future:
        # the worker ends itself at the limit, because nobody else can end it
        task = self._client.submit(execute, work, fields, self._limit, pure=False)
        future: Future = Future()
        future.add_done_callback(lambda ended: task.cancel() if ended.cancelled() else None)
        self._client.loop.add_callback(self._hand_over, task, future)
        return future

    def slots(self) -> int:
        return self._watch.workers

    def check(self) -> None:
        self._watch.check()

    def warm_up(self, trials: Iterable[Run], stop: Stop, progress: Progress) -> None:
        """Each worker compiles at its first trial: nobody here can know which of them share a cache."""

    async def _hand_over(self, task: Any, future: Future) -> None:
        """End `future` as `task` of Dask ends; one that the cluster gave up, or cannot deliver, ends as cancelled."""
        answer: Any = None
        error: BaseException | None = None
        try:
            answer = await self._client.gather(task, asynchronous=True)
        except Exception as raised:
            error = self._meaning(raised, task)
        if not future.set_running_or_notify_cancel():
            return
        if error is None:
            future.set_result(answer)
        else:
            future.set_exception(error)

    def _meaning(self, raised: Exception, task: Any) -> BaseException:
        from distributed.scheduler import KilledWorker

        if isinstance(raised, KilledWorker):
            within = "" if self._limit is None else f", or did not end within {self._limit:g} s"
            return WorkerLostError(f"it killed every worker that it met{within}")
        undelivered = isinstance(raised, OSError) and task.status != "error"
        return CancelledError(str(raised)) if undelivered else raised


class Watch(threading.Thread):
    """Asks the scheduler for its workers all the time, and so notices when it is lost rather than slow."""

    def __init__(self, client: Any, address: str) -> None:
        super().__init__(daemon=True)
        self.workers = len(client.nthreads())
        self._client = client
        self._address = address
        self._well = time.monotonic()

    def run(self) -> None:
        while self._client.status not in ("closing", "closed"):
            try:
                self.workers = len(self._client.nthreads())
            except Exception:  # the client's own ways to say that it is reconnecting
                self.workers = 0
            if self.workers:
                self._well = time.monotonic()
            time.sleep(ASK_EVERY)

    def check(self) -> None:
        """Raise HarnessError when the scheduler, or every worker, is gone or has been silent for LOST_LIMIT."""
        if self._client.status in ("closing", "closed"):
            raise HarnessError(f"scheduler {self._address} is lost; everything finished is kept")
        if time.monotonic() - self._well > LOST_LIMIT:
            what = "has no workers left" if self._client.status == "running" else "is lost"
            raise HarnessError(f"scheduler {self._address} {what}; everything finished is kept")
