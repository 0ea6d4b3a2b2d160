"""Work of the report in several processes side by side: a call goes to one of them, its answer is waited for later."""

import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from harness.errors import HarnessError
from harness.processes.executor import ProcessExecutor, WorkerLostError

CALLS_A_PROCESS = 4  # it takes as long to start as one or two of them

T = TypeVar("T")
Begin = Callable[..., Callable[[], T]]


@contextmanager
def side_by_side(calls: int, processes: int) -> Iterator[Begin[Any]]:
    """Yield ``begin(function, *arguments)``, which begins a call and returns what waits for its result.

    Of `processes`, no more are started than so many calls keep busy; with one, a call is made here, when it is waited
    for. Functions are of modules, arguments and results can be pickled. Waiting raises what the function raised, where
    that is a HarnessError, and a HarnessError of one line when the process is lost.
    """
    processes = min(processes, calls // CALLS_A_PROCESS)
    if processes < 2:
        yield partial
        return
    with ProcessExecutor(processes, f"{__name__}:answer") as executor:
        yield lambda *call: partial(_result, executor.submit(answer, _packed(call)))


def answer(packed: str) -> str:
    """Make a call, packed as a text, and return its result or its HarnessError, packed alike."""
    function, *arguments = _unpacked(packed)
    try:
        return _packed(function(*arguments))
    except HarnessError as error:
        return _packed(error)


def _result(future: Any) -> Any:
    try:
        found = _unpacked(future.result())
    except WorkerLostError as error:
        raise HarnessError(f"the report cannot be drawn: {error}") from None
    if isinstance(found, HarnessError):
        raise found
    return found


def _packed(value: Any) -> str:
    return b64encode(pickle.dumps(value)).decode()


def _unpacked(text: str) -> Any:
    return pickle.loads(b64decode(text))
