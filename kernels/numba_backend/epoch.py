"""Level 2, compiled: one call trains an epoch, with no Python object and no allocation inside.

The same steps in the same order as `kernels.numpy_backend.epoch`, calling the same kernels that the checks prove. Only
the first layer differs: where the images come packed, it visits their nonzero pixels alone, and plain SGD's step for
its weights is one with their gradient.
"""

import math

import numpy as np

from kernels import branches
from kernels.choices import CONSTANTS, STEPS
from kernels.numba_backend import losses, optimizers
from kernels.numba_backend.affine import (
    affine_backward,
    residual_backward,
)
from kernels.numba_backend.blocks import (
    block_backward,
    block_forward,
    first_layer_backward,
    first_layer_sgd_step,
    kept_scale,
    layer_affine,
    layer_input,
    multiply,
)
from kernels.numba_backend.dropout import dropout_forward, dropout_packed
from kernels.numba_backend.inputs import (
    gather_rows,
)
from kernels.numba_backend.machine.buffers import (
    Inputs,
    bias,
    has_skip,
    rows_of,
    weight,
)
from kernels.numba_backend.machine.chain import chosen
from kernels.numba_backend.machine.compile import kernel, part
from kernels.numba_backend.machine.views import row, vector
from kernels.numba_backend.optimizers import sgd_step
from kernels.numba_backend.regularization import clip_by_global_norm, l2_backward
from kernels.numba_backend.sparse import prefetch_rows

SGD = list(STEPS).index("sgd")  # whose step for a sparse first layer is one with the gradient

loss_forward = chosen(branches.LOSS_FORWARD, losses)
loss_backward = chosen(branches.LOSS_BACKWARD, losses)
update = chosen(
    branches.UPDATE,
    optimizers,
    "optimizer.rule",
    parameters="state.parameters",
    gradients="state.gradients",
    first="state.first",
    second="state.second",
    **{name: f"optimizer.{name}" for name in CONSTANTS},
)


def batch_gradient(state, workspace, images, rows, network, key, step) -> float:
    """One forward and one backward pass in training mode; return the batch's mean loss.

    Out: state.gradients of the mean loss (L2 left out), state's running statistics, workspace.
    In: images, rows (N,) of the batch, network; key and step name the dropout masks.
    """
    return _batch_gradient(state, workspace, images, rows, network, key, step, 0.0)


@kernel
def _batch_gradient(state, workspace, images, rows, network, key, step, rate) -> float:
    """As `batch_gradient`; but where `rate` is not 0, the first layer's weights take SGD's step, not their gradient.

    For packed images only. No step is taken where the loss is not finite.
    """
    n, last = rows.size, network.widths.size - 2
    inputs = _gather(workspace, images, rows, network, key, step)
    for layer in range(last):
        block_forward(state, workspace, inputs, network, layer, key, step, np.bool_(True))
    _output_forward(state, workspace, inputs, network)
    labels = _labels(workspace, images, rows)
    _loss_forward(workspace, n, labels, network)
    total = 0.0
    for i in range(n):
        total += workspace.losses[i]
    loss = total / n

    classes = network.widths[last + 1]
    logits, p = rows_of(workspace.logits, n, classes), rows_of(workspace.probabilities, n, classes)
    dz = rows_of(workspace.d_affine, n, classes)  # of the logits
    loss_backward(network.loss, dz, p, logits, labels)
    for layer in range(last, 0, -1):
        dw, db = weight(state.gradients, network, layer), bias(state.gradients, network, layer)
        x = layer_input(workspace, n, network, layer)
        dx = rows_of(workspace.d_block, n, x.shape[1])
        affine_backward(dx, dw, db, dz, x, weight(state.parameters, network, layer))
        if layer < last and has_skip(network, layer):
            residual_backward(dx, rows_of(workspace.d_sum, n, x.shape[1]))
        dz = block_backward(state, workspace, dx, n, network, layer - 1)
    if rate != 0 and math.isfinite(loss):
        first_layer_sgd_step(state, dz, workspace, inputs, network, rate)
    else:
        first_layer_backward(state, dz, workspace, inputs, network)
    return loss


@kernel
def train_epoch(
    state,
    workspace,
    batch_losses,
    images,
    order,
    rates,
    network,
    optimizer,
    batch_size,
    decay,
    clip_norm,
    key,
    first_step,
) -> int:
    """Train on the rows of `order`, batch by batch; return the number of batches taken.

    Arguments and early end as in the reference. Plain SGD on packed images steps with the first layer's weights as it
    finds their gradient, and never writes that down: state.gradients of these weights stay as they were.
    """
    plain = images.sparse and optimizer.rule == SGD and decay == 0 and clip_norm == 0
    stepped = network.widths[0] * network.widths[1] if plain else 0  # the parameters begin with the first weights
    rest = state.parameters.size - stepped
    for i in range(rates.size):
        rows = vector(order, i * batch_size, min(batch_size, order.size - i * batch_size))
        if i + 1 < rates.size:
            _ask_for(images, order, (i + 1) * batch_size, batch_size, network)
        step = first_step + i
        at_once = rates[i] if plain else 0.0
        batch_losses[i] = _batch_gradient(state, workspace, images, rows, network, key, step, at_once)
        if not math.isfinite(batch_losses[i]):
            return i + 1
        if plain:
            sgd_step(vector(state.parameters, stepped, rest), vector(state.gradients, stepped, rest), rates[i])
        else:
            _step(state, rates[i], optimizer, step + 1, decay, clip_norm, network.weights)
    return rates.size


