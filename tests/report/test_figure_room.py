"""In every figure names, numbers and legends have their room and can be read, whatever the arms are called."""

import itertools

import pytest
from drawn_studies import ARMS, FIGURES, drawings, study
from matplotlib.figure import Figure
from matplotlib.text import Text

from harness.report.figures import draw_study, draw_summary, style
from harness.report.study_frames import all_frames
from harness.results.frames import load_results
from harness.spec.study import load_study

pytestmark = pytest.mark.usefixtures("in_house_style")


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


@pytest.mark.parametrize(("depth", "numbered"), [(8, 8), (60, 30)])
def test_the_numbers_of_layers_never_touch(own_study, depth, numbered):
    frames = own_study(study("layers", arms=ARMS.replace("[32, 32]", str([2] * depth))))
    (figure,) = drawings(frames)
    (ax,) = figure.axes
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert len(boxes) == numbered
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


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
