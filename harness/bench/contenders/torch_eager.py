"""PyTorch without compilation, as one writes it for speed on a processor: no DataLoader, indexed tensors, one-kernel
optimizer steps.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from harness.bench.contenders import Data, Train
from harness.bench.recipes import Recipe
from harness.bench.timing import clock
from harness.training.threads import WARM_UP

STEP_FORMS: tuple[dict[str, bool], ...] = ({"fused": True}, {"foreach": True}, {"foreach": False})
TRIALS, TRIAL_STEPS = 5, 20
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def start(recipe: Recipe, data: Data) -> Train:
    """Return the training loop with the form of optimizer step that is fastest for this network."""
    torch.set_num_threads(1)
    torch.mm(torch.zeros(WARM_UP[:2]), torch.zeros(WARM_UP[1:]))
    images, labels = torch.from_numpy(data.images), torch.from_numpy(data.labels)
    rows = np.arange(TRIAL_STEPS * recipe.batch)

    def seconds(form: dict[str, bool]) -> float:
        train = _loop(recipe, data, images, labels, form)
        train(rows)
        taken = []
        for _ in range(TRIALS):
            begun = clock()
            train(rows)
            taken.append(clock() - begun)
        return min(taken)

    return _loop(recipe, data, images, labels, min(STEP_FORMS, key=seconds))


def _loop(recipe: Recipe, data: Data, images: torch.Tensor, labels: torch.Tensor, form: dict[str, bool]) -> Train:
    model = _model(recipe, data)
    optimizer = OPTIMIZERS[recipe.optimizer](model.parameters(), lr=recipe.learning_rate, **form)

    def train(order: NDArray[np.int64]) -> float:
        total = torch.zeros(())
        batches = torch.from_numpy(order).split(recipe.batch)
        for rows in batches:
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(model(images.index_select(0, rows)), labels.index_select(0, rows))
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return float(total) / len(batches)

    return train


def _model(recipe: Recipe, data: Data) -> nn.Sequential:
    layers: list[Any] = []
    for layer, w in enumerate(data.weights):
        linear = nn.Linear(*w.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T))
            linear.bias.zero_()
        layers.append(linear)
        if layer < len(data.weights) - 1:
            layers += [nn.BatchNorm1d(w.shape[1])] * (recipe.normalization == "batch")
            layers.append(nn.Sigmoid() if recipe.activation == "sigmoid" else nn.ReLU())
    return nn.Sequential(*layers)
