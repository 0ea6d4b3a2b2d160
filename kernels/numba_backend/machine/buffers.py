"""Views into the flat buffers, as in `kernels.layout`, for compiled code."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels.numba_backend.machine.compile import part
from kernels.numba_backend.machine.views import matrix, vector


class Inputs(NamedTuple):
    """A batch as the first layer reads it: workspace.x, or where `sparse`, rows of packed images."""

    sparse: bool
    starts: NDArray[np.int64]
    nonzeros: NDArray[np.uint16]
    rows: NDArray[np.int64]  # (N,)
    scale: float


@part
def weight(buffer, network, layer):
    """View of a layer's weights (D, M) in a flat buffer, as `layout.weight`; the others below likewise."""
    return matrix(buffer, network.weight[layer], network.widths[layer], network.widths[layer + 1])


@part
def bias(buffer, network, layer):
    return vector(buffer, network.bias[layer], network.widths[layer + 1])


@part
def gamma(buffer, network, layer):
    return vector(buffer, network.gamma[layer], network.widths[layer + 1])


@part
def beta(buffer, network, layer):
    return vector(buffer, network.beta[layer], network.widths[layer + 1])


@part
def unit_rows(buffer, network, layer, batch, rows):
    return matrix(buffer, batch * network.units[layer], rows, network.widths[layer + 1])


@part
def unit_statistics(buffer, network, layer):
    return vector(buffer, network.units[layer], network.widths[layer + 1])


@part
def layer_statistics(buffer, network, layer, size):
    return vector(buffer, layer * (buffer.size // (network.widths.size - 1)), size)


@part
def rows_of(buffer, rows, width):
    return matrix(buffer, 0, rows, width)


@part
def has_skip(network, layer):
    return network.residual and layer > 0 and network.widths[layer] == network.widths[layer + 1]
