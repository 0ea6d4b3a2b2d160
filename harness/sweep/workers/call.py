"""What a worker process does with one trial, wherever that process runs."""

import faulthandler
import os
from functools import cache
from typing import Any

from harness.processes.calls import function, one_line
from harness.sweep.code_digest import code_digest
from harness.sweep.workers.environment import capture

RUN_TRIAL = "harness.sweep.workers.work:run"


def execute(work: str, fields: dict[str, Any], time_limit: float | None = None) -> dict[str, Any]:
    """Run ``work`` (``module:function``, fields → record) and say with which sources and where it ran.

    Returns ``code_digest`` and ``environment``, with ``record`` or, when the trial raised, ``error``: one line.
    A process that is still busy after `time_limit` seconds ends itself, whatever it is doing.
    """
    if time_limit is not None:
        faulthandler.dump_traceback_later(time_limit, exit=True, file=_sink())
    try:
        answer = {"record": function(work)(fields)}
    except BaseException as error:  # a trial that calls sys.exit has failed, too
        answer = {"error": one_line(error)}
    finally:
        if time_limit is not None:
            faulthandler.cancel_dump_traceback_later()
    code = "probe" if "probe" in fields else fields["backend"]
    return answer | {"code_digest": code_digest(code), "environment": capture()}


@cache
def _sink() -> int:
    return os.open(os.devnull, os.O_WRONLY)
