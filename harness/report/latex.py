"""LaTeX from data: what a user typed stays text, whatever it contains. Tables need booktabs, long ones longtable."""

import re
from collections.abc import Sequence

LONGEST = 45  # rows on a page
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


def float_table(
    columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], caption: str, label: str, notes: str
) -> str:
    """Return a table with a caption above and notes below: `columns` has each header and its alignment (l, r, p{…}).

    Headers, cells, caption and notes are ready-made LaTeX. A table of more rows than a page has is a longtable.
    """
    head = " & ".join(header for header, _ in columns) + r" \\"
    body = [" & ".join(row) + r" \\" for row in rows]
    spec = "@{}" + "".join(alignment for _, alignment in columns) + "@{}"
    named = rf"\caption{{{caption}}}\label{{tab:{label}}}"
    if len(rows) > LONGEST:
        lines = [r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}", rf"\begin{{longtable}}{{{spec}}}",
                 named + r"\\", r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot", *body,
                 r"\end{longtable}", rf"\noindent {notes}\par", r"\endgroup"]  # fmt: skip
    else:
        lines = [r"\begin{table}[htbp]", r"\centering", named, r"\footnotesize\setlength{\tabcolsep}{4pt}",
                 rf"\begin{{tabular}}{{{spec}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule",
                 r"\end{tabular}", rf"\par\smallskip\begin{{minipage}}{{\linewidth}}{notes}\end{{minipage}}",
                 r"\end{table}"]  # fmt: skip
    return "\n".join(lines) + "\n"
