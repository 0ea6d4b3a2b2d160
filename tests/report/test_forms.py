"""Each form of figure shows every seed, names what was lost, and has its words from the study and not from its name."""

import dataclasses
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from harness.report.figures import FORMS, draw_study, draw_summary, style
from harness.report.figures.marks import means, pooled
from harness.report.figures.view import levels
from harness.report.fingerprint import drawn
from harness.report.labels import short, shortened
from harness.report.study_frames import Frames, all_frames
from harness.report.write import draw
from harness.results.frames import load_results
from harness.spec import figures as spec
from harness.spec.study import load_study

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
ARMS = """
[baseline]
hidden = [32, 32]
epochs = 4
diagnostics = true
[[blocks]]
name = "rates"
[blocks.arms]
"one" = {}
"two" = { learning_rate = 0.003 }
"three" = { learning_rate = 0.01 }
[seeds]
count = 4
[tune]
learning_rate = [0.001, 0.01]
"""
PARTS = """
[[blocks]]
name = "parts"
[blocks.ablate]
dropout = [0.0, 0.2]
activation = ["tanh", "relu"]
skip = [{}, { residual = true }]
"""
FIGURES = {
    "strip": "",
    "response": 'x = "learning_rate"\nphase = "default"',
    "curves": 'phase = "default"',
    "layers": 'phase = "default"\ny = "gradient_norm"',
    "heatmap": 'x = "arm"\ny = "activation"\nphase = "default"',
    "sensitivity": "",
    "time": 'target = 0.8\nphase = "default"',
    "forest": '[[claims]]\nid = "c"\nmetric = "test_error"\nbetter = "two"\nthan = "one"\nphase = "default"',
    "effects": 'y = ["test_error", "time_to_target"]\ntarget = 0.8',
    "images": "",
}


@pytest.fixture(autouse=True)
def in_house_style():
    with style.house_style():
        yield


def study(*forms: str, arms: str = ARMS) -> str:
    """Return a study file that draws these forms."""
    ablates = "effects" in forms
    blocks = {form: f'where = {{ block = "{"parts" if form == "effects" else "rates"}" }}' for form in forms}
    figures = [f'[[figures]]\nform = "{form}"\n{FIGURES[form]}\n{blocks[form] * ablates}\n' for form in forms]
    return arms + PARTS * ablates + "".join(figures)


def drawings(frames: Frames) -> list[Figure]:
    figures = [drawing.figure for drawing in draw_study(frames)]
    for figure in figures:
        style.png_bytes(figure)
    return figures


def words(figure: Figure) -> set[str]:
    """Return every text that a figure shows."""
    return {text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()}


def dots(figure: Figure) -> int:
    return sum(
        len(artist.get_offsets())
        for ax in figure.axes
        for artist in ax.collections
        if isinstance(artist, PathCollection)
    )


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


@pytest.mark.parametrize(("depth", "numbered"), [(8, 8), (60, 30)])
def test_the_numbers_of_layers_never_touch(own_study, depth, numbered):
    frames = own_study(study("layers", arms=ARMS.replace("[32, 32]", str([2] * depth))))
    (figure,) = drawings(frames)
    (ax,) = figure.axes
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert len(boxes) == numbered
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


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


def grid_of(panels: int) -> str:
    rates = ", ".join(f"{place / 10}" for place in range(panels))
    return (
        f"[[blocks]]\n[blocks.grid]\ndropout = [{rates}]\nlearning_rate = [0.001, 0.01]\n[seeds]\ncount = 2\n"
        '[[figures]]\nform = "response"\nx = "learning_rate"\npanels = "dropout"\n'
    )


@pytest.mark.parametrize("panels", [2, 4, 5, 7])
def test_the_lowest_panel_of_every_column_has_numbers_on_its_axis(own_study, panels):
    (figure,) = drawings(own_study(grid_of(panels)))
    shown = [ax for ax in figure.axes if ax.axison]
    assert len(shown) == panels
    for ax in shown:
        column = [other for other in shown if other.get_position().x0 == pytest.approx(ax.get_position().x0, abs=1e-3)]
        lowest = min(column, key=lambda other: other.get_position().y0)
        labels = [text for text in ax.get_xticklabels() if text.get_text() and text.get_visible()]
        assert bool(labels) == (ax is lowest)


MIDDLE = "a network with a very long name indeed, learning rate {} and then much more text that is the same for all"


def test_long_names_that_differ_only_in_the_middle_stay_different(own_study):
    arms = "".join(f'"{MIDDLE.format(rate)}" = {{ learning_rate = {rate} }}\n' for rate in (0.001, 0.002, 0.003))
    frames = own_study(f"[baseline]\nepochs = 2\n[[blocks]]\n[blocks.arms]\n{arms}[seeds]\ncount = 2\n")
    strip, curves = drawings(frames)
    for figure, texts in (
        (strip, [text.get_text() for text in strip.axes[0].get_yticklabels()]),
        (curves, [text.get_text() for text in curves.axes[0].texts]),
    ):
        assert len(set(texts)) == 3
        inside(figure)


