"""The class and the training loop of the tutorial's part 5, as they stand there: NumPy, float64, samples as columns."""

import numpy as np
from numpy.typing import NDArray

from harness.bench.contenders import Data, Train
from harness.bench.recipes import CLASSES, Recipe

Array = NDArray[np.float64]


def start(recipe: Recipe, data: Data) -> Train | None:
    """Return its training loop; the class knows only ReLU and gradient descent."""
    if recipe != Recipe(recipe.hidden, "sgd", recipe.learning_rate, recipe.batch, dataset=recipe.dataset):
        return None
    images = data.dataset.train_images.T / 255.0
    targets = np.zeros((CLASSES, images.shape[1]))
    targets[data.labels, np.arange(images.shape[1])] = 1
    model = NeuralNetwork(list(recipe.widths))
    for layer, w in enumerate(data.weights, start=1):
        model.parameters[f"W{layer}"] = w.T.astype(np.float64)

    def train(order: NDArray[np.int64]) -> float:
        return train_epoch(model, images, targets, order, recipe.batch, recipe.learning_rate)

    return train


def train_epoch(
    model: "NeuralNetwork", images: Array, targets: Array, permutation: NDArray[np.int64], batch: int, rate: float
) -> float:
    """One pass of its `train`: images (784, n), targets (10, n); return the mean of the batches' losses."""
    shuffled, shuffled_targets = images[:, permutation], targets[:, permutation]
    loss, batches = 0.0, len(permutation) // batch
    for i in range(batches):
        columns = slice(i * batch, (i + 1) * batch)
        model.forward(shuffled[:, columns])
        loss += model.compute_loss(shuffled_targets[:, columns])
        model.backward(shuffled_targets[:, columns])
        model.update(rate)
    return loss / batches


class NeuralNetwork:
    """A fully connected network, ReLU inside and softmax at the end."""

    def __init__(self, layer_dims: list[int]) -> None:
        rng = np.random.default_rng(0)
        self.parameters: dict[str, Array] = {}
        self.cache: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.L = len(layer_dims) - 1
        for l in range(1, self.L + 1):  # noqa: E741
            self.parameters[f"W{l}"] = rng.standard_normal((layer_dims[l], layer_dims[l - 1])) * np.sqrt(
                2.0 / layer_dims[l - 1]
            )
            self.parameters[f"b{l}"] = np.zeros((layer_dims[l], 1))

    def relu(self, z: Array) -> Array:
        return np.maximum(0, z)

    def relu_derivative(self, z: Array) -> Array:
        return (z > 0).astype(float)

    def softmax(self, z: Array) -> Array:
        exp_z = np.exp(z - np.max(z, axis=0, keepdims=True))
        softmax: Array = exp_z / np.sum(exp_z, axis=0, keepdims=True)
        return softmax

    def forward(self, x: Array) -> Array:
        self.cache = {"A0": x}
        a = x
        for l in range(1, self.L):  # noqa: E741
            z = np.dot(self.parameters[f"W{l}"], a) + self.parameters[f"b{l}"]
            a = self.relu(z)
            self.cache[f"Z{l}"] = z
            self.cache[f"A{l}"] = a
        z = np.dot(self.parameters[f"W{self.L}"], a) + self.parameters[f"b{self.L}"]
        a = self.softmax(z)
        self.cache[f"Z{self.L}"] = z
        self.cache[f"A{self.L}"] = a
        return a

    def compute_loss(self, y: Array) -> float:
        m = y.shape[1]
        last = self.cache[f"A{self.L}"]
        return float(-np.sum(y * np.log(last + 1e-8)) / m)

    def backward(self, y: Array) -> None:
        m = y.shape[1]
        self.grads = {}
        dz = self.cache[f"A{self.L}"] - y
        self.grads[f"dW{self.L}"] = np.dot(dz, self.cache[f"A{self.L - 1}"].T) / m
        self.grads[f"db{self.L}"] = np.sum(dz, axis=1, keepdims=True) / m
        for l in reversed(range(1, self.L)):  # noqa: E741
            da = np.dot(self.parameters[f"W{l + 1}"].T, dz)
            dz = da * self.relu_derivative(self.cache[f"Z{l}"])
            self.grads[f"dW{l}"] = np.dot(dz, self.cache[f"A{l - 1}"].T) / m
            self.grads[f"db{l}"] = np.sum(dz, axis=1, keepdims=True) / m

    def update(self, learning_rate: float) -> None:
        for l in range(1, self.L + 1):  # noqa: E741
            self.parameters[f"W{l}"] -= learning_rate * self.grads[f"dW{l}"]
            self.parameters[f"b{l}"] -= learning_rate * self.grads[f"db{l}"]
