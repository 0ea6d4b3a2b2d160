"""What a network is and where its numbers lie: plain tuples of arrays and numbers that both backends read.

All parameters of a network live in one 1-D buffer, all weight matrices first (so that what decays is one leading
slice), then each layer's bias, gamma and beta. Gradients and optimizer state have the same layout, so an optimizer
step is one vector operation whatever the depth, and the hash of the weights is the hash of one buffer.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from kernels.choices import ACTIVATIONS, LOSSES, NORMALIZATIONS, OVER_THE_BATCH, RULES, STEPS, Optimizer

NO_NORM = NORMALIZATIONS.index("none")

CACHE_LINE = 64  # bytes, on all current machines
NORM_EPSILON = 1e-5
NORM_MOMENTUM = 0.9

# The sparse first layer (see kernels.numba_backend.sparse) lists what is not zero, a place and a pixel in 16 bits.
PART = LISTED_ROWS = 256  # columns of a packed row listed together, and rows of a batch listed by column, at most
LIST_STRIDE = LISTED_ROWS + 32  # entries to allocate for each column's list
TILE = 64  # columns of a part of w, or of a batch's gradients, worked on at a time, at most


class Network(NamedTuple):
    """An architecture: widths, offsets into the flat buffers, and the choices made in each block.

    A hidden block is affine -> norm -> (+ skip) -> activation -> dropout; the output layer is affine, its softmax or
    sigmoid belongs to the loss. Layer ``l`` maps ``widths[l]`` to ``widths[l + 1]``.
    """

    widths: NDArray[np.int64]  # (L + 1,)
    weight: NDArray[np.int64]  # (L,) where w (widths[l], widths[l + 1]) starts in the parameters
    bias: NDArray[np.int64]  # (L,)
    gamma: NDArray[np.int64]  # (L,), meaningful for normalized hidden layers
    beta: NDArray[np.int64]  # (L,)
    units: NDArray[np.int64]  # (L,) hidden units before layer l: its place in running statistics and workspace
    weights: int  # leading parameters that are weights: those that decay
    parameters: int
    activation: int  # the position of the choice in `kernels.choices`, as are normalization and loss
    alpha: float  # slope of leaky ReLU below zero
    normalization: int
    over_the_batch: bool  # its statistics are those of units, with running estimates
    residual: bool  # skip connections between hidden layers of equal width
    dropout: float  # share of hidden units dropped
    input_dropout: float
    scaled_dropout: bool  # multiply by 1 - p at inference instead of dividing by it in training
    loss: int


class State(NamedTuple):
    """Everything that training changes, as flat buffers of one dtype."""

    parameters: NDArray[Any]  # (P,)
    gradients: NDArray[Any]  # (P,)
    first: NDArray[Any]  # (P,) velocity or first moment; (0,) where the optimizer keeps none
    second: NDArray[Any]  # (P,) second moment; (0,) where the optimizer keeps none
    running_mean: NDArray[Any]  # (U,) batch norm's running statistics of all hidden units; (0,) without
    running_variance: NDArray[Any]  # (U,)


class Images(NamedTuple):
    """A data set as the kernels read it: bytes, and the affine map that makes numbers of them.

    ``x = pixels * scale + shift``. The packed form lists each row's nonzero pixels, as `pack_rows` says; it is empty
    when `sparse` is false.
    """

    pixels: NDArray[np.uint8]  # (n, D)
    labels: NDArray[np.uint8]  # (n,)
    starts: NDArray[np.int64]  # (n * parts + 1,) where each part of each row starts
    nonzeros: NDArray[np.uint16]  # (all of them,) column in the part << 8 | value
    sparse: bool
    scale: float
    shift: float


class Workspace(NamedTuple):
    """Buffers for one batch of at most B rows; layer l of width M has rows at ``B * units[l]``."""

    x: NDArray[Any]  # (B * D,) the batch's inputs; (0,) where only the packed form is used
    gathered: NDArray[Any]  # (B * D,) the same before input dropout; (0,) without, or where packed
    preactivations: NDArray[Any]  # (B * U,)
    activations: NDArray[Any]  # (B * U,) before dropout
    dropped: NDArray[Any]  # (B * U,) after dropout; (0,) without
    normalized: NDArray[Any]  # (B * U,) the normalized pre-activations; (0,) without
    mean: NDArray[Any]  # (L * max(B, widest),) batch norm's statistics of a layer's units
    inverse_std: NDArray[Any]  # (L * max(B, widest),) ... or layer norm's of the rows
    mask: NDArray[np.uint8]  # (B * U,) units kept; (0,) without dropout
    input_mask: NDArray[np.uint8]  # (B * D,) inputs kept; (0,) without input dropout, or where packed
    logits: NDArray[Any]  # (B * K,)
    probabilities: NDArray[Any]  # (B * K,)
    losses: NDArray[Any]  # (B,)
    labels: NDArray[np.uint8]  # (B,)
    # (B * widest,) each: the loss's gradient on its way back through a block, with respect to
    d_block: NDArray[Any]  # the block's output
    d_activation: NDArray[Any]  # the activation's output; (0,) without dropout, where that is the block's
    d_sum: NDArray[Any]  # the activation's input: norm plus skip
    d_affine: NDArray[Any]  # the affine map's output
    lists: NDArray[np.uint16]  # (D, LIST_STRIDE) scratch of the sparse first layer, as are:
    counts: NDArray[np.int32]  # (D,)
    tile: NDArray[Any]  # (LISTED_ROWS * TILE,)
    # the packed batch with some inputs dropped; (0,) each without
    kept_starts: NDArray[np.int64]  # (B * parts + 1,)
    kept: NDArray[np.uint16]  # (B * D,)
    groups: NDArray[np.uint8]  # (4 ⌈D / 4⌉ + 4,) scratch
    places: NDArray[np.int64]  # (B,) 0, 1, …: its rows


def network(
    widths: list[int] | tuple[int, ...],
    *,
    activation: str = "relu",
    alpha: float = 0.01,
    normalization: str = "none",
    residual: bool = False,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    dropout_form: str = "inverted",
    loss: str = "cross_entropy",
) -> Network:
    """Lay out a network of the given widths (input, hidden ..., output) in its flat buffers."""
    layers = len(widths) - 1
    sizes = np.array([widths[layer] * widths[layer + 1] for layer in range(layers)], np.int64)
    weight = np.cumsum(sizes) - sizes
    weights = end = int(sizes.sum())
    bias, gamma, beta = np.full((3, layers), -1, np.int64)
    for layer in range(layers):
        bias[layer] = end
        end += widths[layer + 1]
        if normalization != "none" and layer < layers - 1:
            gamma[layer], beta[layer] = end, end + widths[layer + 1]
            end += 2 * widths[layer + 1]
    return Network(
        widths=np.array(widths, np.int64),
        weight=weight,
        bias=bias,
        gamma=gamma,
        beta=beta,
        units=np.cumsum([0, *widths[1:-1]], dtype=np.int64),
        weights=weights,
        parameters=end,
        activation=ACTIVATIONS.index(activation),
        alpha=float(alpha),
        normalization=NORMALIZATIONS.index(normalization),
        over_the_batch=normalization in OVER_THE_BATCH,
        residual=bool(residual),
        dropout=float(dropout),
        input_dropout=float(input_dropout),
        scaled_dropout=dropout_form == "scaled",
        loss=LOSSES.index(loss),
    )


def optimizer(rule: str, *, eps_outside: bool = False, **constants: float) -> Optimizer:
    """Name an update rule and its constants: those given, else the rule's own, else those of all rules.

    Raises KeyError for a rule that there is not, TypeError for a constant that no rule has.
    """
    facts = RULES[rule]
    step = f"{rule}_{facts.switch}" if eps_outside and facts.switch == "eps_outside" else rule
    numbers = {name: float(value) for name, value in {**facts.defaults, **constants}.items()}
    return Optimizer(list(STEPS).index(step), facts.decoupled, **numbers)


def moments_of(rule: Optimizer) -> int:
    """Count the numbers that a rule keeps for each parameter."""
    return len(list(STEPS.values())[rule.rule].moments)


def parted(inputs: int) -> tuple[int, int]:
    """Return how many parts a packed row has, and the columns of each but the last: about the same, at most PART."""
    parts = -(-inputs // PART)
    return parts, -(-inputs // parts)


def hidden_units(net: Network) -> int:
    """Count the hidden units of all layers."""
    return int(net.widths[1:-1].sum())


def _zeros(size: int, dtype: DTypeLike) -> NDArray[Any]:
    """Zeros that start on a cache line, so that no vector straddles two; NumPy promises 16 bytes."""
    item = np.dtype(dtype).itemsize
    memory = np.zeros(size * item + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size * item].view(dtype)


def new_state(net: Network, rule: Optimizer, dtype: DTypeLike) -> State:
    """Allocate parameters, gradients and moments as zeros, gammas and running variances as ones."""
    size, moments = net.parameters, moments_of(rule)
    statistics = hidden_units(net) if net.over_the_batch else 0
    state = State(
        parameters=_zeros(size, dtype),
        gradients=_zeros(size, dtype),
        first=_zeros(size if moments > 0 else 0, dtype),
        second=_zeros(size if moments > 1 else 0, dtype),
        running_mean=_zeros(statistics, dtype),
        running_variance=_zeros(statistics, dtype),
    )
    state.running_variance[...] = 1
    if net.normalization != NO_NORM:
        for layer in range(len(net.widths) - 2):
            gamma(state.parameters, net, layer)[...] = 1
    return state


def new_workspace(net: Network, batch: int, dtype: DTypeLike, *, sparse: bool) -> Workspace:
    """Allocate the buffers for batches of at most `batch` rows."""
    inputs, classes = int(net.widths[0]), int(net.widths[-1])
    units, layers = hidden_units(net), len(net.widths) - 1
    widest = int(net.widths[1:].max())
    normalized, dropped, dropped_inputs = net.normalization != NO_NORM, net.dropout > 0, net.input_dropout > 0
    repacked = batch if sparse and dropped_inputs else 0
    return Workspace(
        x=_zeros(0 if sparse else batch * inputs, dtype),
        gathered=_zeros(batch * inputs if dropped_inputs and not sparse else 0, dtype),
        preactivations=_zeros(batch * units, dtype),
        activations=_zeros(batch * units, dtype),
        dropped=_zeros(batch * units if dropped else 0, dtype),
        normalized=_zeros(batch * units if normalized else 0, dtype),
        mean=_zeros(max(batch, widest) * layers if normalized else 0, dtype),
        inverse_std=_zeros(max(batch, widest) * layers if normalized else 0, dtype),
        mask=_zeros(batch * units if dropped else 0, np.uint8),
        input_mask=_zeros(batch * inputs if dropped_inputs and not sparse else 0, np.uint8),
        logits=_zeros(batch * classes, dtype),
        probabilities=_zeros(batch * classes, dtype),
        losses=_zeros(batch, dtype),
        labels=_zeros(batch, np.uint8),
        d_block=_zeros(batch * widest, dtype),
        d_activation=_zeros(batch * widest if dropped else 0, dtype),
        d_sum=_zeros(batch * widest, dtype),
        d_affine=_zeros(batch * widest, dtype),
        lists=_zeros(inputs * LIST_STRIDE if sparse else 0, np.uint16).reshape(-1, LIST_STRIDE),
        counts=_zeros(inputs if sparse else 0, np.int32),
        tile=_zeros(LISTED_ROWS * TILE if sparse else 0, dtype),
        kept_starts=_zeros(repacked * parted(inputs)[0] + 1 if repacked else 0, np.int64),
        kept=_zeros(repacked * inputs, np.uint16),
        groups=_zeros(4 * -(-inputs // 4) + 4 if repacked else 0, np.uint8),
        places=np.arange(repacked, dtype=np.int64),
    )


def weight(buffer: NDArray[Any], net: Network, layer: int) -> NDArray[Any]:
    """View of a layer's weights (D, M) in a flat buffer of parameters, gradients or moments."""
    d, m = net.widths[layer], net.widths[layer + 1]
    start = net.weight[layer]
    return buffer[start : start + d * m].reshape((d, m))


