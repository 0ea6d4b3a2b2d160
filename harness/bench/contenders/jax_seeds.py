"""JAX on several seeds at once: the scan of `jax_scan`, mapped over them; one seed at a time is the usual way."""

from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from harness.bench.contenders import Data, Learners, Weights
from harness.bench.contenders.jax_scan import ACTIVATIONS, NORM_EPSILON, Tree, first_state, train_stretch, warm_up
from harness.bench.recipes import Recipe


class Images:
    """Training and test images as bytes, which a step takes less time to gather."""

    def __init__(self, data: Data) -> None:
        warm_up()
        found = data.dataset
        self.train = jnp.asarray(found.train_images), jnp.asarray(found.train_labels, jnp.int32)
        self.test = jnp.asarray(found.test_images), jnp.asarray(found.test_labels, jnp.int32)


def start(recipe: Recipe, images: Images, weights: Weights, validation: NDArray[np.int64]) -> Learners:
    """Return what trains and judges networks from these first weights, (S, D, M) of each layer.

    `validation` are the rows (S, n) of the training images that each is judged by.
    """
    state = jax.vmap(partial(first_state, recipe))([jnp.asarray(w) for w in weights])
    mapped, judged, tested = _compiled(recipe)
    held = [part[validation] for part in images.train]

    def train(order: NDArray[np.int64]) -> None:
        nonlocal state
        rows = order.reshape(len(order), -1, recipe.batch).astype(np.int32)
        state, _ = jax.block_until_ready(mapped(state, *images.train, rows))

    def judge(how: Any, data: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        losses, accuracies = how(state, *data)
        return np.asarray(losses), np.asarray(accuracies)

    return Learners(train, lambda: judge(judged, held), lambda: judge(tested, images.test))


@cache
def _compiled(recipe: Recipe) -> Any:
    """Return the compiled functions of a recipe, the same for all its seeds."""
    over_seeds = jax.vmap(partial(train_stretch, recipe), (0, None, None, 0))
    judge = partial(_judge, recipe)
    judged, tested = jax.vmap(judge, (0, 0, 0)), jax.vmap(judge, (0, None, None))
    return jax.jit(over_seeds, donate_argnums=0), jax.jit(judged), jax.jit(tested)


def _judge(recipe: Recipe, state: Tree, images: Array, labels: Array) -> tuple[Array, Array]:
    """Return the mean loss and the accuracy of a network without dropout, in inference mode."""
    layers, _, running, _ = state
    z = images.astype(jnp.float32) / 255
    for i, layer in enumerate(layers):
        z = z @ layer["w"] + layer["b"]
        if layer is layers[-1]:
            break
        if recipe.normalization == "batch":
            mean, variance = running[i]
            z = (z - mean) * lax.rsqrt(variance + NORM_EPSILON) * layer["gamma"] + layer["beta"]
        z = ACTIVATIONS[recipe.activation](z)
    losses = jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, labels[:, None], axis=1)[:, 0]
    return losses.mean(), (z.argmax(axis=1) == labels).mean()
