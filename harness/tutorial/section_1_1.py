"""The perceptron of section 1.1: the line drawn there, the line its labels ask for, and XOR."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.spec import Trial
from harness.training import train
from harness.training.trained import TrainedNetwork
from harness.tutorial.by_hand import KERNELS, Array, logits, sigmoid

POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0.5, 0.5], [1.5, 0.5], [0.5, 1.5]], float)
LABELS = np.array([0, 1, 0, 1, 0, 0, 1], np.uint8)  # as the tutorial has them
W, B = (1.0, 2.0), -1.0
BITS = np.array(list(itertools.product((0.0, 1.0), repeat=2)))
XOR = np.array([0, 1, 1, 0], np.uint8)
OR, OR_B = (1.0, 1.0), -0.5  # right on three of the four, and no unit is on more: probe `threshold_unit`
MOST_PASSES = 30
TWO_LAYERS = Trial(
    dataset="xor", val_size=0, hidden=(2,), activation="tanh", initializer="xavier_normal", bias_init="normal",
    loss="binary_cross_entropy", optimizer="adam", learning_rate=0.1, batch_size="full", epochs=500,
    evaluate_every=2000, backend="numpy", dtype="float64",
)  # fmt: skip
GRID = np.linspace(-0.5, 1.5, 81)


def tables() -> dict[str, pd.DataFrame]:
    """Return the points with what units say of them, the lines of these, and XOR by one unit and by 2-2-1."""
    learned, xor = learn(POINTS, LABELS), learn(BITS, XOR)
    grid, bits = _two_layers()
    last = learned.iloc[-1]
    lines = [("drawn", *W, B), ("learned", last["w1"], last["w2"], last["b"]), ("XOR", *OR, OR_B)]
    return {
        "points": _points(learned),
        "lines": pd.DataFrame(lines, columns=["line", "w1", "w2", "b"]),
        "learning": learned,
        "XOR": bits.assign(**{"one unit": fires(BITS, OR, OR_B)}),
        "passes_over_XOR": xor.groupby("mistakes").agg(passes=("pass", "size"), last=("pass", "max")).reset_index(),
        "plane": grid,
    }


def fires(x: Array, w: Any, b: float) -> Array:
    """Return 1 where a unit fires, of inputs (N, 2)."""
    y = np.empty(len(x))
    KERNELS.perceptron_forward(y, x, np.array(w, float), np.array([b], float))
    return y.astype(int)


def learn(x: Array, labels: NDArray[np.uint8]) -> pd.DataFrame:
    """Return weights and mistakes pass by pass, from zero, until a pass makes none or MOST_PASSES are gone."""
    w, b, rows = np.zeros(2), np.zeros(1), []
    for number in range(1, MOST_PASSES + 1):
        mistakes = KERNELS.perceptron_epoch(w, b, x, labels, 1.0)
        rows.append({"pass": number, "mistakes": mistakes, "w1": w[0], "w2": w[1], "b": b[0]})
        if not mistakes:
            break
    return pd.DataFrame(rows)


def _points(learned: pd.DataFrame) -> pd.DataFrame:
    last = learned.iloc[-1]
    says = fires(POINTS, W, B)
    return pd.DataFrame({
        "x1": POINTS[:, 0], "x2": POINTS[:, 1], "x1 + 2 x2 - 1": POINTS @ np.array(W) + B, "unit": says,
        "tutorial's label": LABELS, "learned unit": fires(POINTS, (last["w1"], last["w2"]), last["b"]),
    })  # fmt: skip


def _two_layers() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the output on a plane, and of the four inputs, by the first trained 2-2-1 that is right on all four."""
    for seed in range(20):
        result = train(TWO_LAYERS.model_copy(update={"seed": seed}))
        says = (output(result, BITS) > 0.5).astype(int)
        if (says == XOR).all():
            break
    mesh = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2)
    bits = {"x1": BITS[:, 0].astype(int), "x2": BITS[:, 1].astype(int), "XOR": XOR, "2-2-1": says}
    return pd.DataFrame({"x1": mesh[:, 0], "x2": mesh[:, 1], "p": output(result, mesh)}), pd.DataFrame(bits)


def output(result: TrainedNetwork, x: Array) -> Array:
    """Return the output for 1 of two sigmoid outputs, of inputs (N, 2)."""
    return sigmoid(logits(result, x))[:, 1]
