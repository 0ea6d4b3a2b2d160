"""`harness export --to latex`: tables that compile, whatever the arms are called, and no file of yours replaced."""

import re
import shutil
import string
import subprocess

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cli.app import _exit_code
from harness.errors import InputError
from harness.report.latex import LONGEST, escape
from harness.report.latex_tables import KINDS, WRITTEN_BY, export_latex
from harness.results.files import write_study
from harness.spec.schema import DIFFERENCES_COLUMNS, EFFECTS_COLUMNS, SUMMARY_COLUMNS, VERDICTS_COLUMNS
from harness.spec.study import study_from_table

NASTY = [
    string.punctuation,
    "[*]",
    "a--b ,, ''`` ??",
    "100 % of_x & y #1",
    "~$x^2$~",
    r"\input{x} \\[2em]",
    "*starred",
    "5 − 3 → 2 ≤ 4",
]
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp", "Zs"], include_characters=" "))


def read(latex):
    """Read LaTeX as TeX does: one space for many, groups without meaning; raise for what would mean something."""
    words = {"textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">",
             "textbar": "|", "textquotesingle": "'", "textasciigrave": "`"}  # fmt: skip
    signs = {"-": "−", r"\to": "→", r"\le": "≤", r"\ge": "≥", r"\ne": "≠", r"\approx": "≈"}
    text, rest = "", latex
    while rest:
        if found := re.match(r"\\([a-z]+)\{\}", rest):
            text += words[found[1]]
        elif found := re.match(r"\\symbol\{(\d+)\}", rest):
            text += chr(int(found[1]))
        elif found := re.match(r"\\([{}$&#%_ ])", rest):
            text += found[1]
        elif found := re.match(r"\$([^$]+)\$", rest):
            text += signs[found[1]]
        elif found := re.match(r"\{\}", rest):
            pass
        elif found := re.match(r"\{(.)\}", rest):
            text += found[1]
        elif found := re.match(r"--|,,|''|``", rest):
            raise AssertionError(f"a ligature at {rest[:10]!r}")
        elif found := re.match(" +", rest):
            text += " "
        else:
            found = re.match(r"(?s).", rest)
            assert found[0] not in r"""\{}$&#^_%~[]*<>|"'`""", f"{found[0]!r} would mean something"
            text += found[0]
        rest = rest[found.end() :]
    return text


@settings(max_examples=60)
@given(NAMES)
def test_any_name_is_printed_as_it_stands(name):
    assert read(escape(name)) == name


@pytest.mark.parametrize("name", NASTY)
def test_what_means_something_in_a_table_is_printed_as_it_stands(name):
    assert read(escape(name)) == name


@pytest.fixture
def results(tmp_path):
    """A results folder of one study whose arms have nasty names, with every table that there is."""
    folder = tmp_path / "results" / "nasty"
    folder.mkdir(parents=True)
    arms = {name: {"l2": float(number)} for number, name in enumerate(NASTY)}
    write_study(
        folder, study_from_table("nasty", {"title": "50 % & more", "blocks": [{"arms": arms}]}, "nasty.toml"), {}
    )
    rows = {
        "summary": [("nasty", arm, "default", metric, 8, 1, 4.5, 5.25, 4.5, 6.0, 4.25, 6.25)
                    for metric in ("test_error", "val_loss") for arm in NASTY],
        "differences": [("nasty", phase, "test_error", arm, NASTY[0], 8, -0.5, -0.8, -0.2, 0.875, 0.0078, 0.047)
                        for phase in ("default", "confirm") for arm in NASTY[1:]],
        "verdicts": [
            ("nasty", "one", "default", "", "supported", "test_error", 8, -0.5, -0.8, -0.2, 1.0, 0.0078, 0.0156, "",
             "before", "A_b beats 50 %"),
            ("nasty", "two", "confirm", "depth = 3", "inconclusive", "gap", 8, 0.1, -0.2, 0.4, 0.5, 0.5, 0.5, 34,
             "after 40 trials", "C&D"),
            ("nasty", "three", "confirm", "depth = 4", "exploratory", "gap", 2, *[None] * 6, "> 1000", "before", "E"),
        ],
        "effects": [("nasty", "deep", "test_error", "main", "normalization", 8, 0.25, 0.1, 0.4, 1e-6, 1e-5),
                    ("nasty", "deep", "test_error", "interaction", "a × b", 8, -0.25, -0.4, -0.1, 0.5, 0.5)],
    }  # fmt: skip
    columns = {"summary": SUMMARY_COLUMNS, "differences": DIFFERENCES_COLUMNS, "verdicts": VERDICTS_COLUMNS,
               "effects": EFFECTS_COLUMNS}  # fmt: skip
    for name, found in rows.items():
        pd.DataFrame(found, columns=list(columns[name])).to_csv(folder / f"{name}.csv", index=False)
    return tmp_path / "results"


