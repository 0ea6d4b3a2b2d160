"""Means over seeds and images, churn, and images that separate the arms."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from seeds_and_images import coverage, errors, gaussian, paired

from harness.results.predictions import Predictions, prediction
from harness.statistics.images import churn, errors_by_image, separating_images, two_way_interval
from harness.statistics.intervals import t_interval

LABELS = np.arange(200, dtype=np.uint8) % 10


@pytest.mark.parametrize("seeds", [4, 8, 20])
@pytest.mark.parametrize(
    ("make", "mean", "arguments"),
    [(gaussian, 0, (200, 0.1, 1.0)), (errors, 10, (400, 0.1, 1.5, 10)), (paired, 0, (400, 0.1, 1.0, 10))],
    ids=["gaussian", "errors", "paired"],
)
def test_the_interval_over_seeds_and_images_covers_93_to_97_of_100(make, mean, arguments, seeds):
    draws = 800
    covered, _ = coverage(make, mean, draws, np.random.default_rng(seeds), seeds, *arguments)
    noise = 2 * np.sqrt(0.95 * 0.05 / draws)
    assert 0.93 - noise <= covered <= 0.97 + noise


def test_the_variance_is_that_of_the_mean_squares():
    """Against sums of squares written out cell by cell."""
    values = np.random.default_rng(3).normal(size=(4, 6)) + np.arange(6) * 2
    mean = values.mean()
    rows = 6 * sum((row.mean() - mean) ** 2 for row in values) / 3
    columns = 4 * sum((column.mean() - mean) ** 2 for column in values.T) / 5
    rest = sum(
        (values[i, j] - values[i].mean() - values[:, j].mean() + mean) ** 2 for i in range(4) for j in range(6)
    ) / (3 * 5)
    variance = (rows + columns - rest) / 24
    freedom = (rows + columns - rest) ** 2 / (rows**2 / 3 + columns**2 / 5 + rest**2 / 15)
    interval = two_way_interval(values)
    assert interval.half == pytest.approx(stats.t.ppf(0.975, freedom) * np.sqrt(variance))
    assert (interval.low + interval.high) / 2 == pytest.approx(mean)


def test_where_images_do_not_differ_the_interval_is_that_over_seeds():
    values = np.repeat([[1.0], [2.0], [4.0]], 50, axis=1)
    assert two_way_interval(values) == t_interval([1.0, 2.0, 4.0])
    assert two_way_interval(np.full((3, 50), 7.0)).half == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_is_never_narrower_than_over_the_seeds(seed):
    values = gaussian(np.random.default_rng(seed), 3, 50, 0.5, 0.0)
    assert two_way_interval(values).half >= t_interval(values.mean(1)).half


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (3, 1)])
def test_one_seed_or_one_image_bounds_nothing(shape):
    interval = two_way_interval(np.zeros(shape))
    assert interval.n == shape[0]
    assert np.isnan([interval.low, interval.high]).all()


def test_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite"):
        two_way_interval([[1.0, np.nan], [1.0, 2.0]])


def kept(classes):
    """Predictions of trials "t0", "t1", …, one a row of `classes`, and their rows of values."""
    trials, labels = {}, {}
    for number, row in enumerate(classes):
        made = prediction(f"t{number}", f"w{number}", np.asarray(row, np.uint8), LABELS)
        trials, labels = trials | made.trials, labels | made.labels
    rows = [(f"t{number}", f"w{number}", number, False) for number in range(len(classes))]
    frame = pd.DataFrame(rows, columns=["trial_id", "weights_sha256", "seed", "lost"])
    return Predictions(trials, labels), frame.assign(arm="arm", value=0.0, dataset="mnist")


def wrong_on(*images):
    classes = LABELS.copy()
    classes[list(images)] = (classes[list(images)] + 1) % 10
    return classes


def test_errors_by_image_are_0_or_100():
    predictions, values = kept([wrong_on(), wrong_on(3, 4)])
    found = errors_by_image(values, predictions)
    assert found.shape == (2, 200)
    assert found.mean(axis=1).tolist() == [0, 1]
    assert np.flatnonzero(found[1]).tolist() == [3, 4]


def test_a_lost_seed_counts_its_value_on_every_image():
    predictions, values = kept([wrong_on(), wrong_on(3, 4)])
    values.loc[0, ["lost", "value"]] = [True, 90.0]
    found = errors_by_image(values, predictions)
    assert set(found[0]) == {90.0}
    assert two_way_interval(found).mean == pytest.approx((90 + 1) / 2)


@pytest.mark.parametrize("dataset", ["xor", "parity:4"])
def test_where_the_test_images_are_all_there_are_nothing_is_told_over_images(dataset):
    predictions, values = kept([wrong_on(), wrong_on(3, 4)])
    assert errors_by_image(values.assign(dataset=dataset), predictions) is None


@pytest.mark.parametrize("fault", ["other weights", "all lost", "lost without a value", "other images"])
def test_no_errors_by_image_where_a_seed_has_none(fault):
    predictions, values = kept([wrong_on(), wrong_on(3, 4)])
    if fault == "other weights":
        values.loc[1, "weights_sha256"] = "else"
    elif fault == "all lost":
        values = values.assign(lost=True, value=90.0)
    elif fault == "lost without a value":
        values.loc[0, ["lost", "value"]] = [True, np.nan]
    else:
        short = prediction("t1", "w1", LABELS[:100], LABELS[:100])
        predictions = predictions.joined(short)
    assert errors_by_image(values, predictions) is None


def test_churn_pairs_each_seed_once():
    predictions, values = kept([wrong_on(), wrong_on(1, 2), wrong_on(5), wrong_on(5), wrong_on(7)])
    found = churn(values, predictions)
    assert found.to_dict("list") == {"seed": [0, 2], "arm": ["arm"] * 2, "value": [0.01, 0.0], "lost": [False] * 2}


def test_churn_goes_arm_by_arm_whatever_the_order_of_the_rows():
    predictions, values = kept([wrong_on(), wrong_on(1), wrong_on(), wrong_on(1, 2)])
    values = values.assign(arm=["a", "a", "b", "b"], seed=[2000, 2001, 2000, 2001]).sample(frac=1, random_state=1)
    found = churn(values, predictions).set_index("arm")
    assert found["value"].to_dict() == {"a": 1 / 200, "b": 2 / 200}
    assert set(found["seed"]) == {2000}


def test_a_pair_with_a_lost_seed_is_lost_and_has_no_value():
    predictions, values = kept([wrong_on(), wrong_on(1), wrong_on(), wrong_on(1)])
    values.loc[1, "lost"] = True
    values.loc[2, "weights_sha256"] = "else"
    found = churn(values, predictions)
    assert found["lost"].tolist() == [True, False]
    assert found["value"].isna().all()


def test_images_that_separate_the_arms_come_by_the_variance_of_their_shares():
    arms = {
        "a": np.stack([wrong_on(1, 8), wrong_on(1, 8), wrong_on(2)]),
        "b": np.stack([wrong_on(8), wrong_on(8), wrong_on()]),
    }
    found = separating_images(arms, LABELS, count=5)
    assert found["image"].tolist() == [1, 1, 2, 2]  # 8 is as hard for both
    assert found["arm"].tolist() == ["a", "b"] * 2
    assert found["label"].tolist() == [1, 1, 2, 2]
    assert found["wrong"].tolist() == [2, 0, 1, 0]
    assert set(found["n"]) == {3}
    assert found["predicted"].tolist() == [2, -1, 3, -1]
    assert len(separating_images(arms, LABELS, count=1)) == 2
