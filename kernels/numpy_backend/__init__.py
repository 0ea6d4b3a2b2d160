"""The reference backend: each function reads as its equation, one NumPy expression a step.

Slow and true; every compiled kernel in `kernels.numba_backend` is held to these.
"""

from kernels.numpy_backend.activations import (
    identity_backward,
    identity_forward,
    leaky_relu_backward,
    leaky_relu_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    softmax_backward,
    softmax_forward,
    tanh_backward,
    tanh_forward,
)
from kernels.numpy_backend.affine import (
    affine_backward,
    affine_backward_parameters,
    affine_forward,
    residual_backward,
    residual_forward,
)
from kernels.numpy_backend.dropout import dropout_backward, dropout_forward, dropout_mask
from kernels.numpy_backend.epoch import batch_gradient, evaluate, train_epoch
from kernels.numpy_backend.inputs import gather_rows, pack_rows
from kernels.numpy_backend.losses import (
    binary_cross_entropy_backward,
    binary_cross_entropy_forward,
    cross_entropy_backward,
    cross_entropy_forward,
    mse_backward,
    mse_forward,
)
from kernels.numpy_backend.normalization import (
    batch_norm_backward,
    batch_norm_forward,
    batch_norm_inference,
    layer_norm_backward,
    layer_norm_forward,
)
from kernels.numpy_backend.optimizers import (
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
from kernels.numpy_backend.regularization import clip_by_global_norm, global_norm, l2_backward, l2_forward
from kernels.numpy_backend.sparse import sparse_affine_backward, sparse_affine_forward, sparse_affine_sgd_step

LEVEL_1 = (
    affine_forward,
    affine_backward,
    affine_backward_parameters,
    residual_forward,
    residual_backward,
    pack_rows,
    gather_rows,
    sparse_affine_forward,
    sparse_affine_backward,
    sparse_affine_sgd_step,
    identity_forward,
    identity_backward,
    sigmoid_forward,
    sigmoid_backward,
    tanh_forward,
    tanh_backward,
    relu_forward,
    relu_backward,
    leaky_relu_forward,
    leaky_relu_backward,
    softmax_forward,
    softmax_backward,
    cross_entropy_forward,
    cross_entropy_backward,
    binary_cross_entropy_forward,
    binary_cross_entropy_backward,
    mse_forward,
    mse_backward,
    batch_norm_forward,
    batch_norm_backward,
    batch_norm_inference,
    layer_norm_forward,
    layer_norm_backward,
    dropout_mask,
    dropout_forward,
    dropout_backward,
    l2_forward,
    l2_backward,
    global_norm,
    clip_by_global_norm,
    sgd_step,
    ema_momentum_step,
    momentum_step,
    nesterov_step,
    adagrad_step,
    rmsprop_step,
    rmsprop_eps_outside_step,
    adam_step,
    adamw_step,
)
LEVEL_2 = (batch_gradient, train_epoch, evaluate)

__all__ = [kernel.__name__ for kernel in LEVEL_1 + LEVEL_2]
