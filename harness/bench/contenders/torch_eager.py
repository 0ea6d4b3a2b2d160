"""PyTorch without compilation, as one writes it for speed on a processor: no DataLoader, indexed tensors, one-kernel
optimizer steps.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from harness.bench.contenders import Data, Train
from harness.bench.recipes import MOMENTUM, Recipe
from harness.bench.timing import clock
from harness.training.threads import WARM_UP

STEP_FORMS: tuple[dict[str, bool], ...] = ({"fused": True}, {"foreach": True}, {"foreach": False})
TRIALS, TRIAL_STEPS = 5, 20
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=MOMENTUM),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}

NORMS: dict[str, Callable[[int], nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


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
    optimizer = OPTIMIZERS[recipe.optimizer](_decaying(recipe, model), lr=recipe.learning_rate, **form)

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


def _decaying(recipe: Recipe, model: nn.Sequential) -> Any:
    """Return the parameters; where weights decay, apart from those that do not."""
    if recipe.weight_decay == 0:
        return model.parameters()
    weights = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim == 1]
    return [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]


def _model(recipe: Recipe, data: Data) -> nn.Sequential:
    layers: list[Any] = []
    for layer, w in enumerate(data.weights):
        linear = nn.Linear(*w.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T))
            linear.bias.zero_()
        layers.append(linear)
        if layer < len(data.weights) - 1:
            layers += [NORMS[recipe.normalization](w.shape[1])] if recipe.normalization != "none" else []
            layers.append(ACTIVATIONS[recipe.activation]())
            layers += [nn.Dropout(recipe.dropout)] if recipe.dropout > 0 else []
    return nn.Sequential(*layers)
