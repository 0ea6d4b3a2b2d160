"""Optimizer steps: one pass over the flat buffers each."""

import math

import numpy as np

from kernels.numba_backend.machine.compile import inlined, kernel, part
from kernels.numba_backend.machine.roots import scaled_root
from kernels.numba_backend.machine.simd import constant, lanes, load, load_some, splat, store, store_some
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
    _divided_step(parameters, squares, gradients, rate, 1.0, 1.0, 0.0, epsilon)


@kernel
def rmsprop_step(parameters, squares, gradients, rate, rho, epsilon):
    """``s ← ρ s + (1 - ρ) g²``, ``θ ← θ - η g / √(s + ε)``."""
    _divided_step(parameters, squares, gradients, rate, rho, 1 - rho, epsilon, 0.0)


@kernel
def rmsprop_eps_outside_step(parameters, squares, gradients, rate, rho, epsilon):
    """``s ← ρ s + (1 - ρ) g²``, ``θ ← θ - η g / (√s + ε)``."""
    _divided_step(parameters, squares, gradients, rate, rho, 1 - rho, 0.0, epsilon)


@part
def _divided_step(parameters, squares, gradients, rate, keep, new, inside, outside):
    """``s ← keep s + new g²``, ``θ ← θ - η g / (√(s + inside) + outside)``."""
    number, width = parameters.dtype.type, lanes(parameters)
    numbers = (
        splat(number(rate)),
        splat(number(keep)),
        splat(number(new)),
        splat(number(inside)),
        splat(number(outside)),
    )
    end = parameters.size - parameters.size % width
    for i in range(0, end, width):
        moved, s = _divided(load(parameters, i), load(squares, i), load(gradients, i), numbers)
        store(parameters, i, moved)
        store(squares, i, s)
    n = parameters.size - end
    moved, s = _divided(
        load_some(parameters, end, n), load_some(squares, end, n), load_some(gradients, end, n), numbers
    )
    store_some(parameters, end, moved, n)
    store_some(squares, end, s, n)


@inlined
def _divided(parameters, s, g, numbers):
    eta, keep, new, inside, outside = numbers
    s = keep * s + new * g * g
    return parameters - eta * g / (scaled_root(s + inside, constant(s, 1.0)) + outside), s


@kernel
def adam_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step):
    """``m ← β₁ m + (1 - β₁) g``, ``v ← β₂ v + (1 - β₂) g²``, ``θ ← θ - η m̂ / (√v̂ + ε)``."""
    number, width, most = parameters.dtype.type, lanes(parameters), np.finfo(parameters.dtype).max / 4
    eta = rate / (1 - beta1**step)
    numbers = (
        splat(number(1 - beta1)),
        splat(number(beta2)),
        splat(number(1 - beta2)),
        splat(number(min(1 / (math.sqrt(1 - beta2**step) * eta), most))),  # where η = 0, ε / η is infinite
        splat(number(epsilon / eta)),
    )
    end = parameters.size - parameters.size % width
    for i in range(0, end, width):
        moved, m, v = _adam(load(parameters, i), load(first, i), load(second, i), load(gradients, i), numbers)
        store(parameters, i, moved)
        store(first, i, m)
        store(second, i, v)
    n = parameters.size - end
    moments = load_some(first, end, n), load_some(second, end, n)
    moved, m, v = _adam(load_some(parameters, end, n), *moments, load_some(gradients, end, n), numbers)
    store_some(parameters, end, moved, n)
    store_some(first, end, m, n)
    store_some(second, end, v, n)


@inlined
def _adam(parameters, m, v, g, numbers):
    """One vector. Products are what it waits for: hence ``m + (1 - β₁) (g - m)``, and η below the fraction."""
    new1, keep2, new2, root_factor, eps = numbers
    m = m + new1 * (g - m)
    v = keep2 * v + new2 * g * g
    return parameters - m / (scaled_root(v, root_factor) + eps), m, v


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
