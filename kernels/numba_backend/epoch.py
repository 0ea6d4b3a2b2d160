"""Level 2, compiled: one call trains an epoch, with no Python object and no allocation inside.

The same steps in the same order as `kernels.numpy_backend.epoch`, calling the same kernels that the checks prove. Only
the first layer differs: where the images come packed, it visits their nonzero pixels alone.
"""

import math

from kernels.layout import (
    ADAGRAD,
    ADAM,
    ADAMW,
    BATCH_NORM,
    BINARY_CROSS_ENTROPY,
    CROSS_ENTROPY,
    EMA_MOMENTUM,
    LAYER_NORM,
    LEAKY_RELU,
    MOMENTUM,
    NESTEROV,
    NO_NORM,
    NORM_EPSILON,
    NORM_MOMENTUM,
    RELU,
    RMSPROP,
    SGD,
    SIGMOID,
    TANH,
)
from kernels.numba_backend.activations import (
    identity_backward,
    identity_forward,
    leaky_relu_backward,
    leaky_relu_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    tanh_backward,
    tanh_forward,
)
from kernels.numba_backend.affine import (
    affine_backward,
    affine_backward_parameters,
    affine_forward,
    residual_backward,
    residual_forward,
)
from kernels.numba_backend.compile import kernel, part
from kernels.numba_backend.dropout import dropout_backward, dropout_forward
from kernels.numba_backend.inputs import (
    gather_rows,
    sparse_affine_backward,
    sparse_affine_forward,
)
from kernels.numba_backend.losses import (
    binary_cross_entropy_backward,
    binary_cross_entropy_forward,
    cross_entropy_backward,
    cross_entropy_forward,
    mse_backward,
    mse_forward,
)
from kernels.numba_backend.normalization import (
    batch_norm_backward,
    batch_norm_forward,
    batch_norm_inference,
    layer_norm_backward,
    layer_norm_forward,
)
from kernels.numba_backend.optimizers import (
    adagrad_step,
    adam_step,
    adamw_step,
    ema_momentum_step,
    momentum_step,
    nesterov_step,
    rmsprop_eps_outside_step,
    rmsprop_step,
    sgd_step,
)
from kernels.numba_backend.regularization import clip_by_global_norm, l2_backward
from kernels.numba_backend.views import flat, matrix, row, vector


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


@kernel
def batch_gradient(state, workspace, images, rows, network, key, step):
    """One forward and one backward pass in training mode; return the batch's mean loss.

    Out: state.gradients of the mean loss (L2 left out), state's running statistics, workspace.
    In: images, rows (N,) of the batch, network; key and step name the dropout masks.
    """
    n, last = rows.size, network.widths.size - 2
    _gather(workspace, images, rows, network, key, step)
    for layer in range(last):
        _hidden_forward(state, workspace, images, rows, network, layer, key, step, True)
    _output_forward(state, workspace, images, rows, network)
    labels = _labels(workspace, images, rows)
    _loss_forward(workspace, n, labels, network)

    delta = rows_of(row(workspace.deltas, 0), n, network.widths[last + 1])
    _loss_backward(delta, rows_of(workspace.probabilities, n, network.widths[last + 1]), labels, network)
    for layer in range(last, -1, -1):
        dw, db = weight(state.gradients, network, layer), bias(state.gradients, network, layer)
        if layer == 0:
            _first_layer_backward(dw, db, delta, workspace, images, rows, network)
        else:
            x = _layer_input(workspace, n, network, layer)
            dx = rows_of(row(workspace.deltas, 1), n, x.shape[1])
            affine_backward(dx, dw, db, delta, x, weight(state.parameters, network, layer))
            if layer < last and has_skip(network, layer):
                residual_backward(dx, rows_of(row(workspace.deltas, 3), n, x.shape[1]))
            delta = _block_backward(state, workspace, dx, n, network, layer - 1)
    total = 0.0
    for i in range(n):
        total += workspace.losses[i]
    return total / n


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
):
    """Train on the rows of `order`, batch by batch; return the number of batches taken.

    Arguments and early end as in the reference.
    """
    for i in range(rates.size):
        rows = vector(order, i * batch_size, min(batch_size, order.size - i * batch_size))
        step = first_step + i
        batch_losses[i] = batch_gradient(state, workspace, images, rows, network, key, step)
        if not math.isfinite(batch_losses[i]):
            return i + 1
        if decay > 0 and optimizer.rule != ADAMW:
            l2_backward(
                vector(state.gradients, 0, network.weights), vector(state.parameters, 0, network.weights), decay
            )
        if clip_norm > 0:
            clip_by_global_norm(state.gradients, clip_norm)
        _update(state, rates[i], optimizer, step + 1, decay, network.weights)
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
        _gather_for_inference(workspace, images, chunk, network)
        for layer in range(last):
            _hidden_forward(state, workspace, images, chunk, network, layer, 0, 0, False)
        _output_forward(state, workspace, images, chunk, network)
        _loss_forward(workspace, n, _labels(workspace, images, chunk), network)
        p = rows_of(workspace.probabilities, n, network.widths[last + 1])
        for i in range(n):
            sample_losses[start + i] = workspace.losses[i]
            predictions[start + i] = _predicted_class(row(p, i))


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
    """The batch's inputs into workspace.x (N, D), some of them dropped; nothing where they are read packed."""
    n, width, rate = rows.size, network.widths[0], network.input_dropout
    if images.sparse:
        return
    if rate == 0:
        gather_rows(rows_of(workspace.x, n, width), images.pixels, rows, images.scale, images.shift)
    else:
        pixels, mask = rows_of(workspace.gathered, n, width), rows_of(workspace.input_mask, n, width)
        gather_rows(pixels, images.pixels, rows, images.scale, images.shift)
        x = rows_of(workspace.x, n, width)
        dropout_forward(x, mask, pixels, key, step, 0, rate, _kept_scale(network, rate))


