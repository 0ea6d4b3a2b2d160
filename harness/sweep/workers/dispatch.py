"""Hands trials to workers, a few at a time, and yields what comes back."""

import os.path
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any, NamedTuple

from harness.datasets.catalog import has_name
from harness.errors import HarnessError
from harness.processes.calls import one_line
from harness.processes.executor import WorkerHungError, WorkerLostError
from harness.spec.probes import Run
from harness.sweep.workers.pool import POLL, Stop, Workers


class Task(NamedTuple):
    """A trial, or a run of a probe, to be made, and the arm that asked for it first."""

    trial_id: str
    trial: Run
    study: str
    arm: str


def dispatch(queue: deque[Task], workers: Workers, work: str, stop: Stop) -> Iterator[tuple[Task, dict[str, Any]]]:
    """Run the tasks of `queue`, which may grow meanwhile, and yield each with the answer of `execute`.

    At most two tasks a worker are on their way. A task that loses its worker is tried again alone, so that a trial
    which kills every worker takes nobody with it; in the end its answer is an `error`, as for one that raises.
    """
    flying: dict[Future, Task] = {}
    alone: deque[Task] = deque()
    losses: Counter[str] = Counter()

    def launch(task: Task) -> None:
        source = task.trial.source
        fields = task.trial.model_dump(mode="json") | ({"dataset": _from_anywhere(source)} if source else {})
        flying[workers.submit(work, fields)] = task

    while flying or ((queue or alone) and not stop.requested):
        if stop.requested:
            for future in flying:
                future.cancel()
        elif alone:
            if not flying:
                launch(alone.popleft())
        else:
            while queue and len(flying) < 2 * workers.slots():
                launch(queue.popleft())
        if not flying:
            time.sleep(POLL)  # a cluster without workers, for now
        ended, _ = wait(flying, timeout=POLL, return_when=FIRST_COMPLETED)
        failure: HarnessError | None = None  # raised when all that has ended well is handed over
        for future in ended:
            task = flying.pop(future)
            try:
                answer = future.result()
            except CancelledError:  # ours after a stop, else the cluster's, which then must prove that it lives
                queue.appendleft(task)
                continue
            except WorkerHungError as error:
                answer = {"error": str(error)}
            except WorkerLostError as error:
                losses[task.trial_id] += 1
                if losses[task.trial_id] < workers.attempts:
                    alone.append(task)
                    continue
                answer = {"error": f"{error}, {losses[task.trial_id]} times"}
            except HarnessError as error:
                failure = error
                continue
            except Exception as error:
                failure = HarnessError(f"the workers cannot run trials: {one_line(error)}")
                failure.__cause__ = error
                continue
            yield task, answer
        workers.check()
        if failure is not None:
            raise failure


def _from_anywhere(dataset: str) -> str:
    """Return a dataset's name, or its folder as a process in another folder would write it."""
    return dataset if has_name(dataset) else os.path.abspath(os.path.expanduser(dataset))