def bias(buffer: NDArray[Any], net: Network, layer: int) -> NDArray[Any]:
    """View of a layer's biases (M,) in a flat buffer."""
    return buffer[net.bias[layer] : net.bias[layer] + net.widths[layer + 1]]


def gamma(buffer: NDArray[Any], net: Network, layer: int) -> NDArray[Any]:
    """View of a normalized layer's scales (M,) in a flat buffer."""
    return buffer[net.gamma[layer] : net.gamma[layer] + net.widths[layer + 1]]


def beta(buffer: NDArray[Any], net: Network, layer: int) -> NDArray[Any]:
    """View of a normalized layer's shifts (M,) in a flat buffer."""
    return buffer[net.beta[layer] : net.beta[layer] + net.widths[layer + 1]]


def unit_rows(buffer: NDArray[Any], net: Network, layer: int, batch: int, rows: int) -> NDArray[Any]:
    """View (rows, M) of hidden layer `layer` in a workspace buffer laid out for `batch` rows."""
    m = net.widths[layer + 1]
    start = batch * net.units[layer]
    return buffer[start : start + rows * m].reshape((rows, m))


def unit_statistics(buffer: NDArray[Any], net: Network, layer: int) -> NDArray[Any]:
    """View (M,) of hidden layer `layer` in a buffer with one number per hidden unit."""
    return buffer[net.units[layer] : net.units[layer] + net.widths[layer + 1]]


def layer_statistics(buffer: NDArray[Any], net: Network, layer: int, size: int) -> NDArray[Any]:
    """View (size,) of hidden layer `layer` in a workspace buffer of statistics by unit or by row."""
    stride = len(buffer) // (len(net.widths) - 1)
    return buffer[layer * stride : layer * stride + size]


def has_skip(net: Network, layer: int) -> bool:
    """Tell whether hidden layer `layer` adds its input: residual, equal widths, and not the pixels."""
    return net.residual and layer > 0 and net.widths[layer] == net.widths[layer + 1]


def rows_of(buffer: NDArray[Any], rows: int, width: int) -> NDArray[Any]:
    """View the start of a flat buffer as (rows, width)."""
    return buffer[: rows * width].reshape((rows, width))
