"""A trial's way through the kernels: `setup` prepares, `loop` trains, `work` is what other processes call.

`samples` names the images that are trained on and evaluated, `trained` has what a network is good for afterwards.
`initializers`, `schedules` and `diagnostics` are pure functions; `streams` names the random streams of a seed.
"""

from harness.training.loop import TrainResult, train
from harness.training.setup import is_compiled
from harness.training.trained import TrainedNetwork, load_network
from harness.training.work import run_trial

__all__ = ["TrainResult", "TrainedNetwork", "is_compiled", "load_network", "run_trial", "train"]