@part
def _gather_for_inference(workspace, images, rows, network):
    if images.sparse:
        return
    x = rows_of(workspace.x, rows.size, network.widths[0])
    gather_rows(x, images.pixels, rows, images.scale, images.shift)
    if network.scaled_dropout and network.input_dropout > 0:
        _scale(x, 1 - network.input_dropout)


@part
def _kept_scale(network, rate):
    """What kept units are multiplied by in training."""
    return 1.0 if network.scaled_dropout else 1 / (1 - rate)


@part
def _scale(x, factor):
    values, number = flat(x), x.dtype.type(factor)
    for i in range(values.size):
        values[i] *= number


@part
def _layer_input(workspace, n, network, layer):
    """What entered layer `layer` > 0: what the block before it let through."""
    if network.dropout > 0:
        return unit_rows(workspace.dropped, network, layer - 1, workspace.losses.size, n)
    return unit_rows(workspace.activations, network, layer - 1, workspace.losses.size, n)


@part
def _affine(z, state, workspace, images, rows, network, layer):
    w, b, n = weight(state.parameters, network, layer), bias(state.parameters, network, layer), rows.size
    if layer > 0:
        affine_forward(z, _layer_input(workspace, n, network, layer), w, b)
    elif images.sparse:
        sparse_affine_forward(z, workspace.tile, images.starts, images.columns, images.values, rows, w, b, images.scale)
    else:
        affine_forward(z, rows_of(workspace.x, n, network.widths[0]), w, b)


@part
def _first_layer_backward(dw, db, dz, workspace, images, rows, network):
    if images.sparse:
        sparse_affine_backward(
            dw,
            db,
            workspace.entries,
            workspace.counts,
            workspace.tile,
            dz,
            images.starts,
            images.columns,
            images.values,
            rows,
            images.scale,
        )
    else:
        affine_backward_parameters(dw, db, dz, rows_of(workspace.x, rows.size, network.widths[0]))


@part
def _hidden_forward(state, workspace, images, rows, network, layer, key, step, training):
    """One block: affine -> norm -> (+ skip) -> activation -> dropout."""
    batch, n = workspace.losses.size, rows.size
    z = unit_rows(workspace.preactivations, network, layer, batch, n)
    a = unit_rows(workspace.activations, network, layer, batch, n)
    _affine(z, state, workspace, images, rows, network, layer)
    _normalize(state, workspace, z, n, network, layer, training)
    if has_skip(network, layer):
        residual_forward(z, _layer_input(workspace, n, network, layer))
    _activate(a, z, network)
    if network.dropout > 0:
        out = unit_rows(workspace.dropped, network, layer, batch, n)
        if training:
            mask = unit_rows(workspace.mask, network, layer, batch, n)
            rate = network.dropout
            dropout_forward(out, mask, a, key, step, layer + 1, rate, _kept_scale(network, rate))
        else:
            identity_forward(out, a)
            if network.scaled_dropout:
                _scale(out, 1 - network.dropout)


@part
def _normalize(state, workspace, z, n, network, layer, training):
    if network.normalization == NO_NORM:
        return
    scale, shift = gamma(state.parameters, network, layer), beta(state.parameters, network, layer)
    xhat = unit_rows(workspace.normalized, network, layer, workspace.losses.size, n)
    if network.normalization == LAYER_NORM:
        inverse_std = layer_statistics(workspace.inverse_std, network, layer, n)
        layer_norm_forward(z, xhat, inverse_std, z, scale, shift, NORM_EPSILON)
        return
    running_mean = unit_statistics(state.running_mean, network, layer)
    running_variance = unit_statistics(state.running_variance, network, layer)
    if training:
        mean = layer_statistics(workspace.mean, network, layer, z.shape[1])
        inverse_std = layer_statistics(workspace.inverse_std, network, layer, z.shape[1])
        batch_norm_forward(
            z, xhat, mean, inverse_std, running_mean, running_variance, z, scale, shift, NORM_MOMENTUM, NORM_EPSILON
        )
    else:
        batch_norm_inference(z, z, running_mean, running_variance, scale, shift, NORM_EPSILON)


