"""Every choice that a network can make, once; whoever needs names, codes or facts of a choice has them from here.

A name stands for the kernels that are called after it (`kernels.branches` says which), and its position for the name
inside the compiled loop.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "identity", "gelu", "softsign")
LOSSES = ("cross_entropy", "binary_cross_entropy", "mse")
NORMALIZATIONS = ("none", "batch", "layer")
OVER_THE_BATCH = ("batch",)
"""Normalizations by each unit's statistics over the batch, of which running estimates are kept for inference; the
others go by each row's statistics, at inference too."""


class Rule(NamedTuple):
    """What an update rule is beside its kernel, ``<name>_step``."""

    moments: tuple[str, ...] = ()  # what it keeps for each parameter, as its kernel's arguments call it; at most two
    defaults: Mapping[str, float] = MappingProxyType({})  # of constants that do not start from `Optimizer`'s
    decoupled: bool = False  # it decays the weights itself, so that no decay joins their gradients
    switch: str = ""  # a field of a trial; where it is on, the kernel is ``<name>_<switch>_step``


RULES = {
    "sgd": Rule(),
    "ema_momentum": Rule(("velocity",)),
    "momentum": Rule(("velocity",)),
    "nesterov": Rule(("velocity",)),
    "adagrad": Rule(("squares",)),
    "rmsprop": Rule(("squares",), switch="eps_outside"),
    "adam": Rule(("first", "second")),
    "adamw": Rule(("first", "second"), decoupled=True),
    "lion": Rule(("velocity",), MappingProxyType({"beta2": 0.99}), decoupled=True),
}
STEPS = {
    step: rule for name, rule in RULES.items() for step in ([name, f"{name}_{rule.switch}"] if rule.switch else [name])
}
"""The rule behind each kernel that makes a step; the kernel's position is its code."""


class Optimizer(NamedTuple):
    """An update rule and its constants; the learning rate comes with each step."""

    rule: int  # position in STEPS
    decoupled: bool
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    rho: float = 0.9
    epsilon: float = 1e-8


CONSTANTS: Mapping[str, float] = Optimizer._field_defaults
"""The constants of update rules, and what each is where neither the user nor the rule says otherwise."""
