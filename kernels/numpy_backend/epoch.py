"""Level 2 of the reference: forward pass, backward pass and the epoch, to be read beside the tutorial (5.1).

The first layer is always dense here; the packed form of the images is the compiled backend's business.
"""

import numpy as np

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
from kernels.numpy_backend import activations as act
from kernels.numpy_backend import affine, dropout, inputs, losses, normalization, optimizers, regularization


def batch_gradient(state, workspace, images, rows, network, key, step):
    """One forward and one backward pass in training mode; return the batch's mean loss ``1/N Σ lossᵢ``.

    Out: state.gradients of the mean loss (L2 left out), state's running statistics, workspace.
    In: images, rows (N,) of the batch, network; key and step name the dropout masks. Source: tutorial 2.1, 2.3.
    """
    n, last = len(rows), len(network.widths) - 2
    a = _gather(workspace, images, rows, network, key, step)
    for layer in range(last):
        a = _hidden_forward(state, workspace, a, n, network, layer, key, step, training=True)
    logits, p = _output_forward(state, workspace, a, n, network, images.labels[rows])

    delta = rows_of(workspace.deltas[0], n, logits.shape[1])  # gradient of the logits
    _loss_backward(delta, p, images.labels[rows], network)
    for layer in range(last, -1, -1):
        x = _layer_input(workspace, n, network, layer)
        w = weight(state.parameters, network, layer)
        dw, db = weight(state.gradients, network, layer), bias(state.gradients, network, layer)
        if layer == 0:
            affine.affine_backward_parameters(dw, db, delta, x)
        else:
            dx = rows_of(workspace.deltas[1], n, x.shape[1])
            affine.affine_backward(dx, dw, db, delta, x, w)
            if layer < last and has_skip(network, layer):
                affine.residual_backward(dx, rows_of(workspace.deltas[3], n, x.shape[1]))
            delta = _block_backward(state, workspace, dx, n, network, layer - 1)
    return float(np.mean(workspace.losses[:n], dtype=np.float64))


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
    """Train on the rows of `order`, ``order[i B:(i + 1) B]`` in step i; return the number of batches taken.

    A batch whose loss is not finite ends the epoch before its update: the number returned then tells which one.
    Out: state, workspace, batch_losses (steps,). In: images, order (n,) row numbers, rates (steps,) learning rates,
    network, optimizer. Numbers: batch_size; decay (λ / n; 0 for none); clip_norm (0 for none); key of the dropout
    masks; first_step (0 at the start of training). Source: tutorial 4.2 (mini-batches), 5.1.
    """
    for i in range(len(rates)):
        rows = order[i * batch_size : (i + 1) * batch_size]
        step = first_step + i
        batch_losses[i] = batch_gradient(state, workspace, images, rows, network, key, step)
        if not np.isfinite(batch_losses[i]):
            return i + 1
        if decay > 0 and optimizer.rule != ADAMW:
            weights = slice(0, network.weights)
            regularization.l2_backward(state.gradients[weights], state.parameters[weights], decay)
        if clip_norm > 0:
            regularization.clip_by_global_norm(state.gradients, clip_norm)
        _update(state, float(rates[i]), optimizer, step + 1, decay, network.weights)
    return len(rates)


def evaluate(sample_losses, predictions, workspace, state, images, rows, network):
    """Loss and predicted class ``argmax p`` of each named row in inference mode.

    Out: sample_losses (n,), predictions (n,) integers (K = 1: 1 where p > ½), workspace.
    In: state, images, rows (n,), network. Source: tutorial 5.1.
    """
    batch, last = len(workspace.losses), len(network.widths) - 2
    for start in range(0, len(rows), batch):
        chunk = rows[start : start + batch]
        n = len(chunk)
        a = rows_of(workspace.x, n, network.widths[0])
        inputs.gather_rows(a, images.pixels, chunk, images.scale, images.shift)
        if network.scaled_dropout and network.input_dropout > 0:
            a *= 1 - network.input_dropout
        for layer in range(last):
            a = _hidden_forward(state, workspace, a, n, network, layer, 0, 0, training=False)
        _, p = _output_forward(state, workspace, a, n, network, images.labels[chunk])
        sample_losses[start : start + n] = workspace.losses[:n]
        predictions[start : start + n] = p.argmax(axis=1) if p.shape[1] > 1 else p[:, 0] > 0.5


