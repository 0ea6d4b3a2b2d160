"""LaTeX from data: what a user typed stays text, whatever it contains. Tables need booktabs, long ones longtable."""

import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 45  # rows on a page
LINE, GAP = 340.0, 8.0  # points: a line of `article` has 345; between columns
LONGEST_WORD = 60.0  # points
WIDTHS = {
    points: re.compile(letters)
    for points, letters in (
        (2.9, r"[ijlt.,:;!()\[\]/ ]"),
        (4.3, r"[a-ln-vx-z0-9]"),
        (7.2, r"[mw%+=MW<>-]"),
        (6.3, r"."),
    )
}
"""How wide letters are."""
BREAK = r"\\"
_STACK = re.compile(r"\\begin\{tabular\}\[.\]\{@\{\}r@\{\}\}(.*)\\end\{tabular\}")
_COMMAND, _LETTER, _SILENT = re.compile(r"\\[a-zA-Z]+(\{\})?"), re.compile(r"\\(.)"), re.compile(r"[${}^]")
_SEAM, _SEAMS = r"\hspace{0pt}", re.compile(r"\\_|[=/·+](?=\S)|,(?:\{\})?(?=[^ \\{}])")
_WORDS = {
    "\\": "textbackslash", "^": "textasciicircum", "~": "textasciitilde", "<": "textless", ">": "textgreater",
    "|": "textbar", "'": "textquotesingle", "`": "textasciigrave",
}  # fmt: skip
_SIGNS = {"−": "-", "→": r"\to", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx"}
_SPECIAL = re.compile(r"""[\\^~<>|'`"{}$&#%_\[\]*−→≤≥≠≈]|-(?=-)|,(?=,)|(?<= ) """)


def escape(text: object) -> str:
    """Return `text` as one line that LaTeX prints as it stands, in a sentence, a caption or a cell of a table.

    Beside the special characters these are kept from meaning something: brackets and a star, which at the start of a
    row are options of the one before; hyphens and commas in pairs, which many fonts make one sign; spaces in a row; and
    quotes, which some languages make commands. Letters beyond ASCII stay, but for signs of mathematics: which of them
    a font has depends on the document.
    """
    return _SPECIAL.sub(lambda found: _escaped(found[0]), str(text))


def _escaped(letter: str) -> str:
    if letter in _SIGNS:
        return math(_SIGNS[letter])
    if letter in _WORDS:
        return f"\\{_WORDS[letter]}{{}}"
    if letter in "[]*":
        return f"{{{letter}}}"
    if letter in "-,":
        return letter + "{}"
    return "\\symbol{34}" if letter == '"' else f"\\{letter}"


def math(text: str) -> str:
    """Return a number or an interval with a true minus sign."""
    return f"${text}$"


class Column(NamedTuple):
    """A column of a table: its header, and whether it holds texts, which may be broken, or numbers, flush right."""

    header: str
    is_text: bool


def float_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], caption: str, label: str, notes: str) -> str:
    """Return a table with a caption above and notes below, no wider than a page of `article`: texts are broken.

    Headers, cells, caption and notes are ready-made LaTeX. A table of more rows than a page has is a longtable.
    """
    spec, body = laid_out(columns, rows)
    head, *lines = [" & ".join(row) + r" \\" for row in body]
    named = rf"\caption{{{caption}}}\label{{tab:{label}}}"
    small = rf"\footnotesize\setlength{{\tabcolsep}}{{{GAP / 2:g}pt}}"
    if len(rows) > LONGEST:
        lines = [rf"\begingroup{small}", rf"\begin{{longtable}}{{@{{}}{spec}@{{}}}}",
                 named + r"\\", r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot", *lines,
                 r"\end{longtable}", rf"\noindent {notes}\par", r"\endgroup"]  # fmt: skip
    else:
        lines = [r"\begin{table}[htbp]", r"\centering", named, small,
                 rf"\begin{{tabular}}{{@{{}}{spec}@{{}}}}", r"\toprule", head, r"\midrule", *lines, r"\bottomrule",
                 r"\end{tabular}", rf"\par\smallskip\begin{{minipage}}{{\linewidth}}{notes}\end{{minipage}}",
                 r"\end{table}"]  # fmt: skip
    return "\n".join(lines) + "\n"


