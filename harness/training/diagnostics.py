"""What goes on inside a network, layer by layer: pure functions of arrays, and the passes that feed them.

The passes are the trial's own backend's. Of the state they change nothing but the gradients, which the next step of
training writes anew.
"""

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels import layout
from kernels.choices import ACTIVATIONS
from kernels.layout import Images, Network, State, Workspace

Array = NDArray[Any]


class LayerValues(NamedTuple):
    """One hidden layer on a batch of N rows."""

    preactivations: Array  # (N, M) what enters the activation: after norm and skip
    activations: Array  # (N, M)


def gradient_norms(gradients: Array, network: Network) -> list[float]:
    """Return ‖∂L/∂W‖ of each layer, the output layer last."""
    return [_norm(layout.weight(gradients, network, layer)) for layer in range(len(network.widths) - 1)]


def bias_gradient_norms(gradients: Array, network: Network) -> list[float]:
    """Return ‖∂L/∂b‖ of each layer, the output layer last."""
    return [_norm(layout.bias(gradients, network, layer)) for layer in range(len(network.widths) - 1)]


def weight_norms(parameters: Array, network: Network) -> list[float]:
    """Return ‖W‖ of each layer, the output layer last."""
    return [_norm(layout.weight(parameters, network, layer)) for layer in range(len(network.widths) - 1)]


def dead_shares(
    kernels: ModuleType,
    workspace: Workspace,
    state: State,
    images: Images,
    rows: NDArray[np.int64],
    network: Network,
) -> list[float]:
    """Share of each hidden layer's units that are active (a > 0) on none of the named rows, in inference mode.

    0 for activations whose units cannot be inactive on every image.
    """
    hidden = network.widths[1:-1]
    if ACTIVATIONS[network.activation] not in ("relu", "leaky_relu"):
        return [0.0] * len(hidden)
    batch = len(workspace.losses)
    losses, classes = np.zeros(batch, state.parameters.dtype), np.zeros(batch, np.int64)
    active = [np.zeros(width, np.bool_) for width in hidden]
    for start in range(0, len(rows), batch):
        chunk = rows[start : start + batch]
        n = len(chunk)
        kernels.evaluate(losses[:n], classes[:n], workspace, state, images, chunk, network)
        for layer, seen in enumerate(active):
            seen |= (layout.unit_rows(workspace.activations, network, layer, batch, n) > 0).any(axis=0)
        if all(seen.all() for seen in active):
            break
    return [float(np.mean(~seen)) for seen in active]


def distinct_share(activations: Array) -> float:
    """Share of units (N, M) that differ from all units before them on some row: 1 / M where all M do the same.

    Units that agree to a millionth of the layer's largest activation count as one.
    """
    units = activations.T.astype(np.float64)
    tolerance = 1e-6 * np.abs(units).max()
    different = np.array([*{unit.tobytes(): unit for unit in units}.values()])  # the dead, among others, are the same
    # units that agree on every row agree in their sums, too: few have to be compared
    sums = different.sum(axis=1)
    order = np.argsort(sums)
    ends = np.searchsorted(sums[order], sums[order] + 2 * units.shape[1] * tolerance, side="right")
    repeated = np.zeros(len(different), np.bool_)
    for place in np.flatnonzero(ends > np.arange(1, len(order) + 1)):
        unit, near = order[place], order[place + 1 : ends[place]]
        alike = near[np.abs(different[near] - different[unit]).max(axis=1) <= tolerance]
        repeated[np.maximum(alike, unit)] = True
    return float(np.count_nonzero(~repeated) / len(units))


def saturated_share(activations: Array, activation: str) -> float:
    """Share of entries where the activation's slope is below 5 % of its steepest; 0 for ReLU and its like."""
    if activation == "sigmoid":
        return float(np.mean(4 * activations * (1 - activations) < 0.05))
    if activation == "tanh":
        return float(np.mean(1 - activations**2 < 0.05))
    return 0.0


def drift(before: Array, after: Array) -> tuple[float, float]:
    """How far the distribution of each unit's pre-activation (N, M) moved, averaged over units.

    Return the shift of the mean in units of the former standard deviation, and the change of the log variance.
    """
    scale = before.std(axis=0) + 1e-12
    shift = np.abs(after.mean(axis=0) - before.mean(axis=0)) / scale
    stretch = np.abs(np.log((after.var(axis=0) + 1e-12) / (before.var(axis=0) + 1e-12)))
    return float(shift.mean()), float(stretch.mean())


def gradients(
    kernels: ModuleType,
    workspace: Workspace,
    state: State,
    images: Images,
    rows: NDArray[np.int64],
    network: Network,
    key: np.uint64,
    step: int,
) -> Array:
    """Return the gradient (P,) of the mean loss on a batch in training mode: the state's own buffer."""
    statistics = state.running_mean.copy(), state.running_variance.copy()
    kernels.batch_gradient(state, workspace, images, rows, network, key, step)
    state.running_mean[...], state.running_variance[...] = statistics
    return state.gradients


def inspect(
    kernels: ModuleType,
    workspace: Workspace,
    state: State,
    images: Images,
    rows: NDArray[np.int64],
    network: Network,
) -> list[LayerValues]:
    """Pass a batch through in training mode without dropout; return each hidden layer's values, views of the workspace.

    The gradients of the batch are left in the state.
    """
    plain = network._replace(dropout=0.0, input_dropout=0.0)
    gradients(kernels, workspace, state, images, rows, plain, np.uint64(0), 0)

    def view(buffer: Array, layer: int) -> Array:
        return layout.unit_rows(buffer, plain, layer, len(workspace.losses), len(rows))

    hidden = range(len(network.widths) - 2)
    return [LayerValues(view(workspace.preactivations, i), view(workspace.activations, i)) for i in hidden]


def layer_rows(
    epoch: int,
    values: list[LayerValues],
    state: State,
    network: Network,
    before: list[Array] | None,
    dead: list[float],
) -> list[dict[str, Any]]:
    """Return the per-layer figures as rows of `layers.csv`; layers count from 1, the output layer last.

    `values` and the state's gradients are those of the training images looked at, `before` the pre-activations of these
    at the last look, `dead` the shares of units that are.
    """
    rows: list[dict[str, Any]] = []

    def add(layer: int, **metrics: float) -> None:
        for metric, value in metrics.items():
            rows.append({"epoch": epoch, "layer": layer + 1, "metric": metric, "value": value})

    activation = ACTIVATIONS[network.activation]
    for layer, (z, a) in enumerate(values):
        add(
            layer,
            preactivation_mean=float(z.mean()),
            preactivation_variance=float(z.var()),
            activation_mean=float(a.mean()),
            activation_variance=float(a.var()),
            dead_units=dead[layer],
            distinct_units=distinct_share(a),
            saturated=saturated_share(a, activation),
        )
        if before is not None:
            shift, stretch = drift(before[layer], z)
            add(layer, mean_drift=shift, variance_drift=stretch)
    norms = (
        gradient_norms(state.gradients, network),
        bias_gradient_norms(state.gradients, network),
        weight_norms(state.parameters, network),
    )
    for layer, (gradient, bias, weight) in enumerate(zip(*norms, strict=True)):
        add(layer, gradient_norm=gradient, bias_gradient_norm=bias, weight_norm=weight)
    return rows


def _norm(x: Array) -> float:
    return float(np.linalg.norm(x.astype(np.float64)))