def _gather(workspace, images, rows, network, key, step):
    """The batch's inputs (N, D), some of them dropped."""
    n, width = len(rows), network.widths[0]
    x = rows_of(workspace.x, n, width)
    if network.input_dropout == 0:
        inputs.gather_rows(x, images.pixels, rows, images.scale, images.shift)
        return x
    pixels, mask = rows_of(workspace.gathered, n, width), rows_of(workspace.input_mask, n, width)
    inputs.gather_rows(pixels, images.pixels, rows, images.scale, images.shift)
    rate = network.input_dropout
    dropout.dropout_forward(x, mask, pixels, key, step, 0, rate, _kept_scale(network, rate))
    return x


def _kept_scale(network, rate):
    """What kept units are multiplied by in training."""
    return 1.0 if network.scaled_dropout else 1 / (1 - rate)


def _hidden_forward(state, workspace, x, n, network, layer, key, step, training):
    """One block: affine -> norm -> (+ skip) -> activation -> dropout."""
    batch = len(workspace.losses)
    z = unit_rows(workspace.preactivations, network, layer, batch, n)
    a = unit_rows(workspace.activations, network, layer, batch, n)
    w, b = weight(state.parameters, network, layer), bias(state.parameters, network, layer)
    affine.affine_forward(z, x, w, b)
    _normalize(state, workspace, z, n, network, layer, training)
    if has_skip(network, layer):
        affine.residual_forward(z, x)
    _activate(a, z, network)
    if network.dropout == 0:
        return a
    if training:
        out = unit_rows(workspace.dropped, network, layer, batch, n)
        mask = unit_rows(workspace.mask, network, layer, batch, n)
        rate = network.dropout
        dropout.dropout_forward(out, mask, a, key, step, layer + 1, rate, _kept_scale(network, rate))
        return out
    if network.scaled_dropout:
        a *= 1 - network.dropout
    return a


def _layer_input(workspace, n, network, layer):
    """What entered a layer: the batch, or what the block before let through."""
    if layer == 0:
        return rows_of(workspace.x, n, network.widths[0])
    buffer = workspace.dropped if network.dropout > 0 else workspace.activations
    return unit_rows(buffer, network, layer - 1, len(workspace.losses), n)


def _normalize(state, workspace, z, n, network, layer, training):
    if network.normalization == NO_NORM:
        return
    scale, shift = gamma(state.parameters, network, layer), beta(state.parameters, network, layer)
    xhat = unit_rows(workspace.normalized, network, layer, len(workspace.losses), n)
    if network.normalization == LAYER_NORM:
        inverse_std = layer_statistics(workspace.inverse_std, network, layer, n)
        normalization.layer_norm_forward(z, xhat, inverse_std, z, scale, shift, NORM_EPSILON)
        return
    running_mean = unit_statistics(state.running_mean, network, layer)
    running_variance = unit_statistics(state.running_variance, network, layer)
    if training:
        mean = layer_statistics(workspace.mean, network, layer, z.shape[1])
        inverse_std = layer_statistics(workspace.inverse_std, network, layer, z.shape[1])
        normalization.batch_norm_forward(
            z,
            xhat,
            mean,
            inverse_std,
            running_mean,
            running_variance,
            z,
            scale,
            shift,
            NORM_MOMENTUM,
            NORM_EPSILON,
        )
    else:
        normalization.batch_norm_inference(z, z, running_mean, running_variance, scale, shift, NORM_EPSILON)


def _activate(a, z, network):
    if network.activation == SIGMOID:
        act.sigmoid_forward(a, z)
    elif network.activation == TANH:
        act.tanh_forward(a, z)
    elif network.activation == RELU:
        act.relu_forward(a, z)
    elif network.activation == LEAKY_RELU:
        act.leaky_relu_forward(a, z, network.alpha)
    else:
        act.identity_forward(a, z)