def laid_out(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> tuple[str, list[list[str]]]:
    """Return the alignments of the columns, and the header with the rows, so that a line of LINE points holds them.

    Numbers keep their width, and a header that is wider stands in lines. Where texts have to be broken, each gets what
    its longest word takes, and of what is left of the line as much as it lacks: of a wider page more.
    """
    cells, heads = [list(column) for column in zip(*rows, strict=True)], _heads(columns, rows)
    natural, least = _widths(columns, heads, rows)
    fixed, lack = sum(least) + GAP * (len(columns) - 1), sum(natural) - sum(least)
    spec = []
    for place, (kind, most, few) in enumerate(zip(columns, natural, least, strict=True)):
        breaks = few < most and fixed + lack > LINE
        spec.append(_paragraph(few, (most - few) / lack, fixed) if breaks else "l" if kind.is_text else "r")
        if breaks:
            heads[place], *cells[place] = (breakable(cell) for cell in (heads[place], *cells[place]))
    return "".join(spec), [heads, *map(list, zip(*cells, strict=True))]


def fits(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a line can hold the numbers, and the longest word of each text."""
    _, least = _widths(columns, _heads(columns, rows), rows)
    return sum(least) + GAP * (len(columns) - 1) <= LINE


def _heads(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the headers, those of numbers in lines."""
    return [
        header if is_text else stacked(in_lines(header, max(map(width, cells))), "b")
        for (header, is_text), cells in zip(columns, zip(*rows, strict=True), strict=True)
    ]


def _widths(
    columns: Sequence[Column], heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[float], list[float]]:
    """Return how wide each column is by itself, and the least that it takes, in points."""
    cells = list(zip(heads, *rows, strict=True))
    natural = [max(map(width, column)) for column in cells]
    least = [max(map(longest_word, column)) for column in cells]
    return natural, [
        min(few, most) if kind.is_text else most for kind, few, most in zip(columns, least, natural, strict=True)
    ]


def _paragraph(least: float, share: float, fixed: float) -> str:
    """Return a column of broken lines: so many points, and a share of what the line has beside `fixed` points."""
    room = rf"{least:.0f}pt+{share:.3f}\dimexpr\linewidth-{fixed:.0f}pt\relax"
    return rf">{{\raggedright\arraybackslash}}p{{\dimexpr {room}\relax}}"


def stacked(lines: Sequence[str], place: str = "t") -> str:
    """Return lines of a cell of numbers below each other; `place` is the line that stands level with other cells."""
    if len(lines) == 1:
        return lines[0]
    return rf"\begin{{tabular}}[{place}]{{@{{}}r@{{}}}}{BREAK.join(lines)}\end{{tabular}}"


def in_lines(latex: str, room: float) -> list[str]:
    """Return a header in lines of at most `room` points, if its words are no longer."""
    room, lines = max(room, longest_word(latex)), [""]
    for word in latex.split(" "):
        joined = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], joined] if width(joined) <= room else [*lines, word]
    return lines


def breakable(latex: str) -> str:
    """Return a cell that may be broken within a long word: after these signs, and where the word is hyphenated."""
    return rf"\hspace{{0pt}}{_SEAMS.sub(lambda found: found[0] + _SEAM, latex)}"


def longest_word(latex: str) -> float:
    """Return the width of what a cell cannot break, in points; longer words than LONGEST_WORD are hyphenated."""
    words = _SEAMS.sub(lambda found: found[0] + " ", latex).split(" ")
    return min(max(map(width, words)), LONGEST_WORD)


def width(latex: str) -> float:
    """Return about how wide a cell is in points, in Computer Modern of 8 points (\\footnotesize): rather too wide."""
    if stack := _STACK.fullmatch(latex):
        return max(map(width, stack[1].split(BREAK)))
    text = _SILENT.sub("", _LETTER.sub(r"\1", _COMMAND.sub("M", latex)))
    return sum(next(points for points, letters in WIDTHS.items() if letters.match(letter)) for letter in text)
