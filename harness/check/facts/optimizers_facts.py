"""What is known of update rules: each is described by `update_rule`, in one step of a flat buffer."""

from functools import partial

import numpy as np

from harness.check.facts.entry import Env, Size, each_entry, fact, normal, normal_timed
from harness.check.facts.ladders import BUFFERS


def updates(rng: np.random.Generator, size: Size) -> Env:
    """Buffers and numbers by the names that rules give them; squares and second moments are positive."""
    entries = size.d * size.m
    return {
        "parameters": normal(rng, entries),
        "gradients": normal(rng, entries),
        "velocity": normal(rng, entries),
        "squares": normal(rng, entries) ** 2,
        "first": normal(rng, entries),
        "second": normal(rng, entries) ** 2,
        "rate": 0.1,
        "momentum": 0.8,
        "beta1": 0.8,
        "beta2": 0.95,
        "rho": 0.7,
        "epsilon": 0.05,  # large, so that its place is felt
        "step": 3,
        "decay": 0.2,
        "decayed": entries // 2,
    }


def _timed(rng: np.random.Generator, size: Size) -> Env:
    entries = size.d * size.m
    numbers = {
        "rate": 1e-4,
        "momentum": 0.9,
        "beta1": 0.9,
        "beta2": 0.999,
        "rho": 0.9,
        "epsilon": 1e-5,
        "step": 7,
        "decay": 1e-4,
        "decayed": entries * 9 // 10,
    }
    arrays = normal_timed(rng, dict.fromkeys(("parameters", "gradients", "velocity", "first"), (entries,)))
    positive = {name: rng.random(entries).astype(np.float32) for name in ("squares", "second")}
    return arrays | positive | numbers


def _momentum_terms(velocity, parameters, kept, new, rate):
    size = np.abs(kept) + np.abs(new)
    return {"velocity": size, "parameters": np.abs(parameters) + rate * (size + np.abs(velocity))}


def _adaptive_terms(parameters, squares, gradients, rate, root):
    """The gradient is divided by no less than `root`; `squares` are the two terms of their average, unweighted."""
    return {"squares": squares, "parameters": np.abs(parameters) + rate * np.abs(gradients) / root}


def _adam_terms(parameters, first, second, gradients, rate, beta1, beta2, step):
    """`first` before the step: its two terms may cancel in the new one."""
    size = beta1 * np.abs(first) + (1 - beta1) * np.abs(gradients)
    root = np.sqrt((beta2 * second + (1 - beta2) * gradients**2) / (1 - beta2**step))
    return {
        "first": size,
        "second": second + gradients**2,
        "parameters": np.abs(parameters) + rate * size / (1 - beta1**step) / root,
    }


update_rule = partial(fact, draws=(updates,), timed=_timed, ladder=BUFFERS)


@update_rule(
    terms=lambda parameters, gradients, rate: {"parameters": np.abs(parameters) + rate * np.abs(gradients)},
    cost=each_entry(2, 2, 1),
)
def sgd_step(parameters, gradients, rate):
    return {"parameters": parameters - rate * gradients}


@update_rule(
    terms=lambda parameters, velocity, gradients, rate, momentum: _momentum_terms(
        velocity, parameters, momentum * velocity, (1 - momentum) * gradients, rate
    ),
    cost=each_entry(5, 3, 2),
)
def ema_momentum_step(parameters, velocity, gradients, rate, momentum):
    new = momentum * velocity + (1 - momentum) * gradients
    return {"velocity": new, "parameters": parameters - rate * new}


@update_rule(
    terms=lambda parameters, velocity, gradients, rate, momentum: _momentum_terms(
        velocity, parameters, momentum * velocity, gradients, rate
    ),
    cost=each_entry(4, 3, 2),
)
def momentum_step(parameters, velocity, gradients, rate, momentum):
    new = momentum * velocity + gradients
    return {"velocity": new, "parameters": parameters - rate * new}


@update_rule(
    terms=lambda parameters, velocity, gradients, rate, momentum: _momentum_terms(
        velocity, parameters, momentum * velocity, 2 * gradients, rate
    ),
    cost=each_entry(6, 3, 2),
)
def nesterov_step(parameters, velocity, gradients, rate, momentum):
    """In the form of Bengio et al. 2013, equation 7: the step that looks ahead, about the point it looks at."""
    new = momentum * velocity + gradients
    return {"velocity": new, "parameters": parameters - rate * (momentum**2 * velocity + (1 + momentum) * gradients)}


@update_rule(
    terms=lambda parameters, squares, gradients, rate, epsilon: _adaptive_terms(
        parameters, squares + gradients**2, gradients, rate, np.sqrt(squares + gradients**2) + epsilon
    ),
    cost=each_entry(6, 3, 2),
)
def adagrad_step(parameters, squares, gradients, rate, epsilon):
    new = squares + gradients**2
    return {"squares": new, "parameters": parameters - rate / (new**0.5 + epsilon) * gradients}


@update_rule(
    terms=lambda parameters, squares, gradients, rate, rho: _adaptive_terms(
        parameters, squares + gradients**2, gradients, rate, np.sqrt(rho * squares)
    ),
    cost=each_entry(8, 3, 2),
)
def rmsprop_step(parameters, squares, gradients, rate, rho, epsilon):
    new = rho * squares + (1 - rho) * gradients**2
    return {"squares": new, "parameters": parameters - rate / (new + epsilon) ** 0.5 * gradients}


@update_rule(
    terms=lambda parameters, squares, gradients, rate, rho: _adaptive_terms(
        parameters, squares + gradients**2, gradients, rate, np.sqrt(rho * squares)
    ),
    cost=each_entry(8, 3, 2),
)
def rmsprop_eps_outside_step(parameters, squares, gradients, rate, rho, epsilon):
    new = rho * squares + (1 - rho) * gradients**2
    return {"squares": new, "parameters": parameters - rate / (new**0.5 + epsilon) * gradients}


@update_rule(terms=_adam_terms, cost=each_entry(12, 4, 3))
def adam_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step):
    m = beta1 * first + (1 - beta1) * gradients
    v = beta2 * second + (1 - beta2) * gradients**2
    m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return {"first": m, "second": v, "parameters": parameters - rate * m_hat / (v_hat**0.5 + epsilon)}


@update_rule(terms=_adam_terms, cost=each_entry(13, 4, 3))
def adamw_step(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step, decay, decayed):
    adam = adam_step.equation(parameters, first, second, gradients, rate, beta1, beta2, epsilon, step)
    shrunk = np.where(np.arange(len(parameters)) < decayed, rate * decay * parameters, 0)
    return adam | {"parameters": adam["parameters"] - shrunk}


def _still(rng: np.random.Generator, size: Size) -> Env:
    """No velocity and no gradient: the sign of 0 moves nothing."""
    return updates(rng, size) | dict.fromkeys(("velocity", "gradients"), np.zeros(size.d * size.m))


@update_rule(
    draws=(updates, _still),
    terms=lambda parameters, velocity, gradients, rate, beta2: {
        "velocity": beta2 * np.abs(velocity) + (1 - beta2) * np.abs(gradients),
        "parameters": np.abs(parameters) + rate,
    },
    cost=each_entry(8, 3, 2),
)
def lion_step(parameters, velocity, gradients, rate, beta1, beta2, decay, decayed):
    shrunk = np.where(np.arange(len(parameters)) < decayed, rate * decay * parameters, 0)
    step = rate * np.sign(velocity + (1 - beta1) / beta1 * gradients)
    return {"velocity": (1 - beta2) * gradients + beta2 * velocity, "parameters": parameters - shrunk - step}
