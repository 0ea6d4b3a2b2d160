"""Who is compared: each module trains the same network on the same images, in its own way.

``start(recipe, data)`` returns a function that trains on the rows it is given, batch by batch, and returns the mean
of the batches' losses; or None for a recipe that the contender cannot follow. The function gathers the batches itself,
takes forward pass, backward pass and update, and computes in float32 unless its module says otherwise. NumPy's matrix
products are warm before it is called (`harness.training.threads.warm_up`); one that multiplies by another library
begins with a product of the same sizes there.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.bench.recipes import Recipe
from harness.datasets import Dataset

Train = Callable[[NDArray[np.int64]], float]


class Data(NamedTuple):
    """The training images, and the first weights of all contenders."""

    dataset: Dataset
    weights: list[NDArray[np.float32]]  # (D, M) of each layer; biases start at 0, scales at 1

    @property
    def images(self) -> NDArray[np.float32]:
        """Return the images (60000, 784) in [0, 1], a new array each time."""
        return np.divide(self.dataset.train_images, 255, dtype=np.float32)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Return the labels (60000,)."""
        return self.dataset.train_labels.astype(np.int64)


Weights = list[NDArray[np.float32]]  # (S, D, M) of each layer, of S seeds


class Learners(NamedTuple):
    """Networks of S seeds that learn side by side.

    ``train(order)`` takes the rows (S, steps · B) of each, batch by batch. ``validate()`` and ``test()`` return losses
    (S,) and accuracies (S,).
    """

    train: Callable[[NDArray[np.int64]], None]
    validate: Callable[[], tuple[NDArray[Any], NDArray[Any]]]
    test: Callable[[], tuple[NDArray[Any], NDArray[Any]]]


class Contender(NamedTuple):
    """A row of the benchmark: the function that starts it, and the package that must be installed."""

    start: str  # module:function below this package
    package: str | None = None
    peer: bool = False

    @property
    def installed(self) -> bool:
        """Tell whether its package is installed."""
        return self.package is None or find_spec(self.package) is not None

    def load(self) -> Callable[[Recipe, Data], Train | None]:
        """Import its module and return the function that starts it."""
        module, _, function = self.start.partition(":")
        found: Any = getattr(import_module(f"{__name__}.{module}"), function)
        return found


OURS, DENSE, NUMPY, SGEMM = "numba", "numba dense", "numpy", "bare sgemm"
TORCH, JAX, SKLEARN, TUTORIAL = "pytorch eager", "jax jit+scan", "scikit-learn", "tutorial"
CONTENDERS = {
    OURS: Contender("ours:start_as_used"),
    DENSE: Contender("ours:start_dense"),
    NUMPY: Contender("ours:start_numpy"),
    SGEMM: Contender("sgemm:start"),
    TORCH: Contender("torch_eager:start", "torch", peer=True),
    JAX: Contender("jax_scan:start", "jax", peer=True),
    SKLEARN: Contender("sklearn_mlp:start", "sklearn", peer=True),
    TUTORIAL: Contender("tutorial:start", peer=True),
}
