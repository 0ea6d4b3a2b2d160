"""Results made by hand: a study from its tables, and what became of each of its trials."""

import numpy as np
import pandas as pd

from harness.results.frames import CURVE_COLUMNS, LAYER_COLUMNS, TRIAL_COLUMNS, Results
from harness.spec.cells import CONFIRM_SEED
from harness.spec.study import study_from_table

IMAGES = 1000


def study_of(arms, claims=(), name="s", **tables):
    """A study of arms (settings by name) on 1000 training images, for 4 epochs of 10 steps."""
    usual = {"train_size": IMAGES, "batch_size": 100, "epochs": 4}
    baseline = usual | tables.pop("baseline", {})
    claims = [{"id": f"claim{place}", **claim} for place, claim in enumerate(claims)]
    table = {"baseline": baseline, "blocks": [{"arms": arms}], "claims": claims, **tables}
    return study_from_table(name, table, f"{name}.toml")


def results_of(study, ended, notes=()):
    """Results of trials by (arm, seed) or (arm, phase, seed): what each ended with, or its test error.

    `curve` lists the evaluations, one an epoch: validation accuracies, or tables of a row's figures; `layers` lists
    (epoch, layer, metric, value). Losses are 1 - accuracy where they are not given.
    """
    trials, curves, layers = [], [], []
    for number, (key, end) in enumerate(ended.items()):
        arm, phase, seed = key if len(key) == 3 else (key[0], "default", key[1])
        end = end if isinstance(end, dict) else {"test_accuracy": 1 - end / 100}
        identity = {"trial_id": f"t{number}", "study": study.name, "arm": arm, "phase": phase, "seed": seed}
        settings = {key: value for key, value in study.arm(arm).trial.model_dump().items() if key != "seed"}
        usual = {"status": "done", "classes": None if end.get("status") == "failed" else 10, "epochs_run": 4}
        figures = {key: value for key, value in end.items() if key not in ("curve", "layers")}
        trials.append(settings | {"hidden": ",".join(map(str, settings["hidden"]))} | identity | usual | figures)
        for epoch, row in enumerate(end.get("curve", ()), start=1):
            row = row if isinstance(row, dict) else {"val_accuracy": row, "val_loss": 1 - row}
            place = {"epoch": epoch, "samples": IMAGES * epoch, "steps": 10 * epoch, "seconds": 0.5 * epoch}
            curves.append(place | row | {"trial_id": identity["trial_id"]})
        layers += [(identity["trial_id"], *row) for row in end.get("layers", ())]
    frames = [pd.DataFrame(trials, columns=list(TRIAL_COLUMNS)), pd.DataFrame(curves, columns=list(CURVE_COLUMNS))]
    figures = [name for name in TRIAL_COLUMNS if name.endswith(("_loss", "_accuracy", "seconds", "epochs_run"))]
    frames[0] = frames[0].astype(dict.fromkeys(figures, "float64") | {"classes": "Int64", "seed": "int64"})
    frames[1] = frames[1].astype(dict.fromkeys(CURVE_COLUMNS[3:], "float64"))
    layer_rows = pd.DataFrame(layers, columns=list(LAYER_COLUMNS))
    return Results({study.name: study}, *frames, layer_rows, {}, {}, {study.name: list(notes)})


def errors_of(phase="default", **errors):
    """Test errors (%) of arms, a list each, by arm, phase and seed; None: the trial was not run."""
    first = CONFIRM_SEED if phase == "confirm" else 0
    return {
        (arm, phase, first + seed): value
        for arm, values in errors.items()
        for seed, value in enumerate(values)
        if value is not None
    }


def around(mean, spread=0.1, n=8, key=0):
    """`n` errors about a mean, as far from it as a normal distribution has them."""
    return list(mean + spread * np.random.default_rng(key).normal(size=n))


DIVERGED = {"status": "diverged", "epochs_run": 0}
FAILED = {"status": "failed", "epochs_run": None}
