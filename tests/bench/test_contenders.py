"""The training benchmark: all contenders learn the same, and what is counted is what a step does."""

import numpy as np
import pandas as pd
import pytest

from harness.bench import benchmarks, growth, summary
from harness.bench import training_rows as run
from harness.bench import training_times as training
from harness.bench.contenders import (
    CONTENDERS,
    DENSE,
    JAX,
    NUMPY,
    OURS,
    TORCH,
    TUTORIAL,
    Data,
    ours,
    tutorial,
)
from harness.bench.process import measuring_process
from harness.bench.recipes import HELD, IMAGES, SIX, Recipe, groups
from harness.datasets import load_dataset
from harness.errors import HarnessError, InputError
from harness.report.speed_section import TABLES
from kernels import layout, numpy_backend

SMALLEST = SIX[4]


def test_the_tutorials_class_takes_the_step_of_the_reference_in_float64():
    widths, n, rate = (5, 4, 4, 10), 6, 0.1
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (n, 5), dtype=np.uint8), rng.integers(0, 10, n).astype(np.uint8)
    model = tutorial.NeuralNetwork(list(widths))
    net, rule = layout.network(widths), layout.optimizer("sgd")
    state = layout.new_state(net, rule, "float64")
    for layer in range(3):
        layout.weight(state.parameters, net, layer)[...] = model.parameters[f"W{layer + 1}"].T
    targets = np.zeros((10, n))
    targets[labels, np.arange(n)] = 1

    order = rng.permutation(n)
    loss = tutorial.train_epoch(model, pixels.T / 255.0, targets, order, 3, rate)
    losses, empty = np.zeros(2), np.zeros(0, np.uint16)
    images = layout.Images(pixels, labels, np.zeros(1, np.int64), empty, False, 1 / 255, 0.0)
    work = layout.new_workspace(net, 3, "float64", sparse=False)
    rates = np.full(2, rate)
    numpy_backend.train_epoch(state, work, losses, images, order, rates, net, rule, 3, 0.0, 0.0, np.uint64(0), 0)

    for layer in range(3):
        w, b = layout.weight(state.parameters, net, layer), layout.bias(state.parameters, net, layer)
        np.testing.assert_allclose(model.parameters[f"W{layer + 1}"].T, w, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(model.parameters[f"b{layer + 1}"][:, 0], b, rtol=1e-12, atol=1e-15)
    assert loss == pytest.approx(losses.mean(), abs=1e-6)  # the tutorial adds 1e-8 inside the logarithm


LEARNT = (SIX[0], SIX[2], SIX[4], SIX[5], HELD[0]._replace(dropout=0.0), HELD[1])
TOLD = [
    *((peer, network) for peer in (TORCH, JAX) if CONTENDERS[peer].installed for network in LEARNT),
    (TUTORIAL, SIX[0]),
]


@pytest.mark.parametrize(("peer", "network"), TOLD, ids=[f"{peer} {network.name}" for peer, network in TOLD])
def test_a_peer_told_the_same_weights_and_rows_has_the_same_losses(peer, network):
    data = Data(load_dataset("mnist"), training.first_weights(network))
    theirs, reference = CONTENDERS[peer].load()(network, data), CONTENDERS[OURS].load()(network, data)
    rng = np.random.default_rng(0)
    for rows in rng.integers(0, IMAGES, (2, 20 * network.batch)):
        assert theirs(rows) == pytest.approx(reference(rows), rel=1e-5)


def test_products_of_a_step_are_counted_without_the_gradient_of_the_images():
    network = Recipe((3,), "sgd", 0.1, 2)
    forward, backward = 2 * 2 * (784 * 3 + 3 * 10), 2 * 2 * (784 * 3 + 2 * 3 * 10)
    assert network.product_flops == forward + backward


def test_the_six_networks_are_those_that_were_agreed():
    assert [network.name for network in SIX] == [
        "784-64-64-10 sgd B=128",
        "784-128-64-10 adam B=32",
        "784-128-64-10 adam B=128",
        "784-512-512-10 adam B=128",
        "784-30-10 sigmoid sgd B=10",
        "784-64×8-10 batch norm adam B=128",
    ]


def test_networks_held_back_are_trained_on_the_second_dataset_too():
    trained = groups("some/where/fashion-mnist")
    assert [recipe.name for recipe in trained["held back"]] == [
        "784-256-256-256-10 layer norm dropout adamw B=64",
        "784-1000-10 tanh momentum B=256",
        "784-300-100-10 adam B=32",
    ]
    assert [recipe.name for recipe in trained["fashion-mnist"]] == [f"{recipe.name} fashion-mnist" for recipe in HELD]
    assert list(groups(None)) == ["six", "held back"]


def test_a_second_dataset_of_another_form_is_bad_input(tmp_path):
    with pytest.raises(InputError, match=r"--dataset xor: has 4 training images of 2 pixels in 2 classes"):
        benchmarks.bench_training(tmp_path, print, peers=False, dataset="xor")


@pytest.mark.parametrize("peer", [peer for peer in (TORCH, JAX) if CONTENDERS[peer].installed])
def test_dropout_of_a_peer_keeps_as_many_units_as_ours(peer):
    network = HELD[0]._replace(dropout=0.5)
    data = Data(load_dataset("mnist"), training.first_weights(network))
    rows = np.random.default_rng(0).integers(0, IMAGES, 40 * network.batch)
    losses = [CONTENDERS[name].load()(network, data)(rows) for name in (peer, OURS)]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_our_epochs_go_on_where_the_last_one_ended():
    network = Recipe((4,), "adam", 0.01, 10)
    data, order = Data(load_dataset("mnist"), training.first_weights(network)), np.arange(400)
    whole, halves = ours.start_numpy(network, data), ours.start_numpy(network, data)
    losses = [halves(order[:200]), halves(order[200:])]
    assert whole(order) == pytest.approx(np.mean(losses), rel=1e-6)  # a second start would correct the moments again


def test_rows_of_a_network_compare_all_with_ours_in_the_same_rounds(monkeypatch):
    monkeypatch.setattr(run, "ROUND_SECONDS", 0.0)  # one stretch
    monkeypatch.setattr(run, "ROUNDS", 3)
    with measuring_process() as ours, measuring_process() as dense:
        rows = pd.DataFrame(run.recipe_rows("six", SMALLEST, {OURS: ours, DENSE: dense}, print)).set_index("contender")
    assert set(TABLES["training"]) - {"contender"} <= set(rows)
    assert rows.loc[OURS, "ratio"] == 1
    assert rows.loc[DENSE, "ratio_dense"] == 1
    assert rows.loc[OURS, "packing_seconds"] > 0
    assert rows.loc[OURS, "ratio_first_epoch"] < 1
    # the same weights, images and order: the same losses, but for the order of sums
    assert rows.loc[DENSE, "first_loss"] == pytest.approx(rows.loc[OURS, "first_loss"], rel=1e-3)


def test_a_contender_that_learns_something_else_is_not_timed(monkeypatch):
    monkeypatch.setattr(run, "ROUNDS", 1)
    told = []

    def ask(loss):
        started = {"loss": loss, "start_seconds": 1.0, "packing_seconds": 0.0}
        return lambda function, *_: started if function is training.prepare else 0.001

    rows = run.recipe_rows("six", SIX[0], {OURS: ask(0.4), DENSE: ask(0.41), NUMPY: ask(2.3)}, told.append)
    assert [row["ratio"] for row in rows] == [1, 1, None]
    assert told == ["not timed: numpy, whose loss in the first steps is 2.3 where ours is 0.4"]


def test_a_peer_that_breaks_is_left_out_and_one_of_ours_is_an_error(monkeypatch):
    monkeypatch.setattr(run, "ROUNDS", 1)
    told = []

    def good(function, *_):
        return {"loss": 0.4, "start_seconds": 1.0, "packing_seconds": 0.0} if function is training.prepare else 0.001

    def broken(*_):
        raise HarnessError("ImportError: no such library")

    rows = run.recipe_rows("six", SIX[0], {OURS: good, DENSE: good, JAX: broken}, told.append)
    assert [row["contender"] for row in rows] == [OURS, DENSE]
    assert told == ["not timed: jax jit+scan (ImportError: no such library)"]
    with pytest.raises(HarnessError):
        run.recipe_rows("six", SIX[0], {OURS: good, DENSE: broken}, told.append)


def test_ratios_name_the_mean_the_worst_and_whether_the_goal_is_reached():
    training = pd.DataFrame([
        {"group": group, "network": network.name, "contender": contender, "ratio": ratio, "ratio_first_epoch": 1.0,
         "ratio_dense": 1.5}
        for group, networks, slowest in (("six", SIX, 2.6), ("held back", HELD, 1.0))
        for network, theirs in zip(networks, (slowest, 6, 6, 6, 6, 6), strict=False)
        for contender, ratio in ((OURS, 1.0), (NUMPY, theirs), (JAX, theirs / 1.5), (TORCH, theirs + 1))
    ])  # fmt: skip
    all_found = summary.ratios(training)
    found = all_found[all_found["group"] == "six"].set_index("contender")
    assert found.loc[NUMPY, "geometric_mean"] == pytest.approx((2.6 * 6**5) ** (1 / 6))
    assert found.loc[NUMPY, ["worst", "worst_at", "reached"]].tolist() == [2.6, SIX[0].name, "yes"]
    assert found.loc[JAX, "geometric_mean"] > 2.5
    assert found.loc[JAX, "reached"] == "no"  # 1.73 on the first network
    assert found.loc[TORCH, "reached"] == "yes"
    assert all_found.loc[all_found["group"] == "held back", "goal"].isna().all()
    training["ratio_dense"] = 1.3
    assert summary.ratios(training).set_index("contender").loc[JAX, "reached"].iloc[0] == "no"


def test_arithmetic_of_a_step_is_the_sum_of_its_kernels():
    n, d, m, k = 2, 784, 3, 10
    nonzeros, parameters = n * d // 2, d * m + m + m * k + k
    expected = (
        2 * (2 * nonzeros * m + n * m)  # first layer, forward and backward
        + (2 * n * m * k + n * k) + (4 * n * m * k + n * k)  # last layer; backward has dw and dx
        + 2 * n * m  # ReLU, both ways
        + 4 * n * k + 2 * n * k  # loss
        + 2 * parameters
    )  # fmt: skip
    assert growth.step_flops(Recipe((m,), "sgd", 0.1, n), density=0.5) == expected
