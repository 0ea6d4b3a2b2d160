"""JAX as one writes it for speed: everything compiled, one scan an epoch, buffers donated, images gathered as bytes.

Gathering float32 images takes 2 % longer; so does a loss by `one_hot`. Unrolling the scan makes it slower.
"""

import math
import os

# One thread; read when the first computation starts.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from harness.bench.contenders import Data, Train
from harness.bench.recipes import MOMENTUM, Recipe
from harness.training.threads import WARM_UP

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
NORM_EPSILON, NORM_MOMENTUM = 1e-5, 0.9
ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh}
KEPT = {"sgd": 0, "momentum": 1, "adam": 2, "adamw": 2}  # how many numbers each parameter has beside it
Tree = Any


def start(recipe: Recipe, data: Data) -> Train:
    """Return the training loop, compiled at its first call."""
    warm_up()
    images, labels = jnp.asarray(data.dataset.train_images), jnp.asarray(data.labels, jnp.int32)
    stretch = jax.jit(partial(train_stretch, recipe), donate_argnums=0)
    state = first_state(recipe, [jnp.asarray(w) for w in data.weights])

    def train(order: NDArray[np.int64]) -> float:
        nonlocal state
        state, loss = stretch(state, images, labels, order.reshape(-1, recipe.batch).astype(np.int32))
        return float(loss)

    return train


def warm_up() -> None:
    """Multiply as large matrices as every contender does before it starts."""
    jnp.matmul(jnp.zeros(WARM_UP[:2]), jnp.zeros(WARM_UP[1:])).block_until_ready()


def first_state(recipe: Recipe, weights: list[Array]) -> Tree:
    """Return layers, what the update rule keeps, running statistics, and the number of steps taken."""
    layers = [_layer(recipe, w, last=w is weights[-1]) for w in weights]
    zeros = [jax.tree.map(jnp.zeros_like, layers) for _ in range(KEPT[recipe.optimizer])]
    running = [(jnp.zeros(m), jnp.ones(m)) for m in recipe.hidden if recipe.normalization == "batch"]
    return layers, zeros, running, jnp.zeros((), jnp.int32)


def _layer(recipe: Recipe, w: Array, *, last: bool) -> dict[str, Array]:
    m = w.shape[1]
    norm = {"gamma": jnp.ones(m), "beta": jnp.zeros(m)} if recipe.normalization != "none" and not last else {}
    return {"w": w, "b": jnp.zeros(m), **norm}


def train_stretch(recipe: Recipe, state: Tree, images: Array, labels: Array, order: Array) -> tuple[Tree, Array]:
    """Take a step for each row (B,) of `order`; return the new state and the mean of the losses."""

    def step(state: Tree, rows: Array) -> tuple[Tree, Array]:
        layers, moments, running, count = state
        gradient = jax.value_and_grad(partial(_loss, recipe), has_aux=True)
        x, key = images[rows].astype(jnp.float32) / 255, jax.random.fold_in(jax.random.key(0), count)
        (loss, running), gradients = gradient(layers, running, x, labels[rows], key)
        layers, moments = _update(recipe, layers, moments, gradients, count + 1)
        return (layers, moments, running, count + 1), loss

    state, losses = lax.scan(step, state, order)
    return state, losses.mean()


def _loss(recipe: Recipe, layers: Tree, running: Tree, x: Array, y: Array, key: Array) -> tuple[Array, Tree]:
    moved = []
    for i, layer in enumerate(layers):
        x = x @ layer["w"] + layer["b"]
        if i == len(layers) - 1:
            break
        if recipe.normalization == "batch":
            moved.append(_running(running[i], x.mean(axis=0), x.var(axis=0), len(x)))
        if recipe.normalization != "none":
            over = 0 if recipe.normalization == "batch" else 1
            mean, variance = x.mean(axis=over, keepdims=True), x.var(axis=over, keepdims=True)
            x = (x - mean) * lax.rsqrt(variance + NORM_EPSILON) * layer["gamma"] + layer["beta"]
        x = ACTIVATIONS[recipe.activation](x)
        if recipe.dropout > 0:
            x = jnp.where(_kept(jax.random.fold_in(key, i), recipe.dropout, x.shape), x / (1 - recipe.dropout), 0)
    losses = jax.nn.logsumexp(x, axis=1) - jnp.take_along_axis(x, y[:, None], axis=1)[:, 0]
    return losses.mean(), moved


def _kept(key: Array, dropout: float, shape: tuple[int, ...]) -> Array:
    """Return a mask of units kept, from a byte each; with `bernoulli`, of four, a step takes 7 % longer."""
    drawn = lax.bitcast_convert_type(jax.random.bits(key, (math.prod(shape) // 4,), jnp.uint32), jnp.uint8)
    return drawn.reshape(shape) >= round(256 * dropout)


def _running(before: tuple[Array, Array], mean: Array, variance: Array, n: int) -> tuple[Array, Array]:
    keep, take = NORM_MOMENTUM, 1 - NORM_MOMENTUM
    return keep * before[0] + take * mean, keep * before[1] + take * variance * (n / (n - 1))


def _update(recipe: Recipe, layers: Tree, moments: Tree, gradients: Tree, step: Array) -> tuple[Tree, Tree]:
    rate = recipe.learning_rate
    if recipe.optimizer == "sgd":
        return jax.tree.map(lambda p, g: p - rate * g, layers, gradients), moments
    if recipe.optimizer == "momentum":
        (velocity,) = moments
        velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, gradients)
        return jax.tree.map(lambda p, v: p - rate * v, layers, velocity), [velocity]
    layers = [layer | {"w": layer["w"] * (1 - rate * recipe.weight_decay)} for layer in layers]
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, moments[0], gradients)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, moments[1], gradients)
    scale, root = rate / _one_minus_power(BETA1, step), 1 / jnp.sqrt(_one_minus_power(BETA2, step))
    layers = jax.tree.map(lambda p, m, v: p - scale * m / (jnp.sqrt(v) * root + EPSILON), layers, first, second)
    return layers, [first, second]


def _one_minus_power(beta: float, step: Array) -> Array:
    """Return 1 - beta^step; subtracting in float32 is off by 1e-5, which grows to other losses in a deep network."""
    return -jnp.expm1(step * math.log(beta))
