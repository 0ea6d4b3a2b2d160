"""What the predictions on each test image tell: intervals over seeds and images, churn, images that separate the arms.

A test set is a sample, too: another ten thousand images would have given other errors, the same seeds or not.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from harness.results.predictions import Classes, Predictions
from harness.spec.names import is_every_input
from harness.statistics.intervals import LEVEL, Interval, t_interval
from harness.statistics.metrics import chance_value

SEPARATING_COLUMNS = ("image", "label", "arm", "wrong", "n", "predicted")
SHOWN = 8  # images that separate the arms
LEARNT = 0.5  # of what guessing scores; arms above separate every image from every other arm


class Separating(NamedTuple):
    """The images that separate the arms of a study, as `separating_images` has them, and the true class of each image
    of their test set (images,); `left_out` has the reason by arm for those that have no part in it."""

    table: pd.DataFrame
    labels: Classes
    left_out: dict[str, str]


def two_way_interval(values: ArrayLike, level: float = LEVEL) -> Interval:
    """Return the mean of `values` (seeds, images) with its interval over seeds and images; `n` counts the seeds.

    Seeds and images are crossed random effects: value = mean + seed + image + rest. The variance of the mean is
    var(seed) / n + var(image) / m + var(rest) / (n m), estimated from the mean squares; where that of the images comes
    out below 0 it counts as 0. The bounds are of a t distribution with Satterthwaite's degrees of freedom, and never
    nearer than those over the seeds alone. They hold for differences of two arms at the same seeds alike. Fewer than
    two seeds or images bound nothing: NaN. Raises ValueError for what is not finite.

    Source: Searle, Casella and McCulloch (1992), Variance Components, chapter 4; Satterthwaite (1946), An approximate
    distribution of estimates of variance components; for 0 and 1 instead of Gaussian values Owen (2007), The pigeonhole
    bootstrap.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("two_way_interval takes finite values")
    n, m = values.shape
    mean = float(values.mean()) if values.size else np.nan
    if n < 2 or m < 2:
        return Interval(n, mean, np.nan, np.nan)
    of_seed, of_image = values.mean(1) - mean, values.mean(0) - mean
    rest = values - mean - of_seed[:, None] - of_image
    seeds = m * (of_seed**2).sum() / (n - 1)  # mean squares
    images = n * (of_image**2).sum() / (m - 1)
    error = (rest**2).sum() / ((n - 1) * (m - 1))
    variance = (seeds + max(0.0, images - error)) / (n * m)
    squares = seeds**2 / (n - 1)
    if images > error:
        squares += images**2 / (m - 1) + error**2 / ((n - 1) * (m - 1))
    freedom = (variance * n * m) ** 2 / squares if squares else n - 1.0
    half = stdtrit(freedom, (1 + level) / 2) * np.sqrt(variance)
    half = max(float(half), t_interval(values.mean(1), level).half)
    return Interval(n, mean, mean - half, mean + half)


def errors_by_image(values: pd.DataFrame, predictions: Predictions) -> NDArray[np.float64] | None:
    """Return the error (%) of each seed on each test image (seeds, images), 0 or 100, in the order of the rows.

    `values` has a row a seed: `trial_id, weights_sha256, dataset, value, lost`, the value a test error (%). A lost seed
    has no predictions and counts its value on every image. None where another seed has none, where all are lost, where
    seeds were tested on other images, or on every image that there is (parity), for then these are no sample.
    """
    if values["dataset"].map(is_every_input).any():
        return None
    rows: list[NDArray[np.bool_] | None] = []
    for trial, weights, lost in zip(*(values[name] for name in ("trial_id", "weights_sha256", "lost")), strict=True):
        found = None if lost else predictions.of(trial, weights)
        if found is None and not lost:
            return None
        rows.append(None if found is None else found[0] != found[1])
    lengths = {len(row) for row in rows if row is not None}
    if len(lengths) != 1 or values["value"].isna().any():
        return None
    errors = np.empty((len(rows), lengths.pop()))
    for place, (row, value) in enumerate(zip(rows, values["value"], strict=True)):
        errors[place] = value if row is None else 100.0 * row
    return errors


