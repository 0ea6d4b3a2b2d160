"""What the pictures of parts 4 and 5 show is what trainings and kernels really do."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from harness.datasets import load_dataset
from harness.report.figures import (
    activation_bands,
    bowl_path,
    normalized_batch,
    rate_schedules,
    style,
    thinned_network,
    weight_histogram,
)
from harness.report.fingerprint import drawn
from harness.report.tutorial import draw_section, study_drawings
from harness.results.pixels import pixels_of_text, pixels_to_text
from harness.results.tutorial_tables import read_tables, write_tables
from harness.spec import Trial
from harness.spec.tutorial_sections import find_section
from harness.training import setup, train
from harness.training.streams import dropout_key
from harness.tutorial import compute, section_4_1, section_4_2, section_4_3, section_4_4
from kernels import layout, numpy_backend

REFERENCE = Path(__file__).parents[2] / "results"
DRAWN = ("4.1", "4.2", "4.3", "4.4", "5.1", "5.2")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The tables of these sections as they are read from a results folder."""
    folder = tmp_path_factory.mktemp("results")
    for number in DRAWN:
        write_tables(folder, number, compute(find_section(number)))
    return {number: read_tables(folder, number) for number in DRAWN}


def test_the_masks_are_those_that_a_training_draws(tables):
    trial = Trial(hidden=section_4_4.HIDDEN, dropout=section_4_4.RATE, seed=section_4_4.SEED, backend="numpy")
    data = load_dataset("mnist")
    network, rule = setup.network_of(trial, 784, 10), setup.optimizer_of(trial)
    state, work = (
        setup.initial_state(trial, network, rule),
        layout.new_workspace(network, 4, trial.dtype, sparse=False),
    )
    images, _ = setup.images_of(trial, data, np.arange(4))
    for (step, image), part in tables["4.4"]["masks"].groupby(["step", "image"]):
        numpy_backend.batch_gradient(state, work, images, np.arange(4), network, dropout_key(trial.seed), step)
        for layer, units in part.groupby("layer"):
            mask = layout.unit_rows(work.mask, network, layer - 1, 4, 4)[image]
            assert units["kept"].tolist() == mask.tolist()


def test_the_schedules_are_those_that_a_training_applies(tables):
    rates = tables["4.2"]["schedules"]
    sizes = {"batch_size": 5, "train_size": 5 * section_4_2.UPDATES, "epochs": section_4_2.EPOCHS, "val_size": 10}
    for name, part in rates.groupby("schedule"):
        trial = Trial(schedule=name, learning_rate=0.1, schedule_every=2, hidden=(), backend="numpy", **sizes)
        last_of_each = part["learning_rate"].to_numpy()[section_4_2.UPDATES - 1 :: section_4_2.UPDATES]
        np.testing.assert_allclose(last_of_each, train(trial).curve["learning_rate"], atol=1e-7)


def test_both_forms_of_momentum_are_one_at_rates_that_match(tables):
    runs = dict(iter(tables["4.2"]["paths"].groupby(["optimizer", "learning_rate"])))
    classical, tutorial = runs["momentum", 1.5], runs["ema_momentum", 15.0]
    np.testing.assert_allclose(classical[["x", "y"]], tutorial[["x", "y"]], atol=1e-4)


def test_norms_even_out_what_is_framed(tables):
    by = dict(iter(tables["4.3"]["batch"].groupby("form")))
    for form, axis in (("batch", "unit"), ("layer", "image")):
        groups = by[form].groupby(axis)["value"]
        np.testing.assert_allclose(groups.mean(), 0, atol=1e-4)
        np.testing.assert_allclose(groups.std(ddof=0), 1, atol=1e-2)
    assert by["none"].groupby("unit")["value"].mean().abs().max() > 0.1
    assert len(by["none"]) == section_4_3.IMAGES * section_4_3.UNITS


