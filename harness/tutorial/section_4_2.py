"""Optimization, section 4.2: momentum in both forms on an ill-conditioned bowl, and schedules of the learning rate."""

import numpy as np
import pandas as pd

from harness.probes.bowl import descent
from harness.spec.names import SCHEDULES
from harness.spec.probes import Bowl
from harness.spec.trial import trial_from
from harness.training.schedules import learning_rates
from harness.tutorial.digits import rounded

CURVATURES, START, STEPS = np.array([1.0, 0.02]), np.array([1.0, 10.0]), 60
RUNS = (("sgd", 1.5), ("momentum", 1.5), ("ema_momentum", 1.5), ("ema_momentum", 15.0))
EPOCHS, UPDATES = 10, 40


def tables() -> dict[str, pd.DataFrame]:
    """Return the points that update rules visit in the bowl ½(x² + 0.02 y²), and the rates of the five schedules."""
    return {
        "paths": pd.concat([_path(rule, rate) for rule, rate in RUNS]),
        "schedules": pd.concat([_schedule(name) for name in SCHEDULES]),
    }


def _path(rule: str, rate: float) -> pd.DataFrame:
    asked = Bowl(optimizer=rule, learning_rate=rate, momentum=0.9, target=1e-12, limit=STEPS)
    points = descent(asked, CURVATURES, np.eye(2), START)
    losses = 0.5 * (points**2 * CURVATURES).sum(axis=1)
    return pd.DataFrame(
        {
            "optimizer": rule,
            "learning_rate": rate,
            "step": range(len(points)),
            "x": rounded(points[:, 0]),
            "y": rounded(points[:, 1]),
            "loss": [float(f"{loss:.6g}") for loss in losses],
        }
    )


def _schedule(name: str) -> pd.DataFrame:
    """The rate of each update, as the training loop asks for it."""
    trial = trial_from({"schedule": name, "learning_rate": 0.1, "epochs": EPOCHS, "schedule_every": 2})
    rates = np.concatenate([learning_rates(trial, UPDATES, epoch) for epoch in range(EPOCHS)])
    return pd.DataFrame(
        {"schedule": name, "epoch": np.arange(len(rates)) / UPDATES, "learning_rate": rounded(rates, 7)}
    )
