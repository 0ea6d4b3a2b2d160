"""A network that has been trained: what it predicts, what its layers hold, and the file that keeps it."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.atomic import write_atomically
from harness.errors import InputError
from harness.spec import Trial
from harness.spec.trial import trial_from
from harness.training import setup
from harness.training.threads import one_thread
from kernels import layout
from kernels.layout import Network, State, Workspace

Array = NDArray[Any]

FORMAT = "ablation-harness network 1"
KEPT = ("parameters", "running_mean", "running_variance")
"""Of the state, what a prediction reads."""
DAMAGE = (EOFError, ValueError, TypeError, LookupError, NotImplementedError, zipfile.BadZipFile, zlib.error)


class Pixels(NamedTuple):
    """What images a network takes, and what numbers it makes of them: ``x = pixel · scale + shift``."""

    shape: tuple[int, int]  # rows, columns
    scale: float
    shift: float
    sparse: bool  # the compiled first layer visits nonzero pixels only


@dataclass(frozen=True, repr=False)
class TrainedNetwork:
    """A network with its weights, and the trial that it was trained by.

    Images are raw pixels as the dataset has them: uint8, 0 to 255, of shape (n, D) or (n, rows, columns), for MNIST
    (n, 784) or (n, 28, 28). They are scaled as the training's were. Layers count from 1; the output layer is the last.
    """

    trial: Trial
    network: Network
    state: State
    pixels: Pixels

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'-'.join(map(str, self.network.widths))}>"

    def predict(self, images: Array) -> NDArray[np.uint8]:
        """Return the class of each image (n,), by the kernels that trained the network, in inference mode.

        Raises InputError for other images than those above, and where outputs are not finite, as after a divergence.
        """
        return np.concatenate([classes.astype(np.uint8) for classes, _ in self._passes(images)])

    def activations(self, images: Array) -> list[Array]:
        """Return what each layer makes of the images, a(1) … a(L): arrays (n, M) in the network's dtype.

        The last are the output's: the probability of each class under softmax. Errors as of `predict`.
        """
        parts = [self._layers(workspace, len(classes)) for classes, workspace in self._passes(images)]
        return [np.concatenate(layer) for layer in zip(*parts, strict=True)]

    def weights(self, layer: int) -> Array:
        """Return a copy of a layer's weights (D, M), a column a unit; the tutorial's W is its transpose.

        Raises InputError for a layer that the network has not.
        """
        layers = len(self.network.widths) - 1
        if not 1 <= layer <= layers:
            raise InputError(f"layer: found {layer}, expected 1 to {layers}")
        return layout.weight(self.state.parameters, self.network, layer - 1).copy()

    def save(self, path: str | Path) -> None:
        """Write all that it takes to predict to a file of NumPy's format npz, without pickle; see `load_network`.

        Raises InputError or HarnessError for a file that cannot be written.
        """
        entries = {name: getattr(self.state, name) for name in KEPT}
        entries["trial"] = json.dumps(self.trial.model_dump(mode="json"))
        entries["classes"] = self.network.widths[-1]

        def write(file: BinaryIO) -> None:
            np.savez(file, format=FORMAT, **self.pixels._asdict(), **entries)

        write_atomically(Path(path), write)

    def _passes(self, images: Array) -> Iterator[tuple[NDArray[np.int64], Workspace]]:
        """Yield the classes of some images at a time, and the workspace that their pass has left."""
        pixels = self._rows(images)
        packed = setup.pack(pixels) if self.pixels.sparse else None
        _, scale, shift, sparse = self.pixels
        data = setup.images_from(pixels, np.zeros(len(pixels), np.uint8), packed, sparse, scale, shift)
        workspace = layout.new_workspace(
            self.network, min(setup.TOGETHER, len(pixels)), self.state.parameters.dtype, sparse=sparse
        )
        for start in range(0, len(pixels), setup.TOGETHER):
            rows = np.arange(start, min(start + setup.TOGETHER, len(pixels)))
            losses, classes = np.zeros(len(rows), self.state.parameters.dtype), np.zeros(len(rows), np.int64)
            with one_thread(), np.errstate(all="ignore"):
                setup.backend(self.trial.backend).evaluate(
                    losses, classes, workspace, self.state, data, rows, self.network
                )
            if not np.isfinite(layout.rows_of(workspace.probabilities, len(rows), int(self.network.widths[-1]))).all():
                raise InputError("the network predicts nothing: its outputs are not finite, its training diverged")
            yield classes, workspace

    def _layers(self, workspace: Workspace, n: int) -> list[Array]:
        hidden, batch = range(len(self.network.widths) - 2), len(workspace.losses)
        views = [layout.unit_rows(workspace.activations, self.network, layer, batch, n) for layer in hidden]
        views.append(layout.rows_of(workspace.probabilities, n, int(self.network.widths[-1])))
        return [view.copy() for view in views]

    def _rows(self, images: Array) -> NDArray[np.uint8]:
        """Return images as rows of pixels (n, D); raises InputError for what is none."""
        inputs, found = int(self.network.widths[0]), np.asarray(images)
        if found.dtype != np.uint8 or found.shape[1:] not in ((inputs,), self.pixels.shape) or not len(found):
            rows, columns = self.pixels.shape
            raise InputError(
                f"images: found {found.dtype} {found.shape}, expected raw pixels from 0 to 255, "
                f"uint8 (n, {inputs}) or (n, {rows}, {columns})"
            )
        return np.ascontiguousarray(found.reshape(len(found), inputs))


def load_network(path: str | Path) -> TrainedNetwork:
    """Return the network that `TrainedNetwork.save` wrote; it predicts what the saved one does, bit for bit.

    Raises InputError for a file that is not there, is no such file, or is damaged.
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            if str(file["format"]) != FORMAT:
                raise InputError(f"{path}: found a network of format '{file['format']}', expected '{FORMAT}'")
            entries = dict(file)
        trial = trial_from(json.loads(str(entries["trial"])), str(path))
        rows, columns = map(int, entries["shape"])
        network = setup.network_of(trial, rows * columns, int(entries["classes"]))
        state = layout.new_state(network, setup.optimizer_of(trial), trial.dtype)
        for name in KEPT:
            buffer, kept = getattr(state, name), entries[name]
            if (buffer.shape, buffer.dtype) != (kept.shape, kept.dtype):
                raise ValueError(f"{name} {kept.dtype} {kept.shape}")
            buffer[...] = kept
        numbers = float(entries["scale"]), float(entries["shift"]), bool(entries["sparse"])
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except DAMAGE:
        raise InputError(f"{path}: damaged, or not a network that the harness saved") from None
    return TrainedNetwork(trial, network, state, Pixels((rows, columns), *numbers))