def churn(values: pd.DataFrame, predictions: Predictions) -> pd.DataFrame:
    """Return `seed, arm, value, lost`: the share of test images on which two seeds of an arm disagree.

    `values` has a row a seed and arm: `seed, arm, trial_id, weights_sha256, lost`. Seed 2i is held against seed 2i + 1,
    so that no seed counts twice, and the pair bears the number of the first; a seed without the other has no row. The
    value is NaN where one of the two was lost or has left no predictions.

    Source: Milani Fard et al. (2016), Launch and iterate: reducing prediction churn.
    """
    pairs = values.assign(pair=values["seed"] - values["seed"] % 2).groupby(["arm", "pair"], sort=False)
    rows = []
    for key, pair in pairs:
        arm, seed = key
        if len(pair) == 2:
            lost = bool(pair["lost"].any())
            rows.append((seed, arm, np.nan if lost else _disagreement(pair, predictions), lost))
    frame = pd.DataFrame(rows, columns=["seed", "arm", "value", "lost"])
    return frame.astype({"value": float, "lost": bool})


def _predicted(trials: pd.DataFrame, predictions: Predictions) -> list[tuple[Classes, Classes] | None]:
    """Return the predicted and the true classes of each trial; None of one that has left none."""
    return [predictions.of(*one) for one in zip(trials["trial_id"], trials["weights_sha256"], strict=True)]


def _disagreement(pair: pd.DataFrame, predictions: Predictions) -> float:
    found = _predicted(pair, predictions)
    classes = [both[0] for both in found if both is not None]
    if len(classes) < 2 or len(classes[0]) != len(classes[1]):
        return np.nan
    return float(np.mean(classes[0] != classes[1]))


def classes_by_arm(trials: pd.DataFrame, predictions: Predictions) -> tuple[dict[str, Classes], Classes]:
    """Return the predicted classes of each arm (seeds, images) and the true ones (images,).

    `trials` has the columns `arm, trial_id, weights_sha256`. Arms of which a trial has left no predictions are left
    out, and so are those that were tested on other images than the first.
    """
    classes: dict[str, Classes] = {}
    labels = np.zeros(0, np.uint8)
    for arm, rows in trials.groupby("arm", sort=False):
        found = _predicted(rows, predictions)
        kept = [both for both in found if both is not None]
        labels = kept[0][1] if kept and not classes else labels
        if len(kept) == len(found) and all(np.array_equal(true, labels) for _, true in kept):
            classes[str(arm)] = np.stack([predicted for predicted, _ in kept])
    return classes, labels


def separating(trials: pd.DataFrame, predictions: Predictions, count: int = SHOWN) -> Separating:
    """Return the images on which the arms of a study differ most, of those arms that have learnt, by the final phase.

    `trials` has the columns of trials.csv. The final phase is the tuned one where there is one. An arm without a seed
    that finished has no part and no reason: what became of it is told elsewhere.
    """
    final = "confirm" if (trials["phase"] == "confirm").any() else "default"
    errors = 100 * (1 - trials["test_accuracy"].astype(float))
    rows = trials[(trials["phase"] == final) & (trials["status"] == "done") & np.isfinite(errors)]
    left_out, kept = {}, []
    for arm, seeds in rows.groupby("arm", sort=False):
        chance = chance_value("test_error", str(seeds["loss"].iloc[0]), float(seeds["classes"].iloc[0]))
        if errors[seeds.index].mean() <= LEARNT * chance:
            kept.append(arm)
        else:
            left_out[str(arm)] = "hardly better than guessing"
    classes, labels = classes_by_arm(rows[rows["arm"].isin(kept)], predictions)
    left_out |= {str(arm): "no predictions, or of other images" for arm in kept if arm not in classes}
    return Separating(separating_images(classes, labels, count), labels, left_out)


def separating_images(classes: Mapping[str, Classes], labels: Classes, count: int = 10) -> pd.DataFrame:
    """Return the test images on which arms differ most: `image, label, arm, wrong, n, predicted`, a row an arm.

    `classes` has the predicted classes of each arm (seeds, images), `labels` (images,) the true ones. Images are
    ordered by the variance over the arms of the share of seeds that are wrong, the largest first. `image` is the place
    in the test set, `wrong` of `n` seeds err, and `predicted` is the class that most of these take it for (-1: none
    errs). Images on which all arms are alike are left out: all of them, where there are fewer than two arms.
    """
    if len(classes) < 2:
        return pd.DataFrame(columns=list(SEPARATING_COLUMNS))
    shares = np.array([(predicted != labels).mean(axis=0) for predicted in classes.values()])
    spread = shares.var(axis=0)
    chosen = np.argsort(-spread, kind="stable")[:count]
    rows = []
    for image in chosen[spread[chosen] > 0]:
        for arm, predicted in classes.items():
            taken = predicted[:, image]
            others = taken[taken != labels[image]]
            usual = int(np.bincount(others).argmax()) if len(others) else -1
            rows.append((int(image), int(labels[image]), arm, len(others), len(taken), usual))
    return pd.DataFrame(rows, columns=list(SEPARATING_COLUMNS))
