"""PyTorch on several seeds at once: parameters stacked, one batched product for all, one update of all.

A step costs about as many calls as that of a single network; one seed at a time is the usual way.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from harness.bench.contenders import Data, Learners, Weights
from harness.bench.contenders.torch_eager import OPTIMIZERS
from harness.bench.recipes import Recipe
from harness.training.threads import WARM_UP

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


class Images:
    """Training and test images as float tensors, made once."""

    def __init__(self, data: Data) -> None:
        torch.set_num_threads(1)
        torch.mm(torch.zeros(WARM_UP[:2]), torch.zeros(WARM_UP[1:]))
        self.train = torch.from_numpy(data.images), torch.from_numpy(data.labels)
        test = np.divide(data.dataset.test_images, 255, dtype=np.float32)
        self.test = torch.from_numpy(test), torch.from_numpy(data.dataset.test_labels.astype(np.int64))


def start(recipe: Recipe, images: Images, weights: Weights, validation: NDArray[np.int64]) -> Learners:
    """Return what trains and judges networks from these first weights, (S, D, M) of each layer.

    `validation` are the rows (S, n) of the training images that each is judged by.
    """
    layers = [_layer(recipe, torch.from_numpy(w), last=w is weights[-1]) for w in weights]
    learnt = [p.requires_grad_() for layer in layers for p in layer.values()]
    running = [(torch.zeros(w.shape[0] * w.shape[2]), torch.ones(w.shape[0] * w.shape[2])) for w in weights]
    optimizer = OPTIMIZERS[recipe.optimizer](learnt, lr=recipe.learning_rate, foreach=True)
    pixels, labels = images.train
    held = torch.from_numpy(validation)
    held_pixels, held_labels = pixels[held], labels[held]

    def train(order: NDArray[np.int64]) -> None:
        for rows in torch.from_numpy(order).split(recipe.batch, dim=1):
            optimizer.zero_grad(set_to_none=True)
            x = pixels.index_select(0, rows.reshape(-1)).reshape(*rows.shape, -1)
            z = _outputs(recipe, layers, running, x, training=True)
            loss = functional.cross_entropy(z.flatten(0, 1), labels[rows].flatten(), reduction="sum")
            (loss / recipe.batch).backward()
            optimizer.step()

    def judge(x: Tensor, y: Tensor) -> tuple[NDArray[Any], NDArray[Any]]:
        with torch.no_grad():
            z = _outputs(recipe, layers, running, x, training=False)
            losses = functional.cross_entropy(z.flatten(0, 1), y.flatten(), reduction="none").reshape(y.shape)
            return losses.mean(1).numpy(), (z.argmax(2) == y).float().mean(1).numpy()

    def test() -> tuple[NDArray[Any], NDArray[Any]]:
        x, y = images.test
        return judge(x.expand(len(held), -1, -1), y.expand(len(held), -1))

    return Learners(train, lambda: judge(held_pixels, held_labels), test)


def _layer(recipe: Recipe, w: Tensor, *, last: bool) -> dict[str, Tensor]:
    seeds, _, m = w.shape
    ones, zeros = torch.ones(seeds * m), torch.zeros(seeds * m)
    norm = {"gamma": ones, "beta": zeros} if recipe.normalization == "batch" and not last else {}
    return {"w": w.clone(), "b": torch.zeros(seeds, 1, m), **norm}


def _outputs(recipe: Recipe, layers: list[dict[str, Tensor]], running: Any, x: Tensor, *, training: bool) -> Tensor:
    """Return the last layer's outputs (S, B, 10)."""
    for layer, (mean, variance) in zip(layers, running, strict=True):
        x = torch.baddbmm(layer["b"], x, layer["w"])
        if layer is layers[-1]:
            break
        if recipe.normalization == "batch":  # the units of all seeds side by side, (B, S·M)
            seeds, n, m = x.shape
            flat = x.transpose(0, 1).reshape(n, seeds * m)
            flat = functional.batch_norm(flat, mean, variance, layer["gamma"], layer["beta"], training)
            x = flat.reshape(n, seeds, m).transpose(0, 1)
        x = ACTIVATIONS[recipe.activation](x)
    return x
