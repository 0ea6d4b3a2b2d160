"""Small networks with a batch of images to feed them, and how tests drive a backend through them."""

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from harness.check.facts.inputs_facts import packed as pack
from kernels import layout
from kernels.layout import Images, Network, Optimizer, State, Workspace

KEY = np.uint64(7)
"""Of all masks of dropout here."""


class Setting(NamedTuple):
    """A network with random parameters, and images."""

    network: Network
    state: State
    workspace: Workspace
    images: Images
    rows: Any  # (n,) int64: all images, shuffled


def setting(
    widths: tuple[int, ...],
    rule: Optimizer | None = None,
    dtype: str = "float64",
    images: int = 12,
    batch: int | None = None,
    seed: int = 0,
    packed: bool = False,
    **choices: Any,
) -> Setting:
    """Return a setting, the same for the same arguments."""
    rng = np.random.default_rng(seed)
    network = layout.network(widths, **choices)
    state = layout.new_state(network, rule or layout.optimizer("sgd"), dtype)
    state.parameters[...] = rng.normal(0, 0.6, network.parameters)
    lit = rng.random((images, widths[0])) < 0.5
    pixels = np.where(lit, rng.integers(1, 256, lit.shape), 0).astype(np.uint8)
    labels = rng.integers(0, max(widths[-1], 2), images).astype(np.uint8)
    pixels.flags.writeable = labels.flags.writeable = False  # as a mapped dataset: the same compiled version
    data = Images(pixels, labels, **pack(pixels), sparse=packed, scale=1 / 255, shift=0.0)
    dense, sparse = (layout.new_workspace(network, batch or images, dtype, sparse=s) for s in (False, True))
    read_dense = {"x": dense.x, "gathered": dense.gathered, "input_mask": dense.input_mask}
    workspace = sparse._replace(**read_dense)  # for both, as the reference reads dense images only
    return Setting(network, state, workspace, data, rng.permutation(images))


def gradient(backend: ModuleType, setting: Setting, rows: Any, step: int = 0) -> tuple[float, Any]:
    """Return the mean loss of these rows and its gradients (P,)."""
    loss = backend.batch_gradient(setting.state, setting.workspace, setting.images, rows, setting.network, KEY, step)
    return loss, setting.state.gradients.copy()


def steps(
    backend: ModuleType,
    setting: Setting,
    rows: Any,
    batch_size: int,
    rule: Optimizer | None = None,
    rate: float = 0.1,
    decay: float = 0.0,
    clip_norm: float = 0.0,
    first_step: int = 0,
) -> tuple[int, Any]:
    """Train on rows, batch by batch; return the batches taken and their losses."""
    losses = np.full(-(-len(rows) // batch_size), np.nan)
    taken = backend.train_epoch(
        setting.state,
        setting.workspace,
        losses,
        setting.images,
        rows,
        np.full(len(losses), rate),
        setting.network,
        rule or layout.optimizer("sgd"),
        batch_size,
        decay,
        clip_norm,
        KEY,
        first_step,
    )
    return taken, losses