def inside(figure: Figure) -> None:
    """Assert that nothing is cut at the edge of a figure."""
    figure.draw_without_rendering()  # which lays it out
    (width, height), box = figure.get_size_inches(), figure.get_tightbbox()
    assert min(box.x0, box.y0) > -0.02
    assert box.x1 < width + 0.02
    assert box.y1 < height + 0.02


def test_forty_arms_with_names_of_120_characters_have_room_in_every_form(own_study):
    arms = "".join(f'"{f"arm {place} ":x<120}" = {{ l2 = {place}.0 }}\n' for place in range(40))
    text = f"[baseline]\nepochs = 2\n[[blocks]]\n[blocks.arms]\n{arms}[seeds]\ncount = 1\n"
    more = '[[figures]]\nform = "response"\nx = "arm"\n[[figures]]\nform = "time"\ntarget = 0.5\n'
    frames = own_study(text + '[[figures]]\nform = "strip"\n[[figures]]\nform = "curves"\n' + more)
    for figure in [*drawings(frames), draw_summary({"mine": frames}).figure]:
        inside(figure)
    names = drawings(frames)[0].axes[0].get_yticklabels()
    boxes = [name.get_window_extent() for name in names]
    assert not any(above.padded(-1).overlaps(below) for above, below in itertools.pairwise(boxes))


def test_names_below_an_axis_leave_the_panel_its_room_and_never_touch(own_study):
    arms = "".join(f'"a long name that is told, of arm {place}" = {{ l2 = {place}.0 }}\n' for place in range(70))
    text = f"[baseline]\nepochs = 1\n[[blocks]]\n[blocks.arms]\n{arms}[seeds]\ncount = 1\n"
    (figure,) = drawings(own_study(text + '[[figures]]\nform = "response"\nx = "arm"\n'))
    (ax,) = figure.axes
    boxes = [name.get_window_extent() for name in ax.get_xticklabels()]
    assert len(boxes) >= 35
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))
    assert max(box.height for box in boxes) < ax.get_window_extent().height / 2


def contrasts(figure: Figure) -> list[float]:
    axes = [ax for ax in figure.axes if not any(text.get_color() == "white" for text in ax.texts)]
    texts = [text for part in (*axes, *figure.legends) for text in part.findobj(Text)]
    return [style.contrast(text.get_color()) for text in texts if text.get_text() and text.get_visible()]


@pytest.fixture(scope="module")
def every_form(five, synthetic, tmp_path_factory):
    """The figures of the five studies, and one of each form, all rendered."""
    path = tmp_path_factory.mktemp("forms") / "mine.toml"
    path.write_text(study(*FIGURES))
    synthetic(path.parent / "results", load_study(path, "quick"))
    with style.house_style():
        folders = [all_frames(load_results(folder)) for folder in (five, path.parent / "results")]
        figures = [draw_summary(frames).figure for frames in folders]
        figures += [drawing.figure for frames in folders for one in frames.values() for drawing in draw_study(one)]
        for figure in figures:
            style.png_bytes(figure)
    return figures


def test_no_text_is_paler_than_three_to_one_on_white(every_form):
    assert min(min(contrasts(figure)) for figure in every_form) >= 3


@pytest.mark.parametrize("colour", style.PALETTE)
def test_every_colour_has_a_tone_that_can_be_read(colour):
    assert style.contrast(style.readable(colour)) >= style.READABLE
    assert style.contrast("#767676") == pytest.approx(4.54, abs=0.01)  # the grey that WCAG's own examples name


def test_a_legend_never_lies_over_data(every_form):
    for figure in every_form:
        legends = [*figure.legends, *filter(None, (ax.get_legend() for ax in figure.axes))]
        for legend in legends:
            box = legend.get_window_extent()
            for ax in figure.axes:
                assert not box.padded(-1).overlaps(ax.get_window_extent()), box


def test_the_summary_can_be_read_at_500_pixels(five):
    figure = draw_summary(all_frames(load_results(five))).figure
    style.png_bytes(figure)
    shrunk = 500 / (figure.get_figwidth() * figure.dpi)
    for ax in figure.axes:
        texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
        for text in texts:
            assert text.get_fontsize() * figure.dpi / 72 * shrunk >= 9  # pixels


names = st.lists(st.text("abcdef -0123456789", min_size=1, max_size=60), min_size=1, max_size=12, unique=True)


@given(names, st.integers(12, 40))
def test_shortened_names_fit_and_stay_different(given_names, room):
    found = shortened(given_names, room)
    assert list(found) == given_names
    assert len(set(found.values())) == len(given_names)
    assert all(len(text) <= room for text in found.values())
    assert all(text == name for name, text in found.items() if len(name) <= room and "…" not in text)


