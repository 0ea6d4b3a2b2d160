"""Optimizer steps: one pass over the flat buffers each."""

import math

from kernels.numba_backend.machine.compile import kernel
from kernels.numba_backend.machine.views import vector


@kernel
def sgd_step(parameters, gradients, rate):
    """``θ ← θ - η g``."""
    eta = parameters.dtype.type(rate)
    for i in range(parameters.size):
        parameters[i] -= eta * gradients[i]


@kernel
def ema_momentum_step(parameters, velocity, gradients, rate, momentum):
    """``v ← β v + (1 - β) g``, ``θ ← θ - η v``."""
    number = parameters.dtype.type
    eta, beta, new = number(rate), number(momentum), number(1 - momentum)
    for i in range(parameters.size):
        velocity[i] = beta * velocity[i] + new * gradients[i]
        parameters[i] -= eta * velocity[i]


@kernel
def momentum_step(parameters, velocity, gradients, rate, momentum):
    """``v ← β v + g``, ``θ ← θ - η v``."""
    eta, beta = parameters.dtype.type(rate), parameters.dtype.type(momentum)
    for i in range(parameters.size):
        velocity[i] = beta * velocity[i] + gradients[i]
        parameters[i] -= eta * velocity[i]


@kernel
def nesterov_step(parameters, velocity, gradients, rate, momentum):
    """``v ← β v + g``, ``θ ← θ - η (g + β v)``."""
    eta, beta = parameters.dtype.type(rate), parameters.dtype.type(momentum)
    for i in range(parameters.size):
        velocity[i] = beta * velocity[i] + gradients[i]
        parameters[i] -= eta * (gradients[i] + beta * velocity[i])


@kernel
def adagrad_step(parameters, squares, gradients, rate, epsilon):
    """``s ← s + g²``, ``θ ← θ - η g / (√s + ε)``."""
    eta, eps = parameters.dtype.type(rate), parameters.dtype.type(epsilon)
    for i in range(parameters.size):
        squares[i] += gradients[i] * gradients[i]
        parameters[i] -= eta * gradients[i] / (math.sqrt(squares[i]) + eps)


@kernel
def rmsprop_step(parameters, squares, gradients, rate, rho, epsilon):
    """``s ← ρ s + (1 - ρ) g²``, ``θ ← θ - η g / √(s + ε)``."""
    number = parameters.dtype.type
    eta, keep, new, eps = number(rate), number(rho), number(1 - rho), number(epsilon)
    for i in range(parameters.size):
        squares[i] = keep * squares[i] + new * gradients[i] * gradients[i]
        parameters[i] -= eta * gradients[i] / math.sqrt(squares[i] + eps)


@kernel
def rmsprop_eps_outside_step(parameters, squares, gradients, rate, rho, epsilon):
    """``s ← ρ s + (1 - ρ) g²``, ``θ ← θ - η g / (√s + ε)``."""
    number = parameters.dtype.type
    eta, keep, new, eps = number(rate), number(rho), number(1 - rho), number(epsilon)
    for i in range(parameters.size):
        squares[i] = keep * squares[i] + new * gradients[i] * gradients[i]
        parameters[i] -= eta * gradients[i] / (math.sqrt(squares[i]) + eps)


@kernel
def adam_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step):
    """``m ← β₁ m + (1 - β₁) g``, ``v ← β₂ v + (1 - β₂) g²``, ``θ ← θ - η m̂ / (√v̂ + ε)``."""
    number = parameters.dtype.type
    keep1, new1 = number(beta1), number(1 - beta1)
    keep2, new2 = number(beta2), number(1 - beta2)
    eta = number(rate / (1 - beta1**step))
    root_correction = number(1 / math.sqrt(1 - beta2**step))
    eps = number(epsilon)
    for i in range(parameters.size):
        first[i] = keep1 * first[i] + new1 * gradients[i]
        second[i] = keep2 * second[i] + new2 * gradients[i] * gradients[i]
        parameters[i] -= eta * first[i] / (math.sqrt(second[i]) * root_correction + eps)


@kernel
def adamw_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step, decay, decayed):
    """``θ ← θ - η decay θ`` for the leading `decayed` parameters, then Adam's step."""
    shrink = parameters.dtype.type(1 - rate * decay)
    weights = vector(parameters, 0, decayed)
    for i in range(weights.size):
        weights[i] *= shrink
    adam_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step)


@kernel
def lion_step(parameters, velocity, gradients, rate, beta1, beta2, decay, decayed):
    """``θ ← θ - η sign(β₁ v + (1 - β₁) g)``, then ``v ← β₂ v + (1 - β₂) g``; weights decay as in `adamw_step`."""
    number = parameters.dtype.type
    eta, zero, shrink = number(rate), number(0), number(1 - rate * decay)
    keep1, new1, keep2, new2 = number(beta1), number(1 - beta1), number(beta2), number(1 - beta2)
    weights = vector(parameters, 0, decayed)
    for i in range(weights.size):
        weights[i] *= shrink
    for i in range(parameters.size):
        direction = keep1 * velocity[i] + new1 * gradients[i]
        moved = eta if direction > zero else (-eta if direction < zero else eta * direction)  # 0 and NaN stay
        parameters[i] -= moved
        velocity[i] = keep2 * velocity[i] + new2 * gradients[i]