@kernel
def evaluate(sample_losses, predictions, workspace, state, images, rows, network):
    """Loss and predicted class of each named row in inference mode.

    Out: sample_losses (n,), predictions (n,) integers (K = 1: 1 where p > ½), workspace.
    In: state, images, rows (n,), network.
    """
    batch, last = workspace.losses.size, network.widths.size - 2
    for start in range(0, rows.size, batch):
        chunk = vector(rows, start, min(batch, rows.size - start))
        n = chunk.size
        _ask_for(images, rows, start + n, batch, network)
        inputs = _gather_for_inference(workspace, images, chunk, network)
        for layer in range(last):
            block_forward(state, workspace, inputs, network, layer, np.uint64(0), np.int64(0), np.bool_(False))
        _output_forward(state, workspace, inputs, network)
        _loss_forward(workspace, n, _labels(workspace, images, chunk), network)
        p = rows_of(workspace.probabilities, n, network.widths[last + 1])
        for i in range(n):
            sample_losses[start + i] = workspace.losses[i]
            predictions[start + i] = _predicted_class(row(p, i))


@part
def _ask_for(images, rows, start, batch, network):
    """Ask for the next batch's packed rows, which lie scattered in memory, while this one is worked on."""
    if images.sparse:
        following = vector(rows, start, min(batch, rows.size - start))
        prefetch_rows(images.starts, images.nonzeros, following, network.widths[0])


@part
def _predicted_class(p):
    if p.size == 1:
        return 1 if p[0] > 0.5 else 0
    best = 0
    for k in range(1, p.size):
        if p[k] > p[best]:
            best = k
    return best


@part
def _labels(workspace, images, rows):
    labels = vector(workspace.labels, 0, rows.size)
    for i in range(rows.size):
        labels[i] = images.labels[rows[i]]
    return labels


@part
def _gather(workspace, images, rows, network, key, step):
    """The batch's inputs, some of them dropped: workspace.x (N, D), or packed rows."""
    n, width, rate = rows.size, network.widths[0], network.input_dropout
    kept = kept_scale(network, rate)
    if images.sparse and rate == 0:
        return _packed_rows(images.starts, images.nonzeros, rows, images.scale)
    if images.sparse:
        starts, nonzeros = workspace.kept_starts, workspace.kept
        of = images.starts, images.nonzeros, rows, width
        dropout_packed(starts, nonzeros, workspace.groups, *of, key, step, rate)
        return _packed_rows(starts, nonzeros, vector(workspace.places, 0, n), images.scale * kept)
    if rate == 0:
        gather_rows(rows_of(workspace.x, n, width), images.pixels, rows, images.scale, images.shift)
    else:
        pixels, mask = rows_of(workspace.gathered, n, width), rows_of(workspace.input_mask, n, width)
        gather_rows(pixels, images.pixels, rows, images.scale, images.shift)
        dropout_forward(rows_of(workspace.x, n, width), mask, pixels, key, step, np.int64(0), rate, kept)
    return _dense_rows(images, rows)


@part
def _gather_for_inference(workspace, images, rows, network):
    share = 1 - network.input_dropout if network.scaled_dropout else 1.0  # of what comes in training
    if images.sparse:
        return _packed_rows(images.starts, images.nonzeros, rows, images.scale * share)
    x = rows_of(workspace.x, rows.size, network.widths[0])
    gather_rows(x, images.pixels, rows, images.scale, images.shift)
    if share != 1:
        multiply(x, share)
    return _dense_rows(images, rows)


@part
def _packed_rows(starts, nonzeros, rows, scale):
    return Inputs(np.bool_(True), vector(starts, 0, starts.size), vector(nonzeros, 0, nonzeros.size), rows, scale)


@part
def _dense_rows(images, rows):
    return Inputs(np.bool_(False), vector(images.starts, 0, 0), vector(images.nonzeros, 0, 0), rows, 1.0)


@part
def _output_forward(state, workspace, inputs, network):
    last = network.widths.size - 2
    z = rows_of(workspace.logits, inputs.rows.size, network.widths[last + 1])
    layer_affine(z, state, workspace, inputs, network, last)


@part
def _loss_forward(workspace, n, labels, network):
    classes = network.widths[network.widths.size - 1]
    z, p = rows_of(workspace.logits, n, classes), rows_of(workspace.probabilities, n, classes)
    loss_forward(network.loss, vector(workspace.losses, 0, n), p, z, labels)


@part
def _step(state, rate, optimizer, step, decay, clip_norm, weights):
    """L2, clipping, and one step of the optimizer over the whole network."""
    if decay > 0 and not optimizer.decoupled:
        l2_backward(vector(state.gradients, 0, weights), vector(state.parameters, 0, weights), decay)
    if clip_norm > 0:
        clip_by_global_norm(state.gradients, clip_norm)
    update(optimizer, state, rate, step, decay, weights)
