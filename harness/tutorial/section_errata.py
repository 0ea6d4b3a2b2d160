"""Where the tutorial errs or contradicts itself: each with evidence that is computed here, and where to see it."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.tutorial import as_written, section_1_1, section_1_3, section_2_3
from harness.tutorial.by_hand import KERNELS
from kernels import layout

NETWORK = (784, 64, 64, 10)  # which §5.1 trains
IMAGES, BATCH = 60_000, 128
EPOCHS = np.arange(100)  # of the curves in §4.4
RULES = ("sgd", "ema_momentum", "momentum")


class Erratum(NamedTuple):
    """What the tutorial says, what is right, what shows it, and where more is to be seen: §2.3, study bowl."""

    section: str
    tutorial: str
    right: str
    evidence: str
    see: str


def tables() -> dict[str, pd.DataFrame]:
    """Return the errata, a row each."""
    rows = [*_perceptron(), *_losses(), *_backpropagation(), *_depth(), *_training(), *_class()]
    return {"errata": pd.DataFrame(rows, columns=["section", "the tutorial", "what is right", "evidence", "see"])}


def _perceptron() -> list[Erratum]:
    points = section_1_1.POINTS
    fires = section_1_1.fires(points, section_1_1.W, section_1_1.B)
    sums = [float(x @ np.array(section_1_1.W) + section_1_1.B) for x in points]
    wrong = np.flatnonzero(fires != section_1_1.LABELS)
    told = "; ".join(f"{_point(points[i])}: x1 + 2 x2 - 1 = {sums[i]:g} > 0, label 0" for i in wrong)
    on_it = [(x, z) for x, z in zip(points, sums, strict=True) if z == 0]
    return [
        Erratum("1.1", "labels (0.5, 0.5) and (1.5, 0.5) with 0", "the unit drawn there, w = (1, 2), b = -1, says 1",
                told, "§1.1"),
        *(Erratum("1.1", f"draws {_point(x)} as if it lay on one side", "it lies on the line; the unit says 0 by its "
                  "strict >", f"x1 + 2 x2 - 1 = {z:g}", "§1.1") for x, z in on_it),
    ]  # fmt: skip


def _losses() -> list[Erratum]:
    z, label = np.array([[0.0, 100.0]]), np.zeros(1, np.uint8)
    loss, p = np.empty(1), np.empty_like(z)
    KERNELS.cross_entropy_forward(loss, p, z, label)
    (delta,) = (one.computed for one in section_2_3.two_weights() if one.quantity.endswith("δ2"))
    return [
        Erratum("2.2", "defines the squared error without ½", "§2.3 and its code have ½, which halves every gradient",
                f"δ2 of the two-weight example is {delta:.4f} with ½, {2 * delta:.4f} without", "§2.3"),
        Erratum("2.2, 5.1", "calls softmax with cross-entropy stable, and computes log(a + 1e-8)",
                "the log of a rounded probability is not stable; the loss is capped and its gradient no longer its own",
                f"logits (0, 100), label 0: its loss {-math.log(p[0, 0] + 1e-8):.4g}, the true one {loss[0]:.4g}",
                "study stable_loss"),
    ]  # fmt: skip


def _backpropagation() -> list[Erratum]:
    first, *others = (d * m for d, m in itertools.pairwise(NETWORK))
    ratio = (first + 2 * sum(others)) / (first + sum(others))
    slopes = section_1_3.tables()["slopes"].set_index("activation")["largest slope"]
    typed = as_written.DESCENT
    same = sum(loss == w for loss, w in zip(typed["loss"], typed["w"], strict=True))
    low, values = -math.log(np.finfo(float).max), np.empty((1, 1))
    KERNELS.sigmoid_forward(values, np.array([[low - 1]]))
    return [
        Erratum("2.3", "backward costs as much as forward", "the order is the same, the products are up to twice as "
                "many: dW and dA for each layer, dA left out for the first", f"{ratio:.2f} times the products in "
                f"784-64-64-10, {2 - 1 / 10:.1f} times in ten layers of equal width", "study backward_cost"),
        Erratum("2.3", "with cross-entropy the gradient does not vanish", "only that of the output layer: each hidden "
                f"sigmoid still multiplies by σ' ≤ {slopes['sigmoid']:g}", f"ten of them leave at most "
                f"{slopes['sigmoid'] ** 10:.1e} of it", "§1.3, study vanishing"),
        Erratum("2.3", "draws a descent and its losses from ten typed pairs", "they follow no loss function; here the "
                "way of a training is drawn", f"{same} of its {len(typed['w'])} losses are w, to the digit", "§2.3"),
        Erratum("1.2, 2.3", "writes σ(z) as 1 / (1 + exp(-z))", "right, but exp overflows for very negative z and "
                "NumPy warns; the kernel takes exp of -|z|", f"exp(-z) is infinite below z = {low:.1f}; the kernel "
                f"gives {values[0, 0]:.2g} at {low - 1:.1f}", "§1.2"),
    ]  # fmt: skip


def _depth() -> list[Erratum]:
    wide, deep = (layout.network(widths).parameters for widths in ((3, 16, 1), (3, 4, 4, 4, 1)))
    return [
        Erratum("3.3", "asks for equal parameters and compares [3, 16, 1] with [3, 4, 4, 4, 1]",
                "the counts are right, but they are not equal", f"{wide} against {deep}: {wide / deep - 1:.0%} more",
                "§3.3, study depth_width"),
    ]  # fmt: skip


def _training() -> list[Erratum]:
    std = math.sqrt(2 / (NETWORK[0] + NETWORK[1]))
    way = {rule: _way(rule, 100) for rule in RULES}
    by_formula = 2 * np.exp(-0.03 * EPOCHS) + 0.02 * np.sqrt(EPOCHS)
    return [
        Erratum("4.1", "writes N(0, √(2/(n_in + n_out))) and N(0, √(2/n_in))", "N(0, ·) takes a variance; these are "
                "standard deviations, as its own class uses them", f"784 to 64: standard deviation {std:.4f}; read as "
                f"a variance it would be {math.sqrt(std):.4f}", "§4.1"),
        Erratum("4.2", "says that momentum in its (1 - β) form accelerates", "its steps along a constant gradient are "
                "those of plain descent; the classical form's are 1/(1 - β) times as long", "way of 100 steps at rate "
                f"1, gradient 1, β 0.9: plain {way['sgd']:.0f}, its form {way['ema_momentum']:.0f}, classical "
                f"{way['momentum']:.0f}", "§4.2, study bowl"),
        Erratum("4.2", "uses m̂ and v̂ in Adam without defining them", "they are m/(1 - β1ᵗ) and v/(1 - β2ᵗ)",
                f"first step at rate 1: {_first_adam_step():.4f} by the kernel, {0.1 / math.sqrt(0.001):.4f} with m "
                "and v themselves", "§4.2, study optimizer"),
        Erratum("4.2", "has ε inside the root in RMSprop, outside in Adam", "both are in use, but ε = 1e-8 means "
                "√ε inside", f"√ε = {math.sqrt(1e-8):g}, below which gradients count as small", "study badly_scaled"),
        Erratum("4.3", "has the section on layer normalization twice", "once is enough", "what it says is drawn here",
                "§4.3"),
        Erratum("4.4", "shows overfitting with curves from a formula and noise", "measured curves are here", "without "
                f"the noise its validation loss is lowest in epoch {by_formula.argmin() + 1} of {len(EPOCHS)}: it does "
                "not turn up", "§4.4, study early_stopping"),
        Erratum("4.4", "says that early stopping has no setting of its own", "it needs to know how long to wait, and "
                "what counts as better", "the fields patience and min_delta of a trial", "study early_stopping"),
    ]  # fmt: skip


def _class() -> list[Erratum]:
    told, trained = (layout.network(widths).parameters for widths in ((784, 128, 64, 10), NETWORK))
    return [
        Erratum("5.1", "announces 784-128-64-10", "the next line makes 784-64-64-10",
                f"{told:,} parameters announced, {trained:,} trained", "§5.1"),
        Erratum("5.1", "drops the last incomplete batch without saying so", "each epoch leaves out some images",
                f"{IMAGES:,} - {IMAGES // BATCH} · {BATCH} = {IMAGES % BATCH}", "study last_batch"),
        Erratum("5.1", "follows the test set from epoch to epoch", "a validation set is for that; the test set is read "
                "once", "its function train is given training and test images, and sets none aside",
                "§5.1, study tutorial_network"),
        Erratum("5.1", "shows first-layer weights in 4 × 8 panels", "the layer has more units than that",
                f"{NETWORK[1]} units, {4 * 8} panels", "§5.2"),
    ]  # fmt: skip


def _point(x: np.ndarray) -> str:
    return f"({x[0]:g}, {x[1]:g})"


def _way(rule: str, steps: int) -> float:
    """Return how far a rule goes along a constant gradient of 1 at rate 1."""
    parameters, velocity, gradient = np.zeros((3, 1))
    gradient[:] = 1
    for _ in range(steps):
        if rule == "sgd":
            KERNELS.sgd_step(parameters, gradient, 1.0)
        else:
            getattr(KERNELS, f"{rule}_step")(parameters, velocity, gradient, 1.0, 0.9)
    return float(-parameters[0])


def _first_adam_step() -> float:
    parameters, first, second = np.zeros((3, 1))
    KERNELS.adam_step(parameters, first, second, np.ones(1), 1.0, 0.9, 0.999, 1e-8, 1)
    return float(-parameters[0])
