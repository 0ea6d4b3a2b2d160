"""Optimizer steps: pure updates of flat buffers, one call for the whole network.

In and out: parameters (P,) and the moments (P,) a rule keeps. In: gradients (P,). Numbers: the learning rate `rate`
and the rule's constants. The moments start at zero.
"""

import math

import numpy as np


def sgd_step(parameters, gradients, rate):
    """``θ ← θ - η g``. In and out: parameters (P,). In: gradients (P,). Source: tutorial 2.3, 4.2."""
    parameters -= rate * gradients


def ema_momentum_step(parameters, velocity, gradients, rate, momentum):
    """``v ← β v + (1 - β) g``, ``θ ← θ - η v``: the tutorial's form (4.2), an average of gradients.

    Its steps are (1 - β) times those of `momentum_step` at the same rate.
    In and out: parameters, velocity (P,). In: gradients (P,). Source: tutorial 4.2.
    """
    velocity *= momentum
    velocity += (1 - momentum) * gradients
    parameters -= rate * velocity


def momentum_step(parameters, velocity, gradients, rate, momentum):
    """``v ← β v + g``, ``θ ← θ - η v``: the classical form, as PyTorch writes it.

    In and out: parameters, velocity (P,). In: gradients (P,). Source: Polyak 1964.
    """
    velocity *= momentum
    velocity += gradients
    parameters -= rate * velocity


def nesterov_step(parameters, velocity, gradients, rate, momentum):
    """``v ← β v + g``, ``θ ← θ - η (g + β v)``: θ is the point that looks ahead, as in PyTorch.

    In and out: parameters, velocity (P,). In: gradients (P,).
    Source: Sutskever et al. 2013; Bengio, Boulanger-Lewandowski and Pascanu 2013.
    """
    velocity *= momentum
    velocity += gradients
    parameters -= rate * (gradients + momentum * velocity)


def adagrad_step(parameters, squares, gradients, rate, epsilon):
    """``s ← s + g²``, ``θ ← θ - η g / (√s + ε)``: ε outside the root, as PyTorch.

    In and out: parameters, squares (P,). In: gradients (P,). Source: Duchi, Hazan and Singer 2011.
    """
    squares += gradients * gradients
    parameters -= rate * gradients / (np.sqrt(squares) + epsilon)


def rmsprop_step(parameters, squares, gradients, rate, rho, epsilon):
    """``s ← ρ s + (1 - ρ) g²``, ``θ ← θ - η g / √(s + ε)``: ε inside the root.

    In and out: parameters, squares (P,). In: gradients (P,). Source: tutorial 4.2.
    """
    squares *= rho
    squares += (1 - rho) * gradients * gradients
    parameters -= rate * gradients / np.sqrt(squares + epsilon)


def rmsprop_eps_outside_step(parameters, squares, gradients, rate, rho, epsilon):
    """``s ← ρ s + (1 - ρ) g²``, ``θ ← θ - η g / (√s + ε)``: ε outside the root, as PyTorch and older Keras.

    In and out: parameters, squares (P,). In: gradients (P,). Source: Tieleman and Hinton 2012, lecture 6.5.
    """
    squares *= rho
    squares += (1 - rho) * gradients * gradients
    parameters -= rate * gradients / (np.sqrt(squares) + epsilon)


def adam_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step):
    """``m ← β₁ m + (1 - β₁) g``, ``v ← β₂ v + (1 - β₂) g²``, ``θ ← θ - η m̂ / (√v̂ + ε)``.

    ``m̂ = m / (1 - β₁ᵗ)``, ``v̂ = v / (1 - β₂ᵗ)`` with t = `step` ≥ 1; ε outside the root, beside the corrected v̂.
    In and out: parameters, first, second (P,). In: gradients (P,). Source: Kingma and Ba 2015; tutorial 4.2.
    """
    first *= beta1
    first += (1 - beta1) * gradients
    second *= beta2
    second += (1 - beta2) * gradients * gradients
    correction1, correction2 = 1 - beta1**step, 1 - beta2**step
    parameters -= (rate / correction1) * first / (np.sqrt(second) / math.sqrt(correction2) + epsilon)


def adamw_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step, decay, decayed):
    """``θ ← θ - η decay θ`` for the leading `decayed` parameters (the weights), then Adam's step.

    Decoupled weight decay, multiplied by the rate as PyTorch writes it.
    In and out: parameters, first, second (P,). In: gradients (P,). Source: Loshchilov and Hutter 2019.
    """
    parameters[:decayed] *= 1 - rate * decay
    adam_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step)


def lion_step(parameters, velocity, gradients, rate, beta1, beta2, decay, decayed):
    """``θ ← θ - η sign(β₁ v + (1 - β₁) g)``, then ``v ← β₂ v + (1 - β₂) g``; weights decay as in `adamw_step`.

    In and out: parameters, velocity (P,). In: gradients (P,). Source: Chen et al. 2023, algorithm 2.
    """
    parameters[:decayed] *= 1 - rate * decay
    parameters -= rate * np.sign(beta1 * velocity + (1 - beta1) * gradients)
    velocity *= beta2
    velocity += (1 - beta2) * gradients
