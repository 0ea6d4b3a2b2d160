"""The summary has the panels that stand for the studies; figures come in the order of the tutorial, none twice."""

from collections.abc import Callable

import pytest
from drawn_studies import study
from matplotlib.axes import Axes

from harness.report.figures import draw_summary, style, summary
from harness.report.study_frames import Frames, all_frames
from harness.report.write import draw
from harness.results.frames import load_results
from harness.spec.study import load_study

pytestmark = pytest.mark.usefixtures("in_house_style")


def test_the_summary_can_be_read_at_700_pixels(five):
    figure = draw_summary(all_frames(load_results(five))).figure
    style.png_bytes(figure)
    shrunk = 700 / (figure.get_figwidth() * figure.dpi)
    for ax in figure.axes:
        texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
        for text in texts:
            assert text.get_fontsize() * figure.dpi / 72 * shrunk >= 9  # pixels


def test_the_headline_of_a_study_is_the_figure_that_says_so(own_study: Callable[..., Frames]):
    text = study("strip", "response") + "headline = true\n"
    figure = draw_summary({"mine": own_study(text)}).figure
    panel: Axes = figure.axes[0]
    assert panel.get_xlabel() == "learning rate"


def test_of_many_studies_the_summary_has_those_that_name_a_headline(own_study):
    plain, marked = own_study(study("strip")), own_study(study("strip", "response") + "headline = true\n")
    few = {f"s{number}": plain for number in range(summary.ROOM - 1)} | {"marked": marked}
    assert "Each study at a glance" in draw_summary(few).caption
    many = draw_summary(few | {"another": plain})
    assert f"1 of {summary.ROOM + 1} studies at a glance" in many.caption
    assert [ax.get_xlabel() for ax in many.figure.axes] == ["learning rate"]
    unmarked = {f"s{number}": plain for number in range(summary.ROOM + 1)}
    assert "Each study at a glance" in draw_summary(unmarked).caption


def test_figures_of_one_name_are_kept_apart(tmp_path, synthetic):
    for name in ("summary", "mine", "mine-curves"):
        path = tmp_path / f"{name}.toml"
        path.write_text("[baseline]\nepochs = 2\n[seeds]\ncount = 2\n")
        synthetic(tmp_path / "results", load_study(path, "quick"))
    found = [figure.name for figure in draw(load_results(tmp_path / "results"), None, png=False).pictures()]
    assert len(set(found)) == len(found) == 1 + 3 * 2


def test_studies_come_by_section_and_then_by_name(five, tmp_path, synthetic):
    assert list(all_frames(load_results(five))) == [
        "depth_width", "initialization", "optimizer", "normalization", "dropout",
    ]  # fmt: skip
    for name, section in (("b", "4.10"), ("a", "4.2"), ("d", None), ("c", "4.2")):
        path = tmp_path / f"{name}.toml"
        path.write_text((f'section = "{section}"\n' if section else "") + "[seeds]\ncount = 1\n")
        synthetic(tmp_path / "results", load_study(path, "quick"))
    assert list(all_frames(load_results(tmp_path / "results"))) == ["a", "c", "b", "d"]
