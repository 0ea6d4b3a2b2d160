"""scikit-learn's MLPClassifier, one epoch a call; it draws its own first weights and its own order."""

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from harness.bench.contenders import Data, Train
from harness.bench.recipes import CLASSES, MOMENTUM, Recipe


def start(recipe: Recipe, data: Data) -> Train | None:
    """Return a function that trains an epoch on as many images as it gets rows; None where it lacks something."""
    if recipe.normalization != "none" or recipe.dropout > 0 or recipe.optimizer not in ("sgd", "momentum", "adam"):
        return None
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
    model = MLPClassifier(
        recipe.hidden,
        activation="logistic" if recipe.activation == "sigmoid" else recipe.activation,
        solver="adam" if recipe.optimizer == "adam" else "sgd",
        alpha=0.0,
        batch_size=recipe.batch,
        learning_rate_init=recipe.learning_rate,
        momentum=MOMENTUM if recipe.optimizer == "momentum" else 0.0,
        nesterovs_momentum=False,
        random_state=0,
    )
    images, labels, classes = data.images, data.labels, np.arange(CLASSES)

    def train(order: NDArray[np.int64]) -> float:
        model.partial_fit(images[: len(order)], labels[: len(order)], classes=classes)
        return float(model.loss_)

    return train
