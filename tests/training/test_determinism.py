"""The same trial gives the same weights, to the last bit, wherever and however often it is trained."""

import json
import subprocess
import sys

import pytest

TRIALS = {
    "plain": {},
    "batch norm, dropout": {"normalization": "batch", "dropout": 0.3, "input_dropout": 0.2, "epochs": 2},
}
ELSEWHERE = """
import json, sys
from harness.check.trajectory_checks import few_images
from harness.spec.trial import trial_from
from harness.training import train
images = few_images()
print(json.dumps([train(trial_from(fields), images).record["weights_sha256"] for fields in json.loads(sys.argv[1])]))
"""


def again(short, **fields):
    return short.__wrapped__(**fields).record


@pytest.mark.parametrize("name", TRIALS)
def test_trained_again_the_weights_are_the_same(short, backend_name, name):
    first = short(**TRIALS[name], backend=backend_name).record
    second = again(short, **TRIALS[name], backend=backend_name)
    assert second["weights_sha256"] == first["weights_sha256"]
    times = {"seconds"}
    curves = [[{k: v for k, v in row.items() if k not in times} for row in r["curve"]] for r in (first, second)]
    assert curves[0] == curves[1]


def test_trained_in_another_process_the_weights_are_the_same(short):
    records = [short(**TRIALS[name], backend=b).record for name in TRIALS for b in ("numpy", "numba")]
    command = [sys.executable, "-c", ELSEWHERE, json.dumps([record["trial"] for record in records])]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(found) == [record["weights_sha256"] for record in records]


@pytest.mark.parametrize("other", [{"seed": 1}, {"learning_rate": 0.002}, {"shuffle": False}, {"dropout": 0.1}])
def test_another_trial_gives_other_weights(short, other):
    assert short(**other).record["weights_sha256"] != short().record["weights_sha256"]


def test_what_was_trained_before_does_not_matter(short):
    first = again(short, normalization="batch")
    again(short, hidden=(50, 50), dropout=0.5, optimizer="sgd", seed=9)
    assert again(short, normalization="batch")["weights_sha256"] == first["weights_sha256"]
