"""The sweep benchmark: other libraries train the same networks as ours, alone and side by side."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from harness.bench import recipe_times, summary, sweep_rows
from harness.bench import sweep_times as sweep
from harness.bench.bench_folder import write_environment
from harness.bench.contenders import CONTENDERS, JAX, OURS, TORCH, Data
from harness.bench.recipes import IMAGES
from harness.datasets import load_dataset
from harness.errors import HarnessError
from harness.spec.trial import parse_set
from harness.training import setup
from kernels import layout, numpy_backend

INSTALLED = [peer for peer in (TORCH, JAX) if CONTENDERS[peer].installed]


@pytest.mark.parametrize("arm", ["momentum", "adam, batch norm"])
@pytest.mark.parametrize("peer", INSTALLED)
def test_seeds_side_by_side_learn_what_each_learns_by_our_kernels(peer, arm):
    recipe, steps = sweep.ARMS[arm], 6
    rng, data = np.random.default_rng(0), load_dataset("mnist")
    order, validation = rng.integers(0, IMAGES, (2, steps * recipe.batch)), rng.integers(0, IMAGES, (2, 500))
    weights = sweep.first_weights(recipe, [3, 4])
    module = import_module(f"harness.bench.contenders.{sweep.PEERS[peer]}")
    learners = module.start(recipe, module.Images(Data(data, [])), weights, validation)
    learners.train(order)
    (losses, accuracies), (_, tested) = learners.validate(), learners.test()
    for i, seed in enumerate((3, 4)):
        loss, accuracy, test_accuracy = by_our_kernels(recipe, data, [w[i] for w in weights], order[i], validation[i])
        assert losses[i] == pytest.approx(loss, rel=1e-3), seed
        assert accuracies[i] == pytest.approx(accuracy, abs=0.003)
        assert tested[i] == pytest.approx(test_accuracy, abs=0.002)


def by_our_kernels(recipe, data, weights, order, validation):
    """Return validation loss and accuracy and test accuracy after training on `order`, by the reference."""
    trial = recipe.trial("numpy")
    net, rule = setup.network_of(trial, 784, 10), setup.optimizer_of(trial)
    state = layout.new_state(net, rule, "float32")
    for layer, w in enumerate(weights):
        layout.weight(state.parameters, net, layer)[...] = w
    work = layout.new_workspace(net, recipe.batch, "float32", sparse=False)
    images, test_images = setup.images_of(trial, data, np.arange(IMAGES))
    losses = np.zeros(len(order) // recipe.batch)
    rates = np.full(len(losses), recipe.learning_rate)
    numpy_backend.train_epoch(
        state, work, losses, images, order, rates, net, rule, recipe.batch, 0.0, 0.0, np.uint64(0), 0
    )
    found = []
    for those, rows in ((images, validation), (test_images, np.arange(len(test_images.labels)))):
        judged, classes = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.int64)
        numpy_backend.evaluate(judged, classes, work, state, those, rows, net)
        found.append((judged.mean(), np.mean(classes == those.labels[rows])))
    return *found[0], found[1][1]


def test_a_peer_that_breaks_or_learns_something_else_is_left_out_of_the_sweep():
    def ask(accuracy):
        found = {"seconds": 2.0, "val_accuracy": accuracy, "test_accuracy": accuracy}
        return lambda function, *_: {"together": 1, "start_seconds": 1.0} if function is sweep.prepare else found

    def broken(*_):
        raise HarnessError("ImportError: no such library")

    told = []
    frame = sweep_rows.sweep_rows({OURS: ask(0.95), TORCH: broken, JAX: ask(0.9)}, told.append)
    assert set(frame["contender"]) == {OURS}
    assert frame.iloc[-1][["arm", "seconds", "ratio"]].tolist() == ["all arms", 8.0, 1.0]
    assert "left out: pytorch eager (ImportError: no such library)" in told
    assert "left out: jax jit+scan, whose accuracy is 90.00 % where ours is 95.00 %" in told
    with pytest.raises(HarnessError):
        sweep_rows.sweep_rows({OURS: broken, JAX: ask(0.9)}, told.append)


def test_the_recipe_is_written_as_train_takes_it():
    assert parse_set(recipe_times.written().replace("--set ", "").split()) == {
        name: tuple(value) if isinstance(value, list) else value for name, value in recipe_times.RECIPE.items()
    }


def test_what_the_recipe_reached_is_told_with_its_intervals():
    recipe = pd.DataFrame({
        "recipe": "--set epochs=5", "target": 0.98, "test_accuracy": [0.981, 0.982, 0.983], "seconds": 0.5,
        "training_seconds": 0.4,
    })  # fmt: skip
    assert summary.recipe_text(recipe).splitlines()[1] == (
        "test accuracy 98.20 ± 0.25 % (3 seeds; p = 0.04 that the mean is not above 98 %) in 0.500 ± 0.000 s, "
        "0.400 of them in steps"
    )


def test_an_environment_is_written_where_no_table_was_yet(tmp_path):
    write_environment(tmp_path)
    assert (tmp_path / "bench" / "environment.json").is_file()
