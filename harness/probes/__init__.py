"""Measurements that are not a training run: pure functions of parameters and a seed.

One file a probe, with a function of its name that takes its table in `harness.spec.probes` and returns `Measured`.
"""

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from harness.probes.measured import Measured
from harness.spec.probe import Probe
from harness.spec.probes import run_from
from harness.training.threads import one_thread

__all__ = ["Measured", "measure", "run_probe"]


def measure(probe: Probe) -> Measured:
    """Return what a probe measures; raises ValueError where that is not what its table says."""
    measured = function_of(probe)(probe)
    if (tuple(measured.metrics), tuple(measured.rows)) != (probe.METRICS, probe.ROWS):
        raise ValueError(f"probe '{probe.probe}': measured {measured.metrics.keys()}, rows {measured.rows.keys()}")
    return measured


def function_of(probe: Probe) -> Callable[[Any], Measured]:
    """Return the function that measures a probe."""
    function: Callable[[Any], Measured] = getattr(import_module(f"harness.probes.{probe.probe}"), probe.probe)
    return function


def run_probe(fields: dict[str, Any]) -> dict[str, Any]:
    """Run the probe with these fields; its record has `metrics` and `rows` in plain JSON values.

    A figure that is not finite is None there.
    """
    probe = run_from(fields)
    assert isinstance(probe, Probe)
    function_of(probe)  # the time to import it is not its own
    started = time.perf_counter()
    with one_thread():
        measured = measure(probe)
    return {
        "status": "done",
        "reason": "",
        "trial": probe.model_dump(mode="json"),
        "metrics": {name: float(value) for name, value in measured.metrics.items()},
        "rows": {name: [float(value) for value in values] for name, values in measured.rows.items()},
        "seconds": time.perf_counter() - started,
    }
