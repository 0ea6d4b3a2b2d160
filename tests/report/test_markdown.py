"""Whatever a user typed comes out of a Markdown renderer as the text it was."""

import html
import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.report import markdown as md

renderer = MarkdownIt("commonmark").enable("table")
typed = st.text(st.sampled_from("ab |`*_~<>[]()!&#$\\\n-+=.:1\"'{}@/") | st.characters(codec="utf-8"), max_size=30)
hostile = [
    "a | b",
    "`code` ``",
    "<script>alert(1)</script>",
    "line\nbreak",
    "[link](http://x)",
    "**bold**",
    "&lt;",
    "\\|",
    "$x$",
    "1. item",
    "# head",
    "~~gone~~",
]


def one_line(text: str) -> str:
    return " ".join(text.split())


def texts(rendered: str, tag: str) -> list[str]:
    """Return what a reader sees between the tags."""
    inside = re.findall(f"<{tag}[^>]*>(.*?)</{tag}>", rendered, re.DOTALL)
    return [one_line(html.unescape(re.sub(r"<[^>]*>", "", cell))) for cell in inside]


def visible(text: str) -> str:
    return one_line(text.replace("\0", "�"))


@given(typed)
@example("a | b")
def test_escaped_text_is_one_table_cell_that_reads_as_typed(text):
    rendered = renderer.render(md.table(["x", md.escape(text)], [[md.escape(text), "y"]]))
    assert texts(rendered, "td") == [visible(text), "y"]
    assert texts(rendered, "th") == ["x", visible(text)]


@given(typed)
def test_escaped_text_in_a_sentence_reads_as_typed(text):
    rendered = renderer.render(f"Question: {md.escape(text)}.")
    assert texts(rendered, "p") == [one_line(f"Question: {visible(text)}.")]


@given(typed)
def test_code_is_one_table_cell_that_reads_as_typed(text):
    rendered = renderer.render(md.table(["x"], [[md.code(text)]]))
    (cell,) = texts(rendered, "td")
    assert cell == visible(text)
    assert not text.strip() or "<code>" in rendered


def test_nothing_typed_becomes_markup():
    for text in hostile:
        rendered = renderer.render(f"x {md.escape(text)}")
        assert set(re.findall(r"</?(\w+)", rendered)) <= {"p"}, text
