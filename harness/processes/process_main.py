"""The process that `ProcessExecutor` starts: ``python -m harness.processes.process_main MODULE:FUNCTION``.

It loads that function, says so with an empty line, then reads calls from standard input and writes results to
standard output, a line of JSON each: {"function": "module:name", "arguments": […]} in, {"result": …} or
{"error": …} out. It is gone as soon as its input closes, so no worker outlives its coordinator, however that died.
"""

import json
import os
import queue
import sys
import threading
from typing import Any

from harness.processes.calls import function, one_line


def serve(load: str) -> None:
    """Load `load`, then answer calls until the input closes."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a function prints must not mix with the answers
    calls: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(calls,), daemon=True).start()
    function(load)
    answers.write("\n")
    answers.flush()
    while True:
        answers.write(json.dumps(_answer(json.loads(calls.get()))) + "\n")
        answers.flush()


def _answer(call: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": function(call["function"])(*call["arguments"])}
    except Exception as error:
        return {"error": one_line(error)}


def _listen(calls: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        calls.put(line)
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
