"""What figures call things: no two alike, whole where there is room, in letters and digits that can be read."""

import re

import pytest
from drawn_studies import ARMS, drawings, words
from hypothesis import given
from hypothesis import strategies as st

from harness.report.figures import draw_study, draw_summary, style
from harness.report.figures.view import levels
from harness.report.labels import short, shortened

pytestmark = pytest.mark.usefixtures("in_house_style")


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


def test_names_that_differ_in_a_word_keep_it_whole():
    names = [
        "Adam does better than plain gradient descent with a small learning rate, batches being small",
        "Adam does better than plain gradient descent with a small learning rate, batches being large",
        "Adam does better than plain gradient descent with a tuned learning rate, batches being large",
    ]
    assert list(shortened(names, 40).values()) == [
        "Adam does better than … being small",
        "Adam does…small learning rate, batches…",
        "Adam does…tuned learning rate, batches…",
    ]
    arms = [f"normalization=batch, activation=relu, learning_rate={rate}, units=64" for rate in (0.001, 0.002, 0.003)]
    assert list(shortened(arms, 28).values()) == [f"normaliza…{rate}, units=64" for rate in (0.001, 0.002, 0.003)]


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
