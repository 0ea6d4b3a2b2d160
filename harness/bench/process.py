"""The process that measures: one thread, one core, fresh, and gone afterwards."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.processes.executor import ProcessExecutor


@contextmanager
def measuring_process(cache: str | None = None) -> Iterator[Callable[..., Any]]:
    """Yield ``ask(function, *arguments)``, which calls a function of a module in a process of its own.

    Arguments and results are JSON values. The process has one core, and each library one thread, which is set before
    NumPy is imported; `cache` names a folder for its compiled code, in place of the usual one. It works only while it
    answers a call, so of several such processes only the one that is asked is busy.
    """
    executor = ProcessExecutor(1, f"{__name__}:settle")

    def ask(function: Callable[..., Any], *arguments: Any) -> Any:
        return executor.submit(function, *arguments).result()

    try:
        ask(settle, cache)
        yield ask
    finally:
        executor.kill()


def settle(cache: str | None) -> None:
    """Keep to one core, and compile into `cache` if it is given; NumPy and the kernels must not be imported yet."""
    if cache is not None:
        os.environ["HARNESS_CACHE"] = cache
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    loaded = sorted({"numpy", "numba", "torch", "jax"} & set(sys.modules))
    if loaded:
        raise RuntimeError(f"imported before this process was settled: {', '.join(loaded)}")
