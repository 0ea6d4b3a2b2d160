"""Worker processes that outlive no coordinator and fail one call at a time.

Each worker is kept by one thread that hands it a call and waits. A worker that dies or hangs therefore fails one
future, and which one is never in doubt; the standard library's process pool would break as a whole.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, NamedTuple

from harness.errors import HarnessError

START_LIMIT = 300.0  # seconds in which a worker must have loaded its code
FEWER = "the system limits threads or processes, so try fewer: --jobs N"
ENDING_LIMIT = 2.0  # seconds in which a worker whose pipes are closed ends by itself, and so says how

THREAD_VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}
"""One thread each, to be set before NumPy is imported."""


class WorkerLostError(Exception):
    """A worker died under a call; the message says how."""


class WorkerHungError(Exception):
    """A worker was still busy at the end of the time limit and was killed."""


class ProcessEndedError(WorkerLostError):
    """The worker process ended under a call, with `code` as its exit code, negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(_ending(code))
        self.code = code


class ProcessExecutor(Executor):
    """Runs importable functions of JSON-able arguments and results in `processes` fresh interpreters.

    Each loads the function `load` (``module:name``) before its first call, so that `limit`, the seconds that one
    call may take (None: any), counts none of that. It may be changed for calls to come. Futures end with
    ProcessEndedError, WorkerHungError, or with HarnessError for a call that raised. Leaving its `with` block by an
    exception kills the workers.
    """

    def __init__(self, processes: int, load: str, limit: float | None = None) -> None:
        self.limit = limit
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._keepers: list[_Keeper] = []
        try:
            for _ in range(processes):
                keeper = _Keeper(self._calls, load)
                keeper.start()
                self._keepers.append(keeper)
        except RuntimeError as error:  # the system gives no more threads
            self.kill()
            raise HarnessError(f"{processes} workers cannot be started ({error}); {FEWER}") from None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Queue a call of a module-level function; keyword arguments are not carried."""
        if kwargs:
            raise TypeError("ProcessExecutor carries positional arguments only")
        future: Future = Future()
        call = {"function": f"{fn.__module__}:{fn.__qualname__}", "arguments": args}
        self._calls.put(_Call(future, json.dumps(call), self.limit))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers go when the calls in the queue are done; `cancel_futures` drops those not begun."""
        if cancel_futures:
            self._drop_calls()
        for _ in self._keepers:
            self._calls.put(None)
        if wait:
            for keeper in self._keepers:
                keeper.join()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.shutdown()
        else:
            self.kill()

    def kill(self) -> None:
        """Kill every worker now; the futures in hand end with ProcessEndedError, the others are cancelled."""
        self._drop_calls()
        for keeper in self._keepers:
            keeper.dismissed = True
            keeper.kill_worker()
        self.shutdown(wait=True)

    def _drop_calls(self) -> None:
        while True:
            try:
                waiting = self._calls.get_nowait()
            except queue.Empty:
                return
            if waiting is not None:
                waiting.future.cancel()


class _Call(NamedTuple):
    future: Future
    text: str
    limit: float | None


class _Keeper(threading.Thread):
    """Keeps one worker process: starts it at the first call, and again after it was lost."""

    def __init__(self, calls: "queue.SimpleQueue[_Call | None]", load: str) -> None:
        super().__init__(daemon=True)
        self.dismissed = False
        self._calls = calls
        self._load = load
        self._worker: subprocess.Popen[str] | None = None

    def run(self) -> None:
        _spare_children_signals()
        while (call := self._calls.get()) is not None:
            if call.future.set_running_or_notify_cancel():
                try:
                    call.future.set_result(self._ask(call))
                except Exception as error:
                    call.future.set_exception(error)
            del call  # a result is held by whoever waits for it, not here until the next call
        self._bury()

    def kill_worker(self) -> None:
        worker = self._worker
        if worker is not None:
            worker.kill()

    def _bury(self) -> int:
        """End the worker, if there is one, and return its exit code."""
        worker, self._worker = self._worker, None
        return _buried(worker) if worker else 0

    def _ask(self, call: _Call) -> Any:
        worker = self._ready_worker()
        answer = json.loads(self._exchange(worker, call.text + "\n", call.limit))
        if "error" in answer:
            raise HarnessError(f"a worker process cannot do its work: {answer['error']}")
        return answer["result"]

    def _ready_worker(self) -> "subprocess.Popen[str]":
        if self._worker is None or self._worker.poll() is not None:
            self._bury()
            self._worker = _start_worker(self._load)
            if self.dismissed:
                self.kill_worker()
            try:
                self._exchange(self._worker, "", START_LIMIT)
            except WorkerHungError as error:
                raise HarnessError(f"a worker process does not start: {error}") from None
            except ProcessEndedError as error:
                if error.code < 0:  # killed, as may happen to any
                    raise
                raise HarnessError(f"a worker process cannot load its code: {error}") from None
        return self._worker

    def _exchange(self, worker: "subprocess.Popen[str]", text: str, limit: float | None) -> str:
        """Write to the worker and return the line it answers with, unless it dies or `limit` seconds pass."""
        assert worker.stdin is not None
        assert worker.stdout is not None
        hung = threading.Event()

        def end() -> None:
            hung.set()
            worker.kill()

        alarm = threading.Timer(limit or 0, end)
        alarm.daemon = True
        if limit is not None:
            alarm.start()
        try:
            worker.stdin.write(text)
            worker.stdin.flush()
            line = worker.stdout.readline()
        except OSError:
            line = ""
        finally:
            alarm.cancel()
        if line.endswith("\n"):
            return line
        code = self._bury()
        raise WorkerHungError(f"timed out after {limit:g} s") if hung.is_set() else ProcessEndedError(code)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start_worker(load: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join(filter(None, (entry or _current_folder() for entry in sys.path)))
    try:
        return subprocess.Popen(  # -P: not the current folder first
            [sys.executable, "-P", "-m", "harness.processes.process_main", load],
            env=os.environ | THREAD_VARIABLES | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
    except OSError as error:
        raise HarnessError(f"a worker process cannot be started ({error.strerror}); {FEWER}") from None


def _current_folder() -> str:
    """Return the current folder; nothing where it has been deleted, so that nothing can be imported from it."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def _buried(worker: "subprocess.Popen[str]") -> int:
    """Make sure that a worker is gone and return its exit code."""
    for pipe in (worker.stdin, worker.stdout):
        with suppress(OSError):
            pipe.close()  # type: ignore[union-attr]
    with suppress(subprocess.TimeoutExpired):
        worker.wait(ENDING_LIMIT)
    worker.kill()
    return worker.wait()


def _ending(code: int) -> str:
    if code >= 0:
        return f"its worker process ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"its worker process was killed by {name}"


def _spare_children_signals() -> None:
    """Ctrl-C goes to every process of a terminal, SIGTERM to every one of a service; the coordinator hears them.

    Children inherit from this thread that they do not.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
