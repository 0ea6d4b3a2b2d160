"""Networks from scratch: kernels driven by an ablation and benchmark harness.

    from harness import Trial, train, run, load_results

    train(Trial(hidden=(64, 64), epochs=3)).plot_curve()   # one trial; it also predicts, gives its weights, is saved
    run("optimizer", profile="smoke").trials               # a study, its trials as a DataFrame
    load_results("results/local/quick").curves             # what an earlier run left

Nothing heavy is imported before it is asked for.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Trial": "harness.spec",
    "Study": "harness.spec",
    "load_study": "harness.spec",
    "train": "harness.api",
    "load_network": "harness.training",
    "run": "harness.api",
    "load_results": "harness.results.frames",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