@part
def _activate(a, z, network):
    if network.activation == SIGMOID:
        sigmoid_forward(a, z)
    elif network.activation == TANH:
        tanh_forward(a, z)
    elif network.activation == RELU:
        relu_forward(a, z)
    elif network.activation == LEAKY_RELU:
        leaky_relu_forward(a, z, network.alpha)
    else:
        identity_forward(a, z)


@part
def _output_forward(state, workspace, images, rows, network):
    last = network.widths.size - 2
    z = rows_of(workspace.logits, rows.size, network.widths[last + 1])
    _affine(z, state, workspace, images, rows, network, last)


@part
def _loss_forward(workspace, n, labels, network):
    classes = network.widths[network.widths.size - 1]
    z, p = rows_of(workspace.logits, n, classes), rows_of(workspace.probabilities, n, classes)
    if network.loss == CROSS_ENTROPY:
        cross_entropy_forward(vector(workspace.losses, 0, n), p, z, labels)
    elif network.loss == BINARY_CROSS_ENTROPY:
        binary_cross_entropy_forward(vector(workspace.losses, 0, n), p, z, labels)
    else:
        mse_forward(vector(workspace.losses, 0, n), p, z, labels)


@part
def _loss_backward(dz, p, labels, network):
    if network.loss == CROSS_ENTROPY:
        cross_entropy_backward(dz, p, labels)
    elif network.loss == BINARY_CROSS_ENTROPY:
        binary_cross_entropy_backward(dz, p, labels)
    else:
        mse_backward(dz, p, labels)


@part
def _block_backward(state, workspace, da, n, network, layer):
    """From the gradient of a block's output to that of its affine map: dropout, activation, norm backwards.

    workspace.deltas: 0 gradient of the affine map, 1 of the block's output, 2 after dropout, 3 before the skip.
    """
    batch, width = workspace.losses.size, network.widths[layer + 1]
    if network.dropout > 0:
        kept = rows_of(row(workspace.deltas, 2), n, width)
        mask = unit_rows(workspace.mask, network, layer, batch, n)
        dropout_backward(kept, da, mask, _kept_scale(network, network.dropout))
        da = kept
    ds = rows_of(row(workspace.deltas, 3), n, width)
    _activation_backward(ds, da, unit_rows(workspace.activations, network, layer, batch, n), network)
    if network.normalization == NO_NORM:
        return ds
    dz = rows_of(row(workspace.deltas, 0), n, width)
    xhat = unit_rows(workspace.normalized, network, layer, batch, n)
    scale = gamma(state.parameters, network, layer)
    dgamma, dbeta = gamma(state.gradients, network, layer), beta(state.gradients, network, layer)
    if network.normalization == BATCH_NORM:
        inverse_std = layer_statistics(workspace.inverse_std, network, layer, width)
        batch_norm_backward(dz, dgamma, dbeta, ds, xhat, inverse_std, scale)
    else:
        inverse_std = layer_statistics(workspace.inverse_std, network, layer, n)
        layer_norm_backward(dz, dgamma, dbeta, ds, xhat, inverse_std, scale)
    return dz


@part
def _activation_backward(dz, da, a, network):
    if network.activation == SIGMOID:
        sigmoid_backward(dz, da, a)
    elif network.activation == TANH:
        tanh_backward(dz, da, a)
    elif network.activation == RELU:
        relu_backward(dz, da, a)
    elif network.activation == LEAKY_RELU:
        leaky_relu_backward(dz, da, a, network.alpha)
    else:
        identity_backward(dz, da, a)


@part
def _update(state, rate, optimizer, step, decay, weights):
    """One step of the optimizer over the whole network."""
    theta, g, first, second = state.parameters, state.gradients, state.first, state.second
    rule, epsilon = optimizer.rule, optimizer.epsilon
    if rule == SGD:
        sgd_step(theta, g, rate)
    elif rule == EMA_MOMENTUM:
        ema_momentum_step(theta, first, g, rate, optimizer.momentum)
    elif rule == MOMENTUM:
        momentum_step(theta, first, g, rate, optimizer.momentum)
    elif rule == NESTEROV:
        nesterov_step(theta, first, g, rate, optimizer.momentum)
    elif rule == ADAGRAD:
        adagrad_step(theta, first, g, rate, epsilon)
    elif rule == RMSPROP and optimizer.eps_outside:
        rmsprop_eps_outside_step(theta, first, g, rate, optimizer.rho, epsilon)
    elif rule == RMSPROP:
        rmsprop_step(theta, first, g, rate, optimizer.rho, epsilon)
    elif rule == ADAM:
        adam_step(theta, first, second, g, rate, optimizer.beta1, optimizer.beta2, epsilon, step)
    else:
        adamw_step(theta, first, second, g, rate, optimizer.beta1, optimizer.beta2, epsilon, step, decay, weights)
