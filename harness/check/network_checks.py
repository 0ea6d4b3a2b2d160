"""Level 2 as a whole: gradients of tiny networks by measured slopes, and agreement between dtypes and backends."""

from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from harness.check.facts import DERIVATIVES
from harness.check.facts.inputs_facts import packed
from harness.check.measures import DIFFERENCE, central_differences, relative, scaled, worst
from harness.check.one_check import Check
from kernels import layout
from kernels.choices import ACTIVATIONS
from kernels.layout import Images, Network, State, Workspace

NETWORKS: dict[str, dict[str, Any]] = {
    "softmax regression": {"widths": (6, 3)},
    "logistic regression": {"widths": (6, 1), "loss": "binary_cross_entropy"},
    "sigmoid, mse": {"widths": (6, 5, 4, 3), "activation": "sigmoid", "loss": "mse"},
    "tanh, binary cross-entropy": {"widths": (6, 5, 4, 3), "activation": "tanh", "loss": "binary_cross_entropy"},
    "relu": {"widths": (6, 5, 4, 3)},
    "leaky relu": {"widths": (6, 5, 4, 3), "activation": "leaky_relu", "alpha": 0.2},
    "identity": {"widths": (6, 5, 4, 3), "activation": "identity"},
    "width 1": {"widths": (6, 1, 1, 2), "activation": "tanh"},
    "residual": {"widths": (6, 5, 5, 5, 4, 3), "activation": "sigmoid", "residual": True},
    "batch norm": {"widths": (6, 5, 4, 3), "normalization": "batch"},
    "batch norm, residual": {"widths": (6, 5, 5, 5, 3), "normalization": "batch", "residual": True},
    "layer norm": {"widths": (6, 5, 4, 3), "normalization": "layer", "activation": "tanh"},
    "layer norm, residual": {"widths": (6, 5, 5, 5, 3), "normalization": "layer", "residual": True},
    "dropout": {"widths": (6, 9, 8, 3), "dropout": 0.3},
    "dropout, scaled form": {"widths": (6, 9, 8, 3), "dropout": 0.3, "input_dropout": 0.2, "dropout_form": "scaled"},
    "input dropout": {"widths": (6, 5, 3), "input_dropout": 0.2, "activation": "sigmoid", "loss": "mse"},
    "all together": {
        "widths": (6, 7, 7, 7, 3),
        "activation": "leaky_relu",
        "normalization": "batch",
        "residual": True,
        "dropout": 0.3,
        "input_dropout": 0.2,
    },
}
"""Every norm, loss and form of dropout, skips between equal widths and none between others ..."""
_SHOWN = {settings.get("activation", "relu") for settings in NETWORKS.values()}
NETWORKS |= {name: {"widths": (6, 5, 4, 3), "activation": name} for name in ACTIVATIONS if name not in _SHOWN}
"""... and every activation."""

BATCH = 7
DECAY = 0.05  # λ / n
KEY, STEP = np.uint64(0x0123456789ABCDEF), 5
KINK = 100 * DIFFERENCE  # a pre-activation nearer to ReLU's kink might cross it when a parameter moves by DIFFERENCE

DIFFERENCES, DIFFERENCES_FLOOR = 1e-6, 1e-8 / 1e-6  # rtol, atol / rtol
FLOAT32 = 1e-4  # of the largest gradient
AGREEMENT = 1e-12  # of the largest number: two orders of summing a few dozen terms in float64

_SGD = layout.optimizer("sgd")


class _Case(NamedTuple):
    """A network with its parameters, and a batch."""

    network: Network
    state: State
    images: Images
    rows: Any  # (BATCH,) int64


class _Pass(NamedTuple):
    """What one training step computed before it moved anything."""

    loss: float  # mean over the batch, plus L2
    gradients: Any  # (P,) of that loss
    workspace: Workspace