def test_initial_weights_have_the_spread_that_their_names_promise(tables):
    std = tables["4.1"]["weights"].groupby("initializer")["std"].first()
    units = section_4_1.UNITS
    assert std["zeros"] == 0
    for name, expected in (("normal", 1), ("xavier_normal", np.sqrt(1 / units)), ("he_normal", np.sqrt(2 / units))):
        assert std[name] == pytest.approx(expected, rel=0.02)


def test_training_moves_no_weight_of_a_pixel_that_is_never_inked(tables):
    blank = np.flatnonzero(load_dataset("mnist").train_images.max(axis=0) == 0)
    moved = tables["5.2"]["first_layer"].pivot(index="pixel", columns="unit", values="moved").to_numpy()
    assert len(blank) > 50
    assert not moved[blank].any()
    assert moved.any(axis=0).all()


def test_the_confusions_count_every_test_image(tables):
    confusions, outcome = tables["5.1"]["confusions"], tables["5.1"]["outcome"].set_index("quantity")["value"]
    assert confusions["images"].sum() == 10_000
    right = confusions.loc[confusions["label"] == confusions["predicted"], "images"].sum()
    assert right / 10_000 == outcome["test accuracy"]
    assert 10_000 - right == outcome["test images taken for another digit"]


def test_images_are_read_as_they_were_written(tables):
    table = tables["5.1"]["samples"]
    np.testing.assert_array_equal(pixels_of_text(table["pixels"]), load_dataset("mnist").train_images[: len(table)])
    assert pixels_to_text(pixels_of_text(table["pixels"])) == table["pixels"].tolist()


@pytest.mark.parametrize("number", DRAWN)
def test_the_pictures_of_a_section_follow_from_its_tables(tables, number):
    with style.house_style():
        once, again = (draw_section(find_section(number), tables[number]) for _ in range(2))
        assert [d.name for d in once] == [f"{number}-{name}" for name in find_section(number).pictures]
        for one, other in zip(once, again, strict=True):
            assert (drawn(one.figure), one.caption) == (drawn(other.figure), other.caption)


def test_a_section_shows_the_figures_of_studies_that_the_results_hold(tmp_path):
    assert study_drawings(find_section("5.2"), tmp_path) == []
    (tmp_path / "dropout").symlink_to(REFERENCE / "dropout")
    with style.house_style():
        (drawing,) = study_drawings(find_section("5.2"), tmp_path)
    assert drawing.name == "5.2-dropout"
    assert drawing.caption.startswith("From the study dropout. Gap and test error against dropout rate")


ON_AXES = {
    "bowl_path": lambda t, **ax: bowl_path(t["4.2"]["paths"].query("optimizer == 'sgd'"), (1, 0.02), colour="k", **ax),
    "weight_histogram": lambda t, **ax: weight_histogram(t["4.1"]["weights"].query("initializer == 'zeros'"), **ax),
    "activation_bands": lambda t, **ax: activation_bands(
        t["4.1"]["activations"].query("initializer == 'he_normal' and activation == 'relu'"), **ax
    ),
    "rate_schedules": lambda t, **ax: rate_schedules(t["4.2"]["schedules"], **ax),
    "normalized_batch": lambda t, **ax: normalized_batch(t["4.3"]["batch"].query("form == 'layer'"), "image", **ax),
    "thinned_network": lambda t, **ax: thinned_network(t["4.4"]["masks"].query("step == 0 and image == 0"), **ax),
}


@pytest.mark.parametrize("name", ON_AXES)
def test_a_figure_takes_axes_and_returns_them(tables, name):
    with style.house_style():
        _, [[axes]] = style.new_figure(3)
        assert ON_AXES[name](tables, ax=axes) is axes
        assert isinstance(ON_AXES[name](tables), Axes)


def test_a_dropped_unit_has_no_connection():
    masks = pd.DataFrame({"layer": [1, 1, 2], "unit": [1, 2, 1], "kept": [1, 0, 1]})
    with style.house_style():
        ax = thinned_network(masks, outputs=3)
    ends = {tuple(map(tuple, line)) for lines in ax.collections for line in lines.get_segments()}
    assert len(ends) == 8 + 1 + 3  # pixels to the unit that is kept, on to the second layer, on to the classes