@given(
    st.lists(st.sampled_from(["a", "units", "normalization", "than"]), min_size=1, max_size=30), st.integers(42, 90)
)  # a third has room for a word
def test_a_shortened_sentence_is_of_whole_words(words, room):
    (found,) = shortened([" ".join(words)], room).values()
    assert set(found.replace("…", "").split()) <= set(words)


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


def test_figures_of_one_name_are_kept_apart(tmp_path, synthetic):
    for name in ("summary", "mine", "mine-curves"):
        path = tmp_path / f"{name}.toml"
        path.write_text("[baseline]\nepochs = 2\n[seeds]\ncount = 2\n")
        synthetic(tmp_path / "results", load_study(path, "quick"))
    found = [figure.name for figure in draw(load_results(tmp_path / "results"), None, png=False).pictures()]
    assert len(set(found)) == len(found) == 1 + 3 * 2


def test_a_figure_shows_the_same_before_and_after_it_is_rendered(own_study):
    frames = own_study(study(*FIGURES))
    before = [drawn(drawing.figure) for drawing in draw_study(frames)]
    assert before == [drawn(figure) for figure in drawings(frames)]


def test_studies_come_by_section_and_then_by_name(five, tmp_path, synthetic):
    assert list(all_frames(load_results(five))) == [
        "depth_width", "initialization", "optimizer", "normalization", "dropout",
    ]  # fmt: skip
    for name, section in (("b", "4.10"), ("a", "4.2"), ("d", None), ("c", "4.2")):
        path = tmp_path / f"{name}.toml"
        path.write_text((f'section = "{section}"\n' if section else "") + "[seeds]\ncount = 1\n")
        synthetic(tmp_path / "results", load_study(path, "quick"))
    assert list(all_frames(load_results(tmp_path / "results"))) == ["a", "c", "b", "d"]


def test_the_headline_of_a_study_is_the_figure_that_says_so(own_study: Callable[..., Frames]):
    text = study("strip", "response") + "headline = true\n"
    figure = draw_summary({"mine": own_study(text)}).figure
    panel: Axes = figure.axes[0]
    assert panel.get_xlabel() == "learning rate"


def test_a_letter_that_the_font_lacks_is_named_and_never_a_box(own_study):
    """Two rockets would be two boxes, and a letter without a picture is a warning, which is an error here."""
    arms = '"🚀" = {}\n"👍🏽" = { l2 = 1.0 }\n"学习" = { l2 = 2.0 }\n"é ∇" = { l2 = 3.0 }\n'
    text = f'title = "🚀"\n[baseline]\nepochs = 2\n[[blocks]]\n[blocks.arms]\n{arms}[seeds]\ncount = 2\n'
    frames = own_study(text + '[[figures]]\nform = "strip"\n[[figures]]\nform = "response"\nx = "arm"\n')
    for figure in [*drawings(frames), draw_summary({"mine": frames}).figure]:
        style.png_bytes(figure)
        assert any("(rocket)" in text for text in words(figure))
    assert {"(rocket)", "U+5B66 U+4E60 ", "é ∇"} <= set(levels(frames.trials, "arm").values())


@pytest.mark.parametrize(("value", "told"), [(1e22, "1e22"), (2.5e9, "2.5e9"), (4e8, "400M"), (1e-7, "1e-7")])
def test_numbers_on_axes_have_one_suffix(value, told):
    assert style.number(value) == told


def test_values_that_differ_read_differently(own_study):
    arms = '"a" = { learning_rate = 0.1 }\n"b" = { learning_rate = 0.1000000001 }\n'
    frames = own_study(f"[baseline]\nepochs = 2\n[[blocks]]\n[blocks.arms]\n{arms}[seeds]\ncount = 2\n")
    assert list(levels(frames.trials, "learning_rate").values()) == ["0.1", "0.1000000001"]
    assert short({"learning_rate": 0.1}) != short({"learning_rate": 0.1000000001})


def test_fractions_have_four_digits_beside_their_strip(own_study):
    text = "[baseline]\nepochs = 2\n[[blocks]]\ngrid = { l2 = [0.0, 1.0] }\n[seeds]\ncount = 3\n"
    (figure,) = drawings(own_study(text + '[[figures]]\nform = "strip"\ny = ["test_accuracy"]\n'))
    beside = [text.get_text() for text in figure.axes[0].texts]
    assert beside
    assert all(re.fullmatch(r"0\.\d{4} ± 0\.\d{4}", text) for text in beside)


def test_a_caption_says_which_arms_and_phases_are_shown(own_study):
    own = '[[figures]]\nform = "strip"\nphase = "confirm"\nwhere = { arm = ["one", "two"] }\n'
    assert "Shown: one or two, tuned." in draw_study(own_study(ARMS + own))[0].caption
    own = '[[figures]]\nform = "strip"\nwhere = { learning_rate = 0.01 }\n'
    told = "Shown: the arms with learning rate 0.01, as written and tuned."
    assert told in draw_study(own_study(ARMS + own))[0].caption
    untuned = ARMS.partition("[tune]")[0]
    assert "Shown:" not in draw_study(own_study(untuned))[0].caption