def _output_forward(state, workspace, a, n, network, labels):
    """Logits and output activations (N, K); the samples' losses go to the workspace."""
    last = len(network.widths) - 2
    z = rows_of(workspace.logits, n, network.widths[-1])
    p = rows_of(workspace.probabilities, n, network.widths[-1])
    affine.affine_forward(z, a, weight(state.parameters, network, last), bias(state.parameters, network, last))
    if network.loss == CROSS_ENTROPY:
        losses.cross_entropy_forward(workspace.losses[:n], p, z, labels)
    elif network.loss == BINARY_CROSS_ENTROPY:
        losses.binary_cross_entropy_forward(workspace.losses[:n], p, z, labels)
    else:
        losses.mse_forward(workspace.losses[:n], p, z, labels)
    return z, p


def _loss_backward(dz, p, labels, network):
    if network.loss == CROSS_ENTROPY:
        losses.cross_entropy_backward(dz, p, labels)
    elif network.loss == BINARY_CROSS_ENTROPY:
        losses.binary_cross_entropy_backward(dz, p, labels)
    else:
        losses.mse_backward(dz, p, labels)


def _block_backward(state, workspace, da, n, network, layer):
    """From the gradient of a block's output to that of its affine map: dropout, activation, norm backwards.

    workspace.deltas: 0 gradient of the affine map, 1 of the block's output, 2 after dropout, 3 before the skip.
    """
    batch, width = len(workspace.losses), network.widths[layer + 1]
    if network.dropout > 0:
        kept = rows_of(workspace.deltas[2], n, width)
        mask = unit_rows(workspace.mask, network, layer, batch, n)
        dropout.dropout_backward(kept, da, mask, _kept_scale(network, network.dropout))
        da = kept
    ds = rows_of(workspace.deltas[3], n, width)
    _activation_backward(ds, da, unit_rows(workspace.activations, network, layer, batch, n), network)
    if network.normalization == NO_NORM:
        return ds
    dz = rows_of(workspace.deltas[0], n, width)
    xhat = unit_rows(workspace.normalized, network, layer, batch, n)
    scale = gamma(state.parameters, network, layer)
    dgamma, dbeta = gamma(state.gradients, network, layer), beta(state.gradients, network, layer)
    if network.normalization == BATCH_NORM:
        inverse_std = layer_statistics(workspace.inverse_std, network, layer, width)
        normalization.batch_norm_backward(dz, dgamma, dbeta, ds, xhat, inverse_std, scale)
    else:
        inverse_std = layer_statistics(workspace.inverse_std, network, layer, n)
        normalization.layer_norm_backward(dz, dgamma, dbeta, ds, xhat, inverse_std, scale)
    return dz


def _activation_backward(dz, da, a, network):
    if network.activation == SIGMOID:
        act.sigmoid_backward(dz, da, a)
    elif network.activation == TANH:
        act.tanh_backward(dz, da, a)
    elif network.activation == RELU:
        act.relu_backward(dz, da, a)
    elif network.activation == LEAKY_RELU:
        act.leaky_relu_backward(dz, da, a, network.alpha)
    else:
        act.identity_backward(dz, da, a)


def _update(state, rate, optimizer, step, decay, weights):
    """One step of the optimizer over the whole network."""
    theta, g, first, second = state.parameters, state.gradients, state.first, state.second
    rule, epsilon = optimizer.rule, optimizer.epsilon
    if rule == SGD:
        optimizers.sgd_step(theta, g, rate)
    elif rule == EMA_MOMENTUM:
        optimizers.ema_momentum_step(theta, first, g, rate, optimizer.momentum)
    elif rule == MOMENTUM:
        optimizers.momentum_step(theta, first, g, rate, optimizer.momentum)
    elif rule == NESTEROV:
        optimizers.nesterov_step(theta, first, g, rate, optimizer.momentum)
    elif rule == ADAGRAD:
        optimizers.adagrad_step(theta, first, g, rate, epsilon)
    elif rule == RMSPROP and optimizer.eps_outside:
        optimizers.rmsprop_eps_outside_step(theta, first, g, rate, optimizer.rho, epsilon)
    elif rule == RMSPROP:
        optimizers.rmsprop_step(theta, first, g, rate, optimizer.rho, epsilon)
    elif rule == ADAM:
        optimizers.adam_step(theta, first, second, g, rate, optimizer.beta1, optimizer.beta2, epsilon, step)
    else:
        optimizers.adamw_step(
            theta, first, second, g, rate, optimizer.beta1, optimizer.beta2, epsilon, step, decay, weights
        )
