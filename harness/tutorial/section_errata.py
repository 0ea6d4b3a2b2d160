"""Where the tutorial errs or contradicts itself, each with evidence that is computed here."""

import itertools
import math

import numpy as np
import pandas as pd

from harness.tutorial import section_1_1
from harness.tutorial.by_hand import KERNELS
from kernels import layout

NETWORK = (784, 64, 64, 10)  # which §5.1 trains
COLUMNS = ["section", "the tutorial", "what is right", "evidence"]


def tables() -> dict[str, pd.DataFrame]:
    """Return the errata, a row each."""
    rows = [*_perceptron(), *_losses(), *_backpropagation(), *_depth(), *_training(), *_class()]
    return {"errata": pd.DataFrame(rows, columns=COLUMNS)}


def _perceptron() -> list[tuple[str, str, str, str]]:
    points = section_1_1.POINTS
    fires = section_1_1.fires(points, section_1_1.W, section_1_1.B)
    wrong = np.flatnonzero(fires != section_1_1.LABELS)
    told = "; ".join(f"{_point(points[i])}: x1 + 2 x2 - 1 = {_sums()[i]:g} > 0, label 0" for i in wrong)
    on_it = ", ".join(_point(x) for x, z in zip(points, _sums(), strict=True) if z == 0)
    return [
        ("1.1", "labels (0.5, 0.5) and (1.5, 0.5) with 0", "the unit drawn there, w = (1, 2), b = -1, says 1", told),
        ("1.1", f"draws {on_it} as if it lay on one side", "it lies on the line; the unit says 0 by its strict >",
         "x1 + 2 x2 - 1 = 0 exactly"),
    ]  # fmt: skip


def _losses() -> list[tuple[str, str, str, str]]:
    z, label = np.array([[0.0, 100.0]]), np.zeros(1, np.uint8)
    loss, p = np.empty(1), np.empty_like(z)
    KERNELS.cross_entropy_forward(loss, p, z, label)
    return [
        ("2.2", "defines the squared error without ½", "§2.3 and its code have ½, which halves every gradient",
         "δ2 of the two-weight example is -0.0889 with ½ and would be -0.1778 without"),
        ("2.2, 5.1", "calls softmax with cross-entropy stable, and computes log(a + 1e-8)",
         "the log of a rounded probability is not stable; the loss is capped and its gradient no longer its own",
         f"logits (0, 100), label 0: its loss {-math.log(p[0, 0] + 1e-8):.4g}, the true one {loss[0]:.4g}"),
    ]  # fmt: skip


def _backpropagation() -> list[tuple[str, str, str, str]]:
    first, *others = (d * m for d, m in itertools.pairwise(NETWORK))
    ratio = (first + 2 * sum(others)) / (first + sum(others))
    return [
        ("2.3", "backward costs as much as forward", "the order is the same, the products are up to twice as many: "
         "dW and dA for each layer, dA left out for the first",
         f"{ratio:.2f} times the products in 784-64-64-10, {2 - 1 / 10:.1f} times in ten layers of equal width"),
        ("2.3", "with cross-entropy the gradient does not vanish", "only that of the output layer: each hidden sigmoid "
         "still multiplies by σ' ≤ 1/4", "table of largest slopes in §1.3: 0.25 to the power of 10 is 9.5e-07"),
        ("2.3", "draws a descent and its losses from ten typed pairs", "they follow no loss function; §2.2 and §2.3 "
         "here show the way of a training", "the last four losses are the last four values of w, to the digit"),
        ("1.2, 2.3", "writes σ(z) as 1 / (1 + exp(-z))", "right, but exp overflows for very negative z and NumPy "
         "warns; the kernel takes exp of -|z|", f"it is infinite below z = -{math.log(np.finfo(float).max):.1f}"),
    ]  # fmt: skip


def _depth() -> list[tuple[str, str, str, str]]:
    wide, deep = (layout.network(widths).parameters for widths in ((3, 16, 1), (3, 4, 4, 4, 1)))
    return [
        ("3.3", "asks for equal parameters and compares [3, 16, 1] with [3, 4, 4, 4, 1]",
         "the counts are right, but they are not equal", f"{wide} against {deep}, a third more"),
    ]  # fmt: skip


def _training() -> list[tuple[str, str, str, str]]:
    std = math.sqrt(2 / (NETWORK[0] + NETWORK[1]))
    first = _first_adam_step()
    return [
        ("4.1", "writes N(0, √(2/(n_in + n_out))) and N(0, √(2/n_in))", "N(0, ·) takes a variance; these are standard "
         "deviations, as its own class uses them",
         f"784 to 64: standard deviation {std:.4f}; read as a variance it would be {math.sqrt(std):.4f}"),
        ("4.2", "says that momentum in its (1 - β) form accelerates", "its steps along a constant gradient are those "
         "of plain descent; the classical form's are 1/(1 - β) times as long", "the study `bowl`, section 4.2"),
        ("4.2", "uses m̂ and v̂ in Adam without defining them", "they are m/(1 - β1ᵗ) and v/(1 - β2ᵗ)",
         f"first step at rate 1: {first:.4f} by the kernel, {0.1 / math.sqrt(0.001):.4f} with m and v themselves"),
        ("4.2", "has ε inside the root in RMSprop, outside in Adam", "both are in use, but ε = 1e-8 means √ε = 1e-4 "
         "inside", f"√1e-8 = {math.sqrt(1e-8):g}"),
        ("4.3", "has the section on layer normalization twice", "one is enough", "the second repeats three lines"),
        ("4.4", "shows overfitting with curves from a formula and noise", "measured curves are in §4.4 here",
         "2 exp(-0.05 t) and 2 exp(-0.03 t) + 0.02 √t"),
        ("4.4", "says that early stopping has no setting of its own", "it needs to know how long to wait",
         "`patience` and `min_delta` of a trial"),
    ]  # fmt: skip


def _class() -> list[tuple[str, str, str, str]]:
    told, trained = (layout.network(widths).parameters for widths in ((784, 128, 64, 10), NETWORK))
    return [
        ("5.1", "announces 784-128-64-10", "the next line makes 784-64-64-10",
         f"{told:,} parameters announced, {trained:,} trained"),
        ("5.1", "drops the last incomplete batch without saying so", "each epoch leaves out some images",
         f"60,000 - {60_000 // 128} · 128 = {60_000 % 128}"),
        ("5.1", "follows the test set from epoch to epoch", "a validation set is for that; the test set is read once",
         "no validation split in its `train`"),
        ("5.1", "shows first-layer weights in 4 × 8 panels", "the layer has 64 units, so half are not shown",
         f"{NETWORK[1]} units, 32 panels"),
    ]  # fmt: skip


def _sums() -> list[float]:
    return [float(x @ np.array(section_1_1.W) + section_1_1.B) for x in section_1_1.POINTS]


def _point(x: np.ndarray) -> str:
    return f"({x[0]:g}, {x[1]:g})"


def _first_adam_step() -> float:
    parameters, first, second = np.zeros((3, 1))
    KERNELS.adam_step(parameters, first, second, np.ones(1), 1.0, 0.9, 0.999, 1e-8, 1)
    return float(-parameters[0])
