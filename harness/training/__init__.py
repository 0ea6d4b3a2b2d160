"""A trial's way through the kernels: `setup` prepares, `loop` trains, `work` is what other processes call.

`initializers`, `schedules` and `diagnostics` are pure functions; `streams` names the random streams of a seed.
"""

from harness.training.loop import TrainResult, train
from harness.training.setup import is_compiled
from harness.training.work import run_trial

__all__ = ["TrainResult", "is_compiled", "run_trial", "train"]
