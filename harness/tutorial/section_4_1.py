"""Weight initialization, section 4.1: what weights are drawn, and the activations that they cause in ten layers."""

import numpy as np
import pandas as pd

from harness.training.initializers import INITIALIZERS
from harness.training.streams import stream
from harness.tutorial.digits import rounded
from kernels.branches import ACTIVATE, call_chosen
from kernels.choices import ACTIVATIONS
from kernels.numpy_backend import activations, affine

UNITS, SAMPLES, LAYERS, SEED = 256, 256, 10, 0
SCHEMES = ("zeros", "normal", "xavier_normal", "he_normal")
KINDS = ("tanh", "relu")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 41

activate = call_chosen(ACTIVATE, activations)


def tables() -> dict[str, pd.DataFrame]:
    """Return histograms of one layer's first weights, and quantiles of the activations, layer by layer."""
    passes = [row for scheme in SCHEMES for kind in KINDS for row in _activations(scheme, kind)]
    return {"weights": pd.concat([_histogram(scheme) for scheme in SCHEMES]), "activations": pd.DataFrame(passes)}


def _weights(scheme: str, rng: np.random.Generator) -> np.ndarray:
    return INITIALIZERS[scheme](rng, UNITS, UNITS)


def _histogram(scheme: str) -> pd.DataFrame:
    """Bins from -4 to 4 standard deviations; of weights that are all zero, bins about 0."""
    w = _weights(scheme, stream(SEED, "weights"))
    std = float(w.std())
    counts, edges = np.histogram(w, bins=BINS, range=(-4 * (std or 0.25), 4 * (std or 0.25)))
    return pd.DataFrame(
        {
            "initializer": scheme,
            "std": rounded(np.array(std)),
            "low": rounded(edges[:-1]),
            "high": rounded(edges[1:]),
            "weights": counts,
        }
    )


def _activations(scheme: str, kind: str) -> list[dict[str, object]]:
    """Send N(0, 1) inputs through ten layers without biases; of ReLU, quantiles are those of what is above 0."""
    rng = stream(SEED, "weights")
    a, bias, rows = stream(SEED, "order").normal(size=(SAMPLES, UNITS)), np.zeros(UNITS), []
    for layer in range(1, LAYERS + 1):
        z, out = np.empty((SAMPLES, UNITS)), np.empty((SAMPLES, UNITS))
        affine.affine_forward(z, a, _weights(scheme, rng), bias)
        activate(ACTIVATIONS.index(kind), a=out, z=z, alpha=0.01)
        seen = out[out > 0] if kind == "relu" else out
        values = np.quantile(seen, QUANTILES) if len(seen) else np.full(len(QUANTILES), np.nan)
        named = {f"q{100 * q:.0f}": float(f"{value:.5g}") for q, value in zip(QUANTILES, values, strict=True)}
        rows.append(
            {"initializer": scheme, "activation": kind, "layer": layer, "zero": float(np.mean(out == 0))} | named
        )
        a = out
    return rows
