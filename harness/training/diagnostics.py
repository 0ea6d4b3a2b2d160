"""What goes on inside a network, layer by layer: pure functions of arrays, and the pass that feeds them.

The pass is the reference's, on a fixed batch, in training mode without dropout; it leaves the trial's state alone.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.training.setup import backend
from kernels import layout
from kernels.choices import ACTIVATIONS
from kernels.layout import Images, Network, State

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


def can_die(network: Network) -> bool:
    """Tell whether a unit of the network's activation can be inactive on every image."""
    return ACTIVATIONS[network.activation] in ("relu", "leaky_relu")


def dead_share(activations: Array) -> float:
    """Share of units that are active (a > 0) on none of the rows (N, M)."""
    return float(np.mean(~(activations > 0).any(axis=0)))


def distinct_share(activations: Array) -> float:
    """Share of units (N, M) that differ from all units before them on some row: 1 / M where all M do the same.

    Units that agree to a millionth of the layer's largest activation count as one.
    """
    from scipy.spatial.distance import cdist  # a tenth of a second, which trials without diagnostics need not wait for

    units = activations.T.astype(np.float64)
    alike = cdist(units, units, "chebyshev") <= 1e-6 * np.abs(units).max()
    return float(np.mean(~np.tril(alike, k=-1).any(axis=1)))


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


def inspect(state: State, network: Network, images: Images, rows: NDArray[np.int64]) -> tuple[list[LayerValues], Array]:
    """Run the reference on the named rows; return each hidden layer's values and the gradients (P,)."""
    plain = network._replace(dropout=0.0, input_dropout=0.0)
    copy = State(*(buffer.copy() for buffer in state))
    work = layout.new_workspace(plain, len(rows), state.parameters.dtype, sparse=False)
    backend("numpy").batch_gradient(copy, work, images, rows, plain, np.uint64(0), 0)

    def view(buffer: Array, layer: int) -> Array:
        return layout.unit_rows(buffer, plain, layer, len(rows), len(rows))

    hidden = range(len(network.widths) - 2)
    return [LayerValues(view(work.preactivations, i), view(work.activations, i)) for i in hidden], copy.gradients


def layer_rows(
    epoch: int,
    values: list[LayerValues],
    gradients: Array,
    state: State,
    network: Network,
    before: list[LayerValues] | None,
    validation: list[LayerValues],
) -> list[dict[str, Any]]:
    """Return the per-layer figures as rows of `layers.csv`; layers count from 1, the output layer last.

    `values` are those of the training images looked at, `before` theirs at the last look; whether a unit is dead is
    counted on the `validation` images.
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
            dead_units=dead_share(validation[layer].activations) if can_die(network) else 0.0,
            distinct_units=distinct_share(a),
            saturated=saturated_share(a, activation),
        )
        if before is not None:
            shift, stretch = drift(before[layer].preactivations, z)
            add(layer, mean_drift=shift, variance_drift=stretch)
    norms = (gradient_norms(gradients, network), bias_gradient_norms(gradients, network))
    for layer, (gradient, bias, weight) in enumerate(zip(*norms, weight_norms(state.parameters, network), strict=True)):
        add(layer, gradient_norm=gradient, bias_gradient_norm=bias, weight_norm=weight)
    return rows


def _norm(x: Array) -> float:
    return float(np.linalg.norm(x.astype(np.float64)))
