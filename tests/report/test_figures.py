"""What a figure shows is what the results hold: every seed, every mean, every interval, legibly."""

import itertools
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.markers import CARETDOWN
from matplotlib.text import Text

from harness.report.figures import curves, draw_study, draw_summary, marks, response, strip, style
from harness.report.figures.findings import plus_minus
from harness.report.figures.forest import linear_within
from harness.report.fingerprint import drawn as fingerprint
from harness.report.study_frames import Frames, all_frames
from harness.results.frames import load_results
from harness.spec.study import load_study
from harness.statistics.intervals import t_interval

FIVE = ("initialization", "optimizer", "normalization", "dropout", "depth_width")


@pytest.fixture(scope="module")
def results(five):
    return load_results(five)


@pytest.fixture(scope="module")
def frames(results) -> dict[str, Frames]:
    return all_frames(results)


@pytest.fixture(scope="module")
def drawn(frames) -> dict[str, Figure]:
    """The figures of the five studies by file name, rendered."""
    with style.house_style():
        drawings = [draw_summary(frames), *(drawing for study in frames.values() for drawing in draw_study(study))]
        figures = {drawing.name: drawing.figure for drawing in drawings}
        for figure in figures.values():
            style.png_bytes(figure)
    return figures


@pytest.fixture
def axes() -> Iterator[Axes]:
    with style.house_style():
        _, [[ax]] = style.new_figure(3)
        yield ax


def seeds(values: dict[str, list[float]], **more: object) -> pd.DataFrame:
    """Return a row a seed; NaN is a seed that diverged."""
    rows = [
        {"arm": arm, "y": y, "trial_id": f"{arm}{i}", "status": "done" if np.isfinite(y) else "diverged", **more}
        for arm, ys in values.items()
        for i, y in enumerate(ys)
    ]
    return pd.DataFrame(rows)


def dots(ax: Axes) -> np.ndarray:
    """Return where the seeds stand (n, 2)."""
    offsets = [np.asarray(artist.get_offsets()) for artist in ax.collections if isinstance(artist, PathCollection)]
    return np.concatenate([np.empty((0, 2)), *offsets])


def bars(ax: Axes) -> list[np.ndarray]:
    """Return the intervals of response(), each [[x, low], [x, high]]."""
    return [bar for artist in ax.collections if isinstance(artist, LineCollection) for bar in artist.get_segments()]


TWO = {"a": [1.0, 2.0, 4.0], "b": [3.0, 3.5, 7.0]}


