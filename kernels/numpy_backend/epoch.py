"""Level 2 of the reference: forward pass, backward pass and the epoch, to be read beside the tutorial (5.1).

The first layer is always dense here; the packed form of the images is the compiled backend's business.
"""

import numpy as np

from kernels import branches
from kernels.layout import (
    NO_NORM,
    NORM_EPSILON,
    NORM_MOMENTUM,
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
from kernels.numpy_backend import (
    activations,
    affine,
    dropout,
    inputs,
    losses,
    normalization,
    optimizers,
    regularization,
)

# What a network's choices name: the kernel of that name is called with what its signature asks for.
activate = branches.call_chosen(branches.ACTIVATE, activations)
activate_backward = branches.call_chosen(branches.ACTIVATE_BACKWARD, activations)
loss_forward = branches.call_chosen(branches.LOSS_FORWARD, losses)
loss_backward = branches.call_chosen(branches.LOSS_BACKWARD, losses)
normalize = branches.call_chosen(branches.NORMALIZE, normalization)
normalize_inference = branches.call_chosen(branches.NORMALIZE_INFERENCE, normalization)
normalize_backward = branches.call_chosen(branches.NORMALIZE_BACKWARD, normalization)
update = branches.call_chosen(branches.UPDATE, optimizers)


def batch_gradient(state, workspace, images, rows, network, key, step) -> float:
    """One forward and one backward pass in training mode; return the batch's mean loss ``1/N Σ lossᵢ``.

    Out: state.gradients of the mean loss (L2 left out), state's running statistics, workspace.
    In: images, rows (N,) of the batch, network; key and step name the dropout masks. Source: tutorial 2.1, 2.3.
    """
    n, last = len(rows), len(network.widths) - 2
    a = _gather(workspace, images, rows, network, key, step)
    for layer in range(last):
        a = _hidden_forward(state, workspace, a, n, network, layer, key, step, training=True)
    logits, p = _output_forward(state, workspace, a, n, network, images.labels[rows])

    dz = rows_of(workspace.d_affine, n, logits.shape[1])  # of the logits
    loss_backward(network.loss, dz=dz, p=p, z=logits, labels=images.labels[rows])
    for layer in range(last, -1, -1):
        x = _layer_input(workspace, n, network, layer)
        w = weight(state.parameters, network, layer)
        dw, db = weight(state.gradients, network, layer), bias(state.gradients, network, layer)
        if layer == 0:
            affine.affine_backward_parameters(dw, db, dz, x)
        else:
            dx = rows_of(workspace.d_block, n, x.shape[1])
            affine.affine_backward(dx, dw, db, dz, x, w)
            if layer < last and has_skip(network, layer):
                affine.residual_backward(dx, rows_of(workspace.d_sum, n, x.shape[1]))
            dz = _block_backward(state, workspace, dx, n, network, layer - 1)
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
) -> int:
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
        if decay > 0 and not optimizer.decoupled:
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
    activate(network.activation, a=a, z=z, alpha=network.alpha)
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
    over = z.shape[1] if network.over_the_batch else n  # units or rows, each of which has its statistics
    chosen = normalize if training or not network.over_the_batch else normalize_inference
    chosen(
        network.normalization,
        out=z,
        xhat=unit_rows(workspace.normalized, network, layer, len(workspace.losses), n),
        mean=layer_statistics(workspace.mean, network, layer, over),
        inverse_std=layer_statistics(workspace.inverse_std, network, layer, over),
        running_mean=unit_statistics(state.running_mean, network, layer),
        running_variance=unit_statistics(state.running_variance, network, layer),
        x=z,
        gamma=gamma(state.parameters, network, layer),
        beta=beta(state.parameters, network, layer),
        momentum=NORM_MOMENTUM,
        epsilon=NORM_EPSILON,
    )


def _output_forward(state, workspace, a, n, network, labels):
    """Logits and output activations (N, K); the samples' losses go to the workspace."""
    last = len(network.widths) - 2
    z = rows_of(workspace.logits, n, network.widths[-1])
    p = rows_of(workspace.probabilities, n, network.widths[-1])
    affine.affine_forward(z, a, weight(state.parameters, network, last), bias(state.parameters, network, last))
    loss_forward(network.loss, losses=workspace.losses[:n], p=p, z=z, labels=labels)
    return z, p


def _block_backward(state, workspace, da, n, network, layer):
    """From the gradient of a block's output to that of its affine map: dropout, activation, norm backwards."""
    batch, width = len(workspace.losses), network.widths[layer + 1]
    if network.dropout > 0:
        kept = rows_of(workspace.d_activation, n, width)
        mask = unit_rows(workspace.mask, network, layer, batch, n)
        dropout.dropout_backward(kept, da, mask, _kept_scale(network, network.dropout))
        da = kept
    ds = rows_of(workspace.d_sum, n, width)
    a = unit_rows(workspace.activations, network, layer, batch, n)
    z = unit_rows(workspace.preactivations, network, layer, batch, n)
    activate_backward(network.activation, dz=ds, da=da, a=a, z=z, alpha=network.alpha)
    if network.normalization == NO_NORM:
        return ds
    dz = rows_of(workspace.d_affine, n, width)
    over = width if network.over_the_batch else n
    normalize_backward(
        network.normalization,
        dx=dz,
        dgamma=gamma(state.gradients, network, layer),
        dbeta=beta(state.gradients, network, layer),
        dout=ds,
        xhat=unit_rows(workspace.normalized, network, layer, batch, n),
        mean=layer_statistics(workspace.mean, network, layer, over),
        inverse_std=layer_statistics(workspace.inverse_std, network, layer, over),
        gamma=gamma(state.parameters, network, layer),
    )
    return dz


def _update(state, rate, optimizer, step, decay, decayed):
    """One step of the optimizer over the whole network, of whose parameters the leading `decayed` are weights."""
    update(
        optimizer.rule,
        parameters=state.parameters,
        first=state.first,
        second=state.second,
        gradients=state.gradients,
        rate=rate,
        step=step,
        decay=decay,
        decayed=decayed,
        **optimizer._asdict(),
    )