def network_checks(
    name: str, backend: ModuleType, reference: ModuleType, label: str, *, reads_packed: bool = True
) -> Iterator[Check]:
    """Yield every check of a backend's network, fed with dense images and, unless it is the reference or does not read
    them, with packed ones."""
    settings = dict(NETWORKS[name])
    widths = settings.pop("widths")
    network = layout.network(widths, **settings)
    dense = _case(network, reference)
    for sparse in (False, True) if reads_packed and backend is not reference else (False,):
        case = dense._replace(images=dense.images._replace(sparse=sparse))
        shape = f"{BATCH}x{'-'.join(map(str, widths))}{' packed' if sparse else ''}"

        def check(check: str, error: float, bound: float, dtype: str = "float64", shape: str = shape) -> Check:
            return Check(f"network: {name}", label, dtype, shape, check, error, bound)

        found = _step(backend, case)
        slopes = central_differences(partial(_loss, backend, case), case.state.parameters)
        yield check("differences", relative(found.gradients, slopes, DIFFERENCES_FLOOR), DIFFERENCES)
        narrow = _step(backend, case._replace(state=_in_dtype(case.state, "float32")))
        yield check("float64", scaled(narrow.gradients, found.gradients), FLOAT32, "float32")
        if backend is not reference:
            truth = _step(reference, dense)
            apart = worst([scaled(found.gradients, truth.gradients), scaled(found.loss, truth.loss)])
            yield check("reference", apart, AGREEMENT)
            apart = scaled(_trained(backend, case), _trained(reference, dense))
            yield check("reference, two steps", apart, AGREEMENT)
            losses, true_losses = _inference(backend, case), _inference(reference, dense)
            yield check("reference, inference", scaled(losses, true_losses), AGREEMENT)


def _case(network: Network, reference: ModuleType) -> _Case:
    """Draw parameters and a batch, again while a pre-activation lies at the kink of a ReLU."""
    for seed in range(100):
        case = _draw(network, np.random.default_rng(seed))
        kinked = not DERIVATIVES[f"{ACTIVATIONS[network.activation]}_backward"].smooth
        work = _step(reference, case).workspace
        if not kinked or np.abs(work.preactivations).min(initial=1.0) > KINK:
            return case
    raise AssertionError("no batch without a pre-activation at the kink")


def _draw(network: Network, rng: np.random.Generator) -> _Case:
    rows, inputs, classes = BATCH + 2, int(network.widths[0]), max(int(network.widths[-1]), 2)
    state = layout.new_state(network, _SGD, "float64")
    state.parameters[...] = rng.normal(0, 0.7, network.parameters).astype(np.float32)
    pixels = np.where(rng.random((rows, inputs)) < 0.5, rng.integers(1, 256, (rows, inputs)), 0).astype(np.uint8)
    labels = rng.integers(0, classes, rows).astype(np.uint8)
    pixels.flags.writeable = labels.flags.writeable = False  # as a mapped dataset: the same compiled version
    images = Images(pixels, labels, **packed(pixels), sparse=False, scale=1 / 255, shift=0.0)
    return _Case(network, state, images, rng.permutation(rows)[:BATCH])


def _step(backend: ModuleType, case: _Case) -> _Pass:
    """One training step at rate 0, so that the gradients can be read and nothing else has changed."""
    state = State(*(buffer.copy() for buffer in case.state))
    dtype = state.parameters.dtype
    work = layout.new_workspace(case.network, BATCH, dtype, sparse=case.images.sparse)
    losses, rate = np.zeros(1), np.zeros(1)
    backend.train_epoch(
        state, work, losses, case.images, case.rows, rate, case.network, _SGD, BATCH, DECAY, 0.0, KEY, STEP
    )
    penalty = backend.l2_forward(state.parameters[: case.network.weights], DECAY)
    return _Pass(float(losses[0]) + penalty, state.gradients, work)


def _trained(backend: ModuleType, case: _Case) -> Any:
    """Parameters after two steps of plain SGD, which steps with packed images in a way of its own, at two rates."""
    state = State(*(buffer.copy() for buffer in case.state))
    half = -(-BATCH // 2)
    work = layout.new_workspace(case.network, half, "float64", sparse=case.images.sparse)
    losses, rates = np.zeros(2), np.array([0.5, 0.125])
    backend.train_epoch(
        state, work, losses, case.images, case.rows, rates, case.network, _SGD, half, 0.0, 0.0, KEY, STEP
    )
    return state.parameters


def _loss(backend: ModuleType, case: _Case, parameters: Any) -> float:
    return _step(backend, case._replace(state=case.state._replace(parameters=parameters))).loss


def _in_dtype(state: State, dtype: str) -> State:
    return State(*(buffer.astype(dtype) for buffer in state))


def _inference(backend: ModuleType, case: _Case) -> Any:
    """Losses, then predicted classes of the batch in inference mode, two rows at a time."""
    losses, classes = np.full(BATCH, np.nan), np.full(BATCH, -1)
    work = layout.new_workspace(case.network, 2, "float64", sparse=case.images.sparse)
    backend.evaluate(losses, classes, work, case.state, case.images, case.rows, case.network)
    return np.concatenate([losses, classes])
