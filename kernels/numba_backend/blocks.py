"""One hidden block, forward and backward: affine -> norm -> (+ skip) -> activation -> dropout, whatever was chosen."""

from kernels import branches
from kernels.layout import NO_NORM, NORM_EPSILON, NORM_MOMENTUM
from kernels.numba_backend import activations, normalization
from kernels.numba_backend.activations import identity_forward
from kernels.numba_backend.affine import (
    affine_backward_parameters,
    affine_forward,
    residual_forward,
    sum_rows,
)
from kernels.numba_backend.dropout import dropout_backward, dropout_forward
from kernels.numba_backend.machine.buffers import (
    beta,
    bias,
    gamma,
    has_skip,
    layer_statistics,
    rows_of,
    unit_rows,
    unit_statistics,
    weight,
)
from kernels.numba_backend.machine.chain import chosen
from kernels.numba_backend.machine.compile import part
from kernels.numba_backend.machine.views import flat
from kernels.numba_backend.sparse import sparse_affine_backward, sparse_affine_forward, sparse_affine_sgd_step

activate = chosen(branches.ACTIVATE, activations)
activate_backward = chosen(branches.ACTIVATE_BACKWARD, activations)
normalize = chosen(branches.NORMALIZE, normalization)
normalize_inference = chosen(branches.NORMALIZE_INFERENCE, normalization)
normalize_backward = chosen(branches.NORMALIZE_BACKWARD, normalization)


@part
def block_forward(state, workspace, inputs, network, layer, key, step, training):
    """One block: affine -> norm -> (+ skip) -> activation -> dropout."""
    batch, n = workspace.losses.size, inputs.rows.size
    z = unit_rows(workspace.preactivations, network, layer, batch, n)
    a = unit_rows(workspace.activations, network, layer, batch, n)
    layer_affine(z, state, workspace, inputs, network, layer)
    _normalize(state, workspace, z, n, network, layer, training)
    if has_skip(network, layer):
        residual_forward(z, layer_input(workspace, n, network, layer))
    activate(network.activation, a, z, network.alpha)
    if network.dropout > 0:
        out = unit_rows(workspace.dropped, network, layer, batch, n)
        if training:
            mask = unit_rows(workspace.mask, network, layer, batch, n)
            rate = network.dropout
            dropout_forward(out, mask, a, key, step, layer + 1, rate, kept_scale(network, rate))
        else:
            identity_forward(out, a)
            if network.scaled_dropout:
                multiply(out, 1 - network.dropout)


@part
def layer_affine(z, state, workspace, inputs, network, layer):
    w, b, n = weight(state.parameters, network, layer), bias(state.parameters, network, layer), inputs.rows.size
    if layer > 0:
        affine_forward(z, layer_input(workspace, n, network, layer), w, b)
    elif inputs.sparse:
        sparse_affine_forward(
            z,
            workspace.tile,
            inputs.starts,
            inputs.nonzeros,
            inputs.rows,
            w,
            b,
            inputs.scale,
        )
    else:
        affine_forward(z, rows_of(workspace.x, n, network.widths[0]), w, b)


@part
def _normalize(state, workspace, z, n, network, layer, training):
    if network.normalization == NO_NORM:
        return
    scale, shift = gamma(state.parameters, network, layer), beta(state.parameters, network, layer)
    xhat = unit_rows(workspace.normalized, network, layer, workspace.losses.size, n)
    over = z.shape[1] if network.over_the_batch else n  # units or rows, each of which has its statistics
    mean = layer_statistics(workspace.mean, network, layer, over)
    inverse_std = layer_statistics(workspace.inverse_std, network, layer, over)
    running_mean = unit_statistics(state.running_mean, network, layer)
    running_variance = unit_statistics(state.running_variance, network, layer)
    saved = (xhat, mean, inverse_std, running_mean, running_variance)
    if training or not network.over_the_batch:
        normalize(network.normalization, z, *saved, z, scale, shift, NORM_MOMENTUM, NORM_EPSILON)
    else:
        normalize_inference(network.normalization, z, *saved, z, scale, shift, NORM_MOMENTUM, NORM_EPSILON)


@part
def layer_input(workspace, n, network, layer):
    """What entered layer `layer` > 0: what the block before it let through."""
    if network.dropout > 0:
        return unit_rows(workspace.dropped, network, layer - 1, workspace.losses.size, n)
    return unit_rows(workspace.activations, network, layer - 1, workspace.losses.size, n)


@part
def first_layer_backward(state, dz, workspace, inputs, network):
    dw, db = weight(state.gradients, network, 0), bias(state.gradients, network, 0)
    if inputs.sparse:
        sparse_affine_backward(
            dw,
            db,
            workspace.lists,
            workspace.counts,
            workspace.tile,
            dz,
            inputs.starts,
            inputs.nonzeros,
            inputs.rows,
            inputs.scale,
        )
    else:
        affine_backward_parameters(dw, db, dz, rows_of(workspace.x, inputs.rows.size, network.widths[0]))


@part
def first_layer_sgd_step(state, dz, workspace, inputs, network, rate):
    """SGD's step for the weights of a sparse first layer; its bias is left with the gradient."""
    sparse_affine_sgd_step(
        weight(state.parameters, network, 0),
        workspace.lists,
        workspace.counts,
        workspace.tile,
        dz,
        inputs.starts,
        inputs.nonzeros,
        inputs.rows,
        inputs.scale,
        rate,
    )
    sum_rows(bias(state.gradients, network, 0), dz)


@part
def block_backward(state, workspace, da, n, network, layer):
    """From the gradient of a block's output to that of its affine map: dropout, activation, norm backwards."""
    batch, width = workspace.losses.size, network.widths[layer + 1]
    if network.dropout > 0:
        kept = rows_of(workspace.d_activation, n, width)
        mask = unit_rows(workspace.mask, network, layer, batch, n)
        dropout_backward(kept, da, mask, kept_scale(network, network.dropout))
        da = kept
    ds = rows_of(workspace.d_sum, n, width)
    a = unit_rows(workspace.activations, network, layer, batch, n)
    z = unit_rows(workspace.preactivations, network, layer, batch, n)
    activate_backward(network.activation, ds, da, a, z, network.alpha)
    if network.normalization == NO_NORM:
        return ds
    dz = rows_of(workspace.d_affine, n, width)
    xhat = unit_rows(workspace.normalized, network, layer, batch, n)
    scale = gamma(state.parameters, network, layer)
    dgamma, dbeta = gamma(state.gradients, network, layer), beta(state.gradients, network, layer)
    over = width if network.over_the_batch else n
    mean = layer_statistics(workspace.mean, network, layer, over)
    inverse_std = layer_statistics(workspace.inverse_std, network, layer, over)
    normalize_backward(network.normalization, dz, dgamma, dbeta, ds, xhat, mean, inverse_std, scale)
    return dz


@part
def kept_scale(network, rate):
    """What kept units are multiplied by in training."""
    return 1.0 if network.scaled_dropout else 1 / (1 - rate)


@part
def multiply(x, factor):
    values, number = flat(x), x.dtype.type(factor)
    for i in range(values.size):
        values[i] *= number
