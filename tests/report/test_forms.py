"""Each form of figure shows every seed, names what was lost, and has its words from the study and not from its name."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_studies import ARMS, EXPERIMENTS, FIGURES, dots, drawings, study, words

from harness.report.figures import FORMS, draw_study
from harness.report.figures.marks import means, pooled
from harness.report.fingerprint import drawn
from harness.report.study_frames import all_frames
from harness.results.frames import load_results
from harness.spec import figures as spec
from harness.spec.study import load_study

pytestmark = pytest.mark.usefixtures("in_house_style")


def test_the_forms_that_are_drawn_are_those_of_the_grammar():
    assert list(FORMS) == list(spec.FORMS) == list(FIGURES)


@pytest.mark.parametrize("form", FIGURES)
def test_every_form_draws_every_seed(own_study, form):
    frames = own_study(study(form))
    (figure,) = drawings(frames)
    first = frames.phase("default")
    seeds = {
        "strip": len(frames.phase("default", "confirm")),
        "response": len(first),
        "curves": 0,
        "layers": len(
            frames.layers[(frames.layers["phase"] == "default") & (frames.layers["metric"] == "gradient_norm")]
        ),
        "heatmap": len(first),
        "sensitivity": len(frames.phase("tune")),
        "time": len(first),
        "forest": 0,
        "effects": 2 * 4 * 3 * 4,  # metrics × kinds × factors × seeds
        "images": 0,  # of which these trials have kept no predictions
    }
    assert dots(figure) == seeds[form]
    if form == "curves":
        thin = [line for ax in figure.axes for line in ax.lines if line.get_linewidth() == 0.6]
        assert len(thin) == len(first) > 0


def test_seeds_too_many_to_be_told_apart_stand_as_dots_at_their_last_evaluation(own_study):
    frames = own_study(study("curves", arms=ARMS.replace("count = 4", "count = 9")))
    (figure,) = drawings(frames)
    (ax,) = figure.axes
    assert not [line for line in ax.lines if line.get_linewidth() == 0.6]
    assert len([line for line in ax.lines if line.get_marker() == "."]) == len(frames.phase("default"))


@pytest.mark.parametrize("form", FIGURES)
@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_an_arm_that_lost_every_seed_is_named_in_every_form(own_study, lose, form, status):
    def alter(cell, record):
        return lose(record, status) if cell.arm in ("two", "parts: skip") else record

    (figure,) = drawings(own_study(study(form, arms=ARMS.replace("0.001, 0.01", "0.002, 0.02")), alter))
    assert any("two" in text or "0.003" in text or "parts: skip" in text for text in words(figure))


@pytest.mark.parametrize("form", FIGURES)
def test_a_figure_without_any_result_says_so_in_words(own_study, lose, form):
    (figure,) = drawings(own_study(study(form), lambda _, record: lose(record, "failed")))
    assert any("failed" in text or "lost" in text for text in words(figure))
    assert dots(figure) == 0


@pytest.mark.parametrize("shipped", ["dropout", "normalization", "initialization"])
def test_the_name_of_a_study_changes_nothing_in_its_figures(tmp_path, synthetic, shipped):
    path = tmp_path / "another.toml"
    path.write_text((EXPERIMENTS / f"{shipped}.toml").read_text())
    prints = {}
    for name in (shipped, path):
        synthetic(tmp_path / Path(name).stem, load_study(name, "smoke"))
        (frames,) = all_frames(load_results(tmp_path / Path(name).stem)).values()
        prints[name] = [(drawn(drawing.figure), drawing.caption) for drawing in draw_study(frames)]
    assert prints[shipped] == prints[path]


def test_a_normalization_that_nobody_knew_is_drawn_like_the_others(five):
    frames = all_frames(load_results(five))["normalization"]
    renamed = {
        name: getattr(frames, name).replace({"normalization": {"layer": "mine:group"}})
        for name in ("trials", "curves", "layers")
    }
    figure, _ = drawings(dataclasses.replace(frames, **renamed))
    assert "mine:group" in words(figure)


def test_a_metric_that_was_not_measured_is_told_in_its_panel(own_study):
    def forget(_, record):
        return {**record, "curve": [{**point, "train_loss": None} for point in record["curve"]]}

    text = study("curves") + 'y = ["train_loss", "val_loss"]\n'
    (figure,) = drawings(own_study(text, forget))
    assert "train loss was not measured" in words(figure)
    without = drawings(own_study(ARMS, forget))
    assert all("train loss was not measured" not in words(figure) for figure in without)


def test_a_mean_of_one_seed_that_is_left_is_marked(own_study, lose):
    def alter(cell, record):
        return lose(record) if cell.arm == "two" and cell.seed != 1 else record

    strip, response, heatmap = drawings(own_study(study("strip", "response", "heatmap"), alter))
    assert "3 of 4 diverged" in words(strip)
    assert "1 of 4" in words(response)
    assert any("(1 of 4)" in text for text in words(heatmap))
    for figure in (strip, response):
        assert "white" in [line.get_markerfacecolor() for ax in figure.axes for line in ax.lines]


def test_a_line_is_broken_where_every_seed_was_lost(own_study, lose):
    (figure,) = drawings(own_study(study("response"), lambda cell, r: lose(r) if cell.arm == "two" else r))
    (line,) = [line for line in figure.axes[0].lines if line.get_linestyle() == "-"]
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).tolist() == [False, True, False]


def test_the_tuned_and_the_untuned_have_scales_of_their_own_and_activations_share_one(own_study):
    def slow(cell, record):
        return record if cell.phase != "default" else {**record, "curve": [far(point) for point in record["curve"]]}

    def far(point: dict) -> dict:
        return {**point, "val_loss": 5 * point["val_loss"]}

    text = ARMS + '[[figures]]\nform = "curves"\nphase = ["default", "confirm"]\npanels = "phase"\n'
    (figure,) = drawings(own_study(text, slow))
    assert len({ax.get_ylim() for ax in figure.axes}) == 2
    grid = '[[blocks]]\n[blocks.grid]\nactivation = ["relu", "tanh"]\ndropout = [0.0, 0.5]\n[seeds]\ncount = 2\n'
    (figure,) = drawings(own_study(grid + '[[figures]]\nform = "curves"\npanels = "activation"\n'))
    assert len({ax.get_ylim() for ax in figure.axes}) == 1


def test_two_datasets_stand_in_panels_of_their_own(own_study):
    grid = '[[blocks]]\n[blocks.grid]\ndataset = ["mnist", "/data/fashion"]\ndropout = [0.0, 0.5]\n[seeds]\ncount = 2\n'
    for figure in drawings(own_study(grid)):
        assert {ax.get_title(loc="left") for ax in figure.axes} >= {"mnist", "fashion"}


def test_arms_that_share_a_mark_are_averaged_within_the_seed():
    rows = [
        {"arm": arm, "seed": seed, "trial_id": f"{arm}{seed}", "status": "done", "x": 0, "y": seed + shift}
        for seed in range(3)
        for arm, shift in (("a", -1.0), ("b", 1.0))
    ]
    frame = pd.DataFrame(rows)
    table = means(pooled(frame, ["x"], ["y"]), ["x"], "y")
    assert (table["n"].item(), table["mean"].item()) == (3, 1.0)
    frame.loc[0, ["y", "status"]] = [np.nan, "diverged"]
    left = pooled(frame, ["x"], ["y"])
    assert left["status"].tolist() == ["diverged", "done", "done"]
    assert left["y"].isna().tolist() == [True, False, False]


def test_a_figure_shows_the_same_before_and_after_it_is_rendered(own_study):
    frames = own_study(study(*FIGURES))
    before = [drawn(drawing.figure) for drawing in draw_study(frames)]
    assert before == [drawn(figure) for figure in drawings(frames)]