def test_a_strip_has_a_dot_a_seed_and_the_interval_above(axes):
    frame = seeds(TWO, one="")
    strip(frame, y="y", x="arm", colour="one", palette={"": "#000000"}, ax=axes)
    assert sorted(dots(axes)[:, 0]) == sorted(frame["y"])
    drawn = [tuple(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2 and line.get_zorder() == 4]
    expected = [(found.low, found.high) for found in map(t_interval, TWO.values())]
    np.testing.assert_allclose(drawn, expected)


def test_a_response_has_a_dot_a_seed_and_the_interval_beside_it(axes):
    frame = pd.concat([seeds(TWO, x=1.0), seeds(TWO, x=2.0).assign(y=lambda t: t["y"] + 1)])
    frame["y"] += 20
    response(frame, x="x", y="y", colour="arm", palette={"a": "#000000", "b": "#ff0000"}, ax=axes)
    assert sorted(dots(axes)[:, 1]) == sorted(frame["y"])
    expected = [t_interval(np.add(ys, shift + 20)) for ys in TWO.values() for shift in (0, 1)]
    np.testing.assert_allclose([bar[:, 1] for bar in bars(axes)], [(found.low, found.high) for found in expected])
    assert len({bar[0, 0] for bar in bars(axes)}) == 4  # no bar covers another


def test_seeds_above_the_cap_stay_in_sight(axes):
    response(seeds({"a": [1.0, 2.0, 99.0]}, x=1.0), x="x", y="y", colour="arm", cap=10, ax=axes)
    assert sorted(dots(axes)[:, 1]) == [1, 2, 10]


def test_curves_have_a_line_a_seed_and_a_cross_where_one_diverged(axes):
    frame = pd.concat([seeds(TWO, x=1.0), seeds(TWO, x=2.0)])
    frame.loc[frame["trial_id"] == "b2", "status"] = "diverged"
    curves(frame, x="x", y="y", colour="arm", ax=axes)
    assert [line.get_linewidth() for line in axes.lines].count(0.6) == 6
    (cross,) = [line for line in axes.lines if line.get_marker() == "x"]
    assert (*cross.get_xdata(), *cross.get_ydata()) == (2.0, 7.0)


def test_few_evaluations_are_marked_one_by_one(axes):
    curves(pd.concat([seeds(TWO, x=1.0), seeds(TWO, x=2.0)]), x="x", y="y", colour="arm", ax=axes)
    assert all(line.get_marker() not in ("", "None", None) for line in axes.lines)


def test_a_study_that_names_no_figures_has_curves_only_of_several_evaluations(own_study):
    for epochs, figures in ((1, ["mine"]), (2, ["mine", "mine-curves"])):
        frames = own_study(f"[baseline]\nepochs = {epochs}\n[seeds]\ncount = 2\n")
        assert [drawing.name for drawing in draw_study(frames)] == figures


@pytest.mark.parametrize("epochs", [2, 30])
def test_curves_of_few_and_of_many_evaluations_are_drawn_without_a_warning(tmp_path, synthetic, epochs):
    synthetic(tmp_path, load_study("optimizer", "smoke", {"epochs": epochs}))
    with warnings.catch_warnings(action="error"):
        drawings = draw_study(all_frames(load_results(tmp_path))["optimizer"])
    assert "optimizer-curves" in [drawing.name for drawing in drawings]


def test_three_seeds_of_a_curve_are_lines_without_a_band(axes):
    frame = pd.concat([seeds({"a": [1.0, 2.0, 4.0], "b": [1.0, 2.0, 3.0, 4.0]}, at=at) for at in (1, 2)])
    curves(frame, y="y", x="at", colour="arm", ax=axes)
    drawn = [len(band.get_paths()) for band in axes.collections if isinstance(band, PolyCollection)]
    assert drawn == [0, 1]


def test_no_axis_of_shares_needs_room_beyond_all_and_none():
    frame = seeds({"a": [0.0, 1.0, 1.0]}).rename(columns={"y": "val_accuracy"})
    assert [f(marks.extent(frame, ["arm"], "val_accuracy")) for f in (min, max)] == [0, 1]


def test_effects_of_unlike_size_stand_on_a_logarithmic_axis():
    def of(*effects: float) -> float:
        return linear_within(pd.DataFrame({"effect": effects, "low": effects, "high": effects, "form": "lower"}))

    assert of(0.5, -9.0) == np.inf
    assert of(0.5, -80.0) == pytest.approx(0.1)
    assert of(0.0, 0.0) == np.inf


def test_lost_seeds_are_counted_in_red_beside_their_arm(axes):
    frame = seeds({"a": [1.0, np.nan, 4.0], "b": [np.nan] * 3}, one="")
    strip(frame, y="y", x="arm", colour="one", palette={"": "#000000"}, ax=axes)
    red = {text.get_text() for text in axes.texts if to_hex(text.get_color()) == style.ALARM.lower()}
    assert red == {"1 of 3 diverged", "3 of 3 diverged"}
    assert "2.50 ± 19.06" in {text.get_text() for text in axes.texts}  # 12.706 · 2.1213 / √2


def test_a_bar_of_positive_values_that_goes_on_below_ends_in_an_arrow_in_the_panel(axes):
    frame = pd.concat([seeds({"a": [0.2, 0.3, 1.0]}, x=1.0), seeds({"a": [1.0, 1.1, 1.2]}, x=2.0)])
    response(frame, x="x", y="y", colour="arm", ax=axes)
    low = [bar[0][1] for bar in bars(axes)]
    assert low == pytest.approx([0.1, t_interval([1.0, 1.1, 1.2]).low])
    (arrow,) = [line for line in axes.lines if line.get_marker() == CARETDOWN]
    assert arrow.get_ydata()[0] == pytest.approx(0.1)
    assert np.isnan(arrow.get_ydata()[1])


def test_the_share_of_lost_seeds_is_drawn_as_it_is(axes):
    frame = pd.concat([seeds({"a": [1.0, np.nan, np.nan, 1.0]}, x=1.0), seeds({"a": [1.0] * 4}, x=2.0)])
    response(frame.assign(lost=100.0 * (frame["status"] != "done")), x="x", y="lost", colour="arm", ax=axes)
    assert axes.lines[0].get_ydata().tolist() == [50.0, 0.0]


@pytest.mark.parametrize("study", FIVE)
def test_each_study_shows_every_seed_that_finished(frames, drawn, study):
    """Dots of the study's figures of final errors: one a seed, once for each quantity shown."""
    data = frames[study].phase("default", "confirm")
    in_words = {"initialization": "adam", "dropout": "longer"}.get(study, "")  # a block that only a claim reads
    data = data[[frames[study].study.arm(name).block != in_words for name in data["arm"]]]
    per_figure = {
        "initialization": {"initialization-strip": 1},
        "optimizer": {"optimizer-strip": 1},
        "normalization": {"normalization": 2, "normalization-strip": 1},
        "dropout": {"dropout": 2, "dropout-strip": 2},
        "depth_width": {"depth_width-strip": 1},
    }[study]
    shown = sum(len(dots(ax)) / times for name, times in per_figure.items() for ax in drawn[name].axes)
    assert shown == (data["status"] == "done").sum() > 0


def test_every_dot_lies_within_its_axes(drawn):
    for name, figure in drawn.items():
        for ax in figure.axes:
            (x0, x1), (y0, y1) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
            for x, y in dots(ax):
                assert x0 <= x <= x1, name
                assert y0 <= y <= y1, name


def test_nothing_is_cut_off_at_the_edge(drawn):
    for name, figure in drawn.items():
        (width, height), box = figure.get_size_inches(), figure.get_tightbbox()
        slack = 0.02  # inches
        assert min(box.x0, box.y0) > -slack, name
        assert box.x1 < width + slack, name
        assert box.y1 < height + slack, name


def test_labels_of_ticks_do_not_touch(drawn):
    for name, figure in drawn.items():
        for ax in figure.axes:
            for axis in (ax.xaxis, ax.yaxis):
                labels = [text for text in axis.get_ticklabels() if text.get_text() and text.get_visible()]
                boxes = [text.get_window_extent() for text in labels] if ax.axison else []
                for (one, a), (two, b) in itertools.pairwise(zip(labels, boxes, strict=False)):
                    assert not a.overlaps(b), f"{name}: {one.get_text()} and {two.get_text()}"


def test_texts_within_a_panel_do_not_touch(drawn):
    for name, figure in drawn.items():
        for ax in figure.axes:
            texts = [text for text in ax.texts if text.get_text()]
            for one, two in itertools.combinations(texts, 2):
                apart = not one.get_window_extent().overlaps(two.get_window_extent())
                assert apart, f"{name}: {one.get_text()} and {two.get_text()}"


def test_an_arm_has_one_colour_in_all_figures_of_its_study(frames):
    with style.house_style():
        figures = {drawing.name: drawing.figure for drawing in draw_study(frames["optimizer"])}
    curves, sensitivity = figures["optimizer-curves"], figures["optimizer-sensitivity"]
    arms = set(frames["optimizer"].trials["label"])
    titles = {text.get_text(): to_hex(text.get_color()) for text in sensitivity.findobj(Text)}
    colour = style.colours(dict.fromkeys(frames["optimizer"].trials["label"]))
    assert {arm: titles[arm] for arm in arms} == {arm: style.readable(colour[arm]) for arm in arms}
    means = [line for ax in curves.axes for line in ax.lines if line.get_zorder() == 5]
    for arm in arms:
        assert {to_hex(line.get_color()) for line in means if line.get_label() == arm} == {colour[arm].lower()}


# On linear RGB: what each kind of colour blindness sees (Machado, Oliveira and Fernandes, 2009).
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array([
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopia": np.array([
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ]),
    "tritanopia": np.array([
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* of an sRGB colour as seen through a matrix."""
    rgb = np.array(to_rgb(colour))
    linear = np.clip(seen @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ linear / (0.9505, 1, 1.089)
    f = [np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_palette_is_told_apart_by_every_eye(kind):
    seen = [lab(colour, BLINDNESS[kind]) for colour in style.PALETTE]
    distances = [np.linalg.norm(one - two) for one, two in itertools.combinations(seen, 2)]
    assert min(distances) > 10  # 2.3 is the least that is noticed side by side


heights = st.lists(st.floats(0, 1), min_size=1, max_size=10).map(sorted)


@given(heights, st.floats(0.01, 0.3))
def test_labels_spread_apart_in_order_and_within_bounds(wanted, gap):
    found = marks.spread(wanted, gap)
    room = min(gap, 1 / max(len(wanted) - 1, 1))
    assert all(after - before >= room - 1e-9 for before, after in itertools.pairwise(found))
    assert min(found) >= -1e-9
    assert max(found) <= 1 + 1e-9


@given(heights)
def test_labels_that_do_not_touch_stay_where_they_are(wanted):
    closest = min((b - a for a, b in itertools.pairwise(wanted)), default=1.0)
    assert marks.spread(wanted, closest / 2) == pytest.approx(wanted)


def test_the_fingerprint_of_a_figure_changes_with_whatever_it_shows():
    def print_of(*, dot: float = 1.0, line: float = 1.0, text: str = "a", colour: str = "#000000") -> str:
        with style.house_style():
            figure, [[ax]] = style.new_figure(3)
            ax.scatter([dot], [1.0], color=colour)
            ax.vlines([1.0], 0.0, line)
            ax.set(xlim=(0, 3), ylim=(0, 3), xlabel=text)
            return fingerprint(figure)

    prints = [print_of(), print_of(dot=1.1), print_of(line=1.1), print_of(text="b"), print_of(colour="#111111")]
    assert len(set(prints)) == len(prints)
    assert print_of() == print_of(dot=1.0 + 1e-9)  # as another machine might round


def test_a_mean_on_the_edge_of_rounding_reads_the_same_in_whatever_order_it_was_summed():
    above, below = np.nextafter(44.645, 50), np.nextafter(44.645, 40)
    assert plus_minus(above, above - 1, above + 1) == plus_minus(below, below - 1, below + 1)
