"""Normalization, section 4.3: what batch norm and layer norm make of one batch of real images."""

import numpy as np
import pandas as pd

from harness.training.initializers import INITIALIZERS
from harness.training.streams import stream
from harness.tutorial.digits import data, rounded
from kernels.layout import NORM_EPSILON, NORM_MOMENTUM
from kernels.numpy_backend import affine, inputs, normalization

IMAGES, UNITS, SEED = 12, 16, 0


def tables() -> dict[str, pd.DataFrame]:
    """Return a hidden layer's pre-activations of the first training images, as they are and normalized both ways."""
    z = preactivations()
    forms = {"none": z, "batch": batch_norm(z), "layer": layer_norm(z)}
    image, unit = np.indices(z.shape)
    return {
        "batch": pd.concat(
            pd.DataFrame({"form": form, "image": image.ravel(), "unit": unit.ravel(), "value": rounded(values).ravel()})
            for form, values in forms.items()
        )
    }


def preactivations() -> np.ndarray:
    """Return z (N, M) of a layer with He's first weights and no biases."""
    pixels = data().train_images
    x, z = np.empty((IMAGES, pixels.shape[1])), np.empty((IMAGES, UNITS))
    inputs.gather_rows(x, pixels, np.arange(IMAGES), 1 / 255, 0.0)
    affine.affine_forward(z, x, INITIALIZERS["he_normal"](stream(SEED, "weights"), x.shape[1], UNITS), np.zeros(UNITS))
    return z


def batch_norm(z: np.ndarray) -> np.ndarray:
    """Return z normalized over the images, γ = 1 and β = 0."""
    out, xhat, units = np.empty_like(z), np.empty_like(z), z.shape[1]
    mean, inverse_std, running = np.empty(units), np.empty(units), (np.zeros(units), np.ones(units))
    normalization.batch_norm_forward(
        out, xhat, mean, inverse_std, *running, z, np.ones(units), np.zeros(units), NORM_MOMENTUM, NORM_EPSILON
    )
    return out


def layer_norm(z: np.ndarray) -> np.ndarray:
    """Return z normalized over the units of each image, γ = 1 and β = 0."""
    out, xhat, units = np.empty_like(z), np.empty_like(z), z.shape[1]
    normalization.layer_norm_forward(out, xhat, np.empty(len(z)), z, np.ones(units), np.zeros(units), NORM_EPSILON)
    return out
