"""What the runner asks of the workers that train, wherever these are."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from harness.spec.probes import Run
from harness.sweep.progress import Progress

POLL = 0.2  # seconds between looks at interruption and at the state of the workers


class Stop:
    """Set `requested` to end a run: nothing new is started, what runs may finish."""

    def __init__(self) -> None:
        self.requested = False
        self.signal: int | None = None  # that ended it, rather than a rule


class Workers(ABC):
    """Processes that run trials."""

    attempts: int
    """How often a trial may lose its worker before it is given up."""

    @abstractmethod
    def submit(self, work: str, fields: dict[str, Any]) -> Future:
        """Start ``call.execute(work, fields)`` in a worker.

        The future ends with the answer, or with WorkerLostError, WorkerHungError, with CancelledError where a cluster
        gave the call up, or with HarnessError where the workers cannot run trials at all.
        """

    @abstractmethod
    def slots(self) -> int:
        """Return how many trials can run at once, now."""

    @abstractmethod
    def check(self) -> None:
        """Raise HarnessError when the workers are lost for good."""

    @abstractmethod
    def warm_up(self, trials: Iterable[Run], stop: Stop, progress: Progress) -> None:
        """Do before the first of `trials` what would hold up several workers at once."""