def test_the_command_tells_where_the_tables_are_and_refuses_other_formats(results, monkeypatch, capsys):
    monkeypatch.chdir(results.parent)
    assert _exit_code(["export", "results"]) == 0
    assert capsys.readouterr().out == "5 tables: reports/local/latex/results\n"
    assert len(list((results.parent / "reports" / "local" / "latex" / "results").glob("*.tex"))) == 5
    assert _exit_code(["export", "results", "--to", "latx"]) == 2
    assert "expected latex (did you mean 'latex'?)" in capsys.readouterr().err
    assert _exit_code(["export", "results", "--output", "results/nasty/summary.csv"]) == 2
    assert "is or lies below a file" in capsys.readouterr().err


def body(text):
    """The header and the rows of a table, as cells."""
    rows = re.findall(r"(?m)^(.*) \\\\$", text)
    return [re.split(r" (?<!\\)& ", row) for row in rows if not row.startswith("\\caption")]


def test_every_table_that_is_there_is_written_with_as_many_cells_as_columns(results, tmp_path):
    written = export_latex(results, tmp_path / "tex")
    assert [path.stem for path in written] == [
        "nasty-summary-test-error", "nasty-summary-val-loss", "nasty-differences-test-error", "nasty-verdicts",
        "nasty-effects-test-error",
    ]  # fmt: skip
    assert len(KINDS) == 4
    for path in written:
        text = path.read_text()
        (spec,) = re.findall(r"(?m)^\\begin\{tabular\}\{@\{\}(.*)@\{\}\}$", text)
        count = len(re.sub(r">\{.*?\}p\{.*?\}", "p", spec))
        assert {len(row) for row in body(text)} == {count}
        assert text.count(r"\begin{") == text.count(r"\end{")
        for rule in ("toprule", "midrule", "bottomrule"):
            assert text.count(f"\\{rule}") == 1


def test_units_stand_in_the_header_and_what_all_rows_share_in_the_caption(results, tmp_path):
    export_latex(results, tmp_path)
    summary, losses = ((tmp_path / f"nasty-summary-{name}.tex").read_text() for name in ("test-error", "val-loss"))
    assert r"\caption{50 \% \& more: arms, test error, as written, 8 seeds}" in summary
    assert "mean\\\\(\\%)" in summary, "the header of a column of numbers stands in lines"
    assert "$5.25$ & $[4.50, 6.00]$ & $[4.25, 6.25]$" in summary
    assert "mean &" in losses
    assert "$5.2500$" in losses
    differences = (tmp_path / "nasty-differences-test-error.tex").read_text()
    assert "difference\\\\(points)" in differences
    assert f"from {escape(NASTY[0])}, 8 seeds" in differences
    assert "$-0.50$ & $[-0.80, -0.20]$ & 88 & 0.0078 & 0.0470" in differences
    effects = (tmp_path / "nasty-effects-test-error.tex").read_text()
    assert "$+0.25$ & $[+0.10, +0.40]$ & $<$0.0001" in effects


