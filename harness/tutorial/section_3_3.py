"""Depth against width, section 3.3: the tutorial's two networks counted, and a small measurement."""

import itertools

import pandas as pd

from harness.spec import Trial
from harness.training import train
from harness.tutorial.by_hand import STATED, Worked, numbers
from kernels import layout

COUNTED = {(3, 16, 1): 81, (3, 4, 4, 4, 1): 61}
HIDDEN = ((31,), (30, 30), (28,) * 4, (25,) * 8)  # about 25 000 parameters each, as in the study depth_width
SEEDS = 3


def tables() -> dict[str, pd.DataFrame]:
    """Return both counts, and test errors of networks of equal size by depth."""
    return {"numbers": numbers(worked()), "errors": _errors()}


def worked() -> list[Worked]:
    """Return the parameters of both networks."""
    return [
        Worked(f"parameters of {list(widths)}", layout.network(widths).parameters, stated, STATED)
        for widths, stated in COUNTED.items()
    ]


def _errors() -> pd.DataFrame:
    rows = []
    for hidden, seed in itertools.product(HIDDEN, range(SEEDS)):
        record = train(Trial(hidden=hidden, train_size=10_000, val_size=2_000, epochs=5, seed=seed)).record
        rows.append({
            "depth": len(hidden), "width": hidden[0], "parameters": record["parameters"], "seed": seed,
            "test error": 100 * (1 - record["test_accuracy"]),
        })  # fmt: skip
    return pd.DataFrame(rows)
