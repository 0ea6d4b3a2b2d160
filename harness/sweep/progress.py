"""What a run tells while it runs: a live bar in a terminal, plain lines anywhere else."""

import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from harness.results.journal import Record
from harness.text import duration, note

PACE_FROM = 5  # trials


class Progress:
    """Counts the trials of a run and says nothing; its heirs show it."""

    def __init__(self) -> None:
        self.total = 0
        self.counts = {"done": 0, "diverged": 0, "failed": 0}
        self._first = 0.0  # when the first trial ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def note(self, text: str) -> None:
        """Tell one line."""

    def expect(self, trials: int) -> None:
        """So many more trials are to be run (fewer when negative)."""
        self.total += trials
        self.show("")

    def finished(self, label: str, record: Record) -> None:
        """A trial of this label (study: arm) has been recorded."""
        if self.ran == 0:
            self._first = time.monotonic()
        self.counts[record["status"]] += 1
        if record["status"] == "failed":
            self.note(f"failed: {label}, seed {record['trial']['seed']}: {record['reason']}")
        self.show(label)

    def show(self, label: str) -> None:
        """Bring the display up to date."""

    @property
    def ran(self) -> int:
        """Trials finished so far."""
        return sum(self.counts.values())

    def rate(self) -> float | None:
        """Return trials a second since the first ended, which holds its worker's start; None before that says much."""
        return (self.ran - 1) / max(time.monotonic() - self._first, 1e-9) if self.ran >= PACE_FROM else None

    def line(self, label: str) -> str:
        """Return the state in one line."""
        wrong = [f"{count} {status}" for status, count in self.counts.items() if count and status != "done"]
        parts = [f"{self.ran}/{self.total} trials", *wrong]
        if rate := self.rate():
            parts += [f"{rate:.2g}/s", f"ETA {duration((self.total - self.ran) / rate)}"]
        return "  ".join([*parts, label]).rstrip()


class PlainProgress(Progress):
    """A line at most every few seconds, for logs and pipes."""

    every = 10.0  # seconds

    def __init__(self) -> None:
        super().__init__()
        self._last = time.monotonic()

    def note(self, text: str) -> None:
        note(text)

    def show(self, label: str) -> None:
        now = time.monotonic()
        if label and (now - self._last > self.every or self.ran >= self.total):
            self._last = now
            self.note(self.line(label))


class TerminalProgress(Progress):
    """A live bar with counts, pace, time to go and the arm that finished last.

    A terminal that goes away meanwhile takes nothing with it but the bar.
    """

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(BarColumn(), TextColumn("{task.description}", markup=False), console=Console(stderr=True))
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._bar.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._bar.stop()

    def note(self, text: str) -> None:
        with suppress(OSError):
            self._bar.console.print(text, markup=False, highlight=False)

    def show(self, label: str) -> None:
        with suppress(OSError):
            self._bar.update(self._task, completed=self.ran, total=self.total, description=self.line(label))


def progress_display() -> Progress:
    """Return the display that suits where standard error goes."""
    return TerminalProgress() if sys.stderr.isatty() else PlainProgress()