def test_a_verdict_tells_the_seeds_that_would_decide_and_a_late_claim(results, tmp_path):
    export_latex(results, tmp_path)
    text = (tmp_path / "nasty-verdicts.tex").read_text()
    told = [row[0].replace(r"\hspace{0pt}", "") for row in body(text)]
    claims = [r"A\_b beats 50 \% (test error)", r"C\&D (depth = 3, gap)", "E (depth = 4, gap)"]
    assert told == ["claim", *claims], "condition and metric stand beside the claim"
    assert "inconclusive$^\\dagger$ (34)" in text
    assert "exploratory (\\textgreater{} 1000)" in text
    assert "$-0.50$\\\\$[-0.80, -0.20]$" in text, "the interval stands below its effect"
    assert "-- & --" in text, "what there is not is a dash"


def test_a_table_that_is_not_there_is_left_out(results, tmp_path):
    for name in ("verdicts", "effects"):
        (results / "nasty" / f"{name}.csv").unlink()
    pd.DataFrame(columns=list(DIFFERENCES_COLUMNS)).to_csv(results / "nasty" / "differences.csv", index=False)
    written = export_latex(results / "nasty", tmp_path / "tex")
    assert [path.stem for path in written] == ["nasty-summary-test-error", "nasty-summary-val-loss"]
    (results / "nasty" / "summary.csv").unlink()
    with pytest.raises(InputError, match="holds no table"):
        export_latex(results, tmp_path / "tex")


def test_its_own_files_are_replaced_and_nobody_elses(results, tmp_path):
    output = tmp_path / "tex"
    written = export_latex(results, output)
    before = {path: path.read_bytes() for path in written}
    written[0].write_text(f"{WRITTEN_BY}, and edited")
    assert {path: path.read_bytes() for path in export_latex(results, output)} == before
    written[1].write_text("mine")
    written[0].unlink()
    with pytest.raises(InputError, match="not written by `harness export`"):
        export_latex(results, output)
    assert written[1].read_text() == "mine"
    assert not written[0].exists(), "nothing is written where one file is refused"


def test_a_long_table_goes_over_pages(results, tmp_path):
    path = results / "nasty" / "summary.csv"
    table = pd.read_csv(path)
    pd.concat([table] * LONGEST).to_csv(path, index=False)
    export_latex(results, tmp_path)
    assert r"\begin{longtable}" in (tmp_path / "nasty-summary-test-error.tex").read_text()
    compiled(tmp_path)


def compiled(folder):
    """Compile every table of a folder, where there is a TeX to do it."""
    if shutil.which("pdflatex") is None:
        return
    tables = "".join(f"\\input{{{path.name}}}\\clearpage" for path in sorted(folder.glob("nasty*.tex")))
    (folder / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{array,booktabs,longtable}\begin{document}" + tables + r"\end{document}"
    )
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in done.stdout
    overfull = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)]
    assert max(overfull, default=0) < 5, "points beyond the width of the text"


def test_every_table_compiles_where_there_is_a_tex_and_fits_the_page(results, tmp_path):
    export_latex(results, tmp_path)
    compiled(tmp_path)


def test_long_claims_long_names_and_large_numbers_fit_the_page(results, tmp_path):
    """As wide as studies get: arms named by two settings, numbers with exponents, both sides of a pair told."""
    arms = [f"activation={name},initializer=xavier_normal" for name in ("sigmoid", "leaky_relu", "softsign")]
    wide = [("nasty", "default", "backward_ratio", a, b, 8, 1.234e30, -2.5e31, 4.5e-12, 0.875, 0.0078, 0.047)
            for a in arms for b in arms if a != b]  # fmt: skip
    pd.DataFrame(wide, columns=list(DIFFERENCES_COLUMNS)).to_csv(results / "nasty" / "differences.csv", index=False)
    verdicts = pd.read_csv(results / "nasty" / "verdicts.csv")
    claim = (
        "Through sigmoid layers the gradient falls by more, from the last layer to the first, the deeper the network"
    )
    long = verdicts.assign(text=claim, condition="hidden = 50x64, depth = 16", metric="bias_gradient_norm", effect=-8e8)
    long.to_csv(results / "nasty" / "verdicts.csv", index=False)
    export_latex(results, tmp_path)
    text = (tmp_path / "nasty-differences-backward-ratio.tex").read_text()
    assert r"$+1.234\cdot10^{30}$\\$[-2.5\cdot10^{31}, +4.5\cdot10^{-12}]$" in text
    compiled(tmp_path)
