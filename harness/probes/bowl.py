"""Update rules where the loss is an ill-conditioned quadratic bowl, stepped by the reference's own kernels."""

import numpy as np

from harness.probes.measured import Measured, log_spaced
from harness.spec.probes import Bowl
from harness.training.streams import stream
from kernels import layout
from kernels.choices import RULES
from kernels.numpy_backend.epoch import update

ROUNDING = 1e-9  # of the start, below which a coordinate changes its sign by rounding alone


def bowl(asked: Bowl) -> Measured:
    """Descend ½ Σ λᵢ xᵢ², λ spaced evenly on a log scale from 1 to 1/condition, from a random start on the sphere.

    The bowl is turned at random, so that rules which go by coordinate gain nothing from its axes. A run ends at its
    target or its limit, or where the loss has grown a millionfold. Source: tutorial 4.2; Goh 2017, "Why momentum
    really works".
    """
    rng = stream(asked.seed, "weights")
    curvatures = np.geomspace(1, 1 / asked.condition, asked.dimensions)  # (D,)
    axes, _ = np.linalg.qr(rng.normal(size=(asked.dimensions, asked.dimensions)))  # (D, D), a column an axis
    start = rng.normal(size=asked.dimensions)
    path = descent(asked, curvatures, axes, start / np.linalg.norm(start))  # (T + 1, D)
    along = path @ axes
    losses = 0.5 * (along**2 * curvatures).sum(axis=1)  # (T + 1,)
    steep = along[np.abs(along[:, 0]) > ROUNDING * np.abs(along[0, 0]), 0]
    straight = np.linalg.norm(path[-1] - path[0])
    shown = [step for step in log_spaced(asked.limit) if step < len(path)]
    return Measured(
        {
            "steps": len(path) - 1 if losses[-1] <= asked.target * losses[0] else asked.limit,
            "turns": int((steep[1:] * steep[:-1] < 0).sum()),
            "detour": np.linalg.norm(np.diff(path, axis=0), axis=1).sum() / straight,
            "missed": float(losses[-1] > asked.target * losses[0]),
            "final_loss": losses[-1] / losses[0],
        },
        {
            "step": shown,
            "loss": [losses[step] / losses[0] for step in shown],
            "steep": [along[step, 0] / along[0, 0] for step in shown],
            "flat": [along[step, -1] / along[0, -1] for step in shown],
        },
    )


def descent(asked: Bowl, curvatures: np.ndarray, axes: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the points visited (T + 1, D), the start first."""
    hessian = (axes * curvatures) @ axes.T  # (D, D)
    constants = {**RULES[asked.optimizer].defaults, "momentum": asked.momentum}
    rule = layout.optimizer(asked.optimizer, eps_outside=False, **constants)
    x, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    path = [start]
    bound = [asked.target, 1e6] * np.array(start @ hessian @ start)
    for step in range(1, asked.limit + 1):
        update(
            rule.rule, parameters=x, first=first, second=second, gradients=hessian @ x, rate=asked.learning_rate,
            step=step, decay=0.0, decayed=0, **rule._asdict(),
        )  # fmt: skip
        path.append(x.copy())
        if not bound[0] < x @ hessian @ x < bound[1]:
            break
    return np.array(path)
