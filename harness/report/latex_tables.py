"""The tables of a results folder as LaTeX: arms, paired differences, verdicts, effects, whichever a study has.

They are made from the CSV files alone. A column that this file does not know is shown as it stands.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from harness.atomic import replace_files
from harness.errors import HarnessError, InputError
from harness.report.labels import EFFECT_KINDS, SHOWN_PHASES, in_words, metric_title, metric_unit, short_title
from harness.report.latex import Column, escape, fits, float_table, math, stacked
from harness.results.files import STUDY_FILE, read_study, study_folders
from harness.spec.ablation import UNNAMED
from harness.text import counted, rounded

WRITTEN_BY = "% Written by `harness export`"
HEAD = f"{WRITTEN_BY}, which replaces it; for \\input below \\usepackage{{array,booktabs,longtable}}.\n"
NONE = "--"


class Kind(NamedTuple):
    """A table of statistics: what it shows in words, whether each metric has a table of its own, and its notes."""

    title: str
    by_metric: bool
    notes: str


SEEDS = "In brackets the 95\\,\\% $t$-interval over seeds."
LOST = "A lost seed (diverged, failed) counts as the worse of guessing and the worst of the study."
FLIPS = "$p$ is two-sided, of the sign-flip test over seeds (exact up to 20)"
KINDS = {
    "summary": Kind("arms", True, f"Mean and median over the seeds. {SEEDS} {LOST}"),
    "differences": Kind(
        "paired differences",
        True,
        f"$a - b$ at the same seed. {SEEDS} {FLIPS}, adjusted by Holm within study, phase and metric. In favour: share "
        f"of seeds in which $a$ is better. {LOST}",
    ),
    "verdicts": Kind(
        "verdicts",
        False,
        f"Effects are in the unit of the metric, errors in percentage points. {SEEDS} {FLIPS}, of a $t$-test where "
        "sides are said to be equivalent or within bounds; it is adjusted by Holm over the claims of the study, and "
        "supported and refuted mean at most 0.05. In parentheses, beside the verdict, the seeds that would "
        "decide if the effect seen were the true one. "
        "$\\dagger$: stated after results were there.",
    ),
    "effects": Kind("effects", True, f"{SEEDS} {FLIPS}, adjusted by Holm within metric and kind. {LOST}"),
}
HEADERS = {
    "n": "seeds", "share": "in favour (\\%)", "p": "$p$", "p_adjusted": "$p$ adjusted", "a": "$a$", "b": "$b$",
    "low": "95\\,\\% interval", "text": "claim", "low_images": "over seeds and images",
}  # fmt: skip
COUNTS, VALUES, EFFECTS, PS = ("n", "lost"), ("median", "mean"), ("difference", "effect"), ("p", "p_adjusted")
BOUNDS = {"low": "high", "low_images": "high_images"}
NUMBERS = (*COUNTS, *VALUES, *EFFECTS, *PS, *BOUNDS, *BOUNDS.values(), "share")
SPOKEN: dict[str, Callable[[Any], str]] = {
    "metric": short_title,
    "phase": lambda phase: SHOWN_PHASES.get(phase, phase),
    "kind": lambda kind: EFFECT_KINDS.get(kind, kind),
}
"""What a text is called in a cell."""
SHARED: dict[str, Callable[[Any], str]] = {
    "phase": SPOKEN["phase"],
    "block": lambda block: "" if block == UNNAMED else block,
    "b": lambda arm: f"from {arm}",
    "n": lambda n: counted(int(n), "seed"),
}
"""Columns that stand in the caption where all rows share a value, and how."""
OF_VERDICTS = ("text", "phase", "verdict", "n", "effect", "p_adjusted")
"""What a table of verdicts shows; conditions and metrics stand beside the text, intervals below their effects."""


def export_latex(results: Path, output: Path) -> list[Path]:
    """Write every table of statistics of a results folder, or of one study's, into `output`; return what was written.

    Raises InputError when there is no table, or a file of another origin stands where one would be written.
    """
    folders = [results] if (results / STUDY_FILE).is_file() else study_folders(results)
    contents: dict[Path, bytes] = {}
    for folder in folders:
        for name, text in _study_tables(folder):
            path = output / f"{name}.tex"
            contents[path if path not in contents else output / f"{name}-{len(contents)}.tex"] = (HEAD + text).encode()
    if not contents:
        raise InputError(f"results folder {results}: holds no table ({', '.join(KINDS)}); `harness run` makes them")
    for path in contents:
        if path.exists() and not path.read_bytes().startswith(WRITTEN_BY.encode()):
            raise InputError(f"{path}: not written by `harness export`; move it, or choose another folder by --output")
    try:
        output.mkdir(parents=True, exist_ok=True)
        replace_files({path: _writing(content) for path, content in contents.items()})
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{output}: cannot be written ({error.strerror})") from None
    except OSError as error:
        raise HarnessError(f"{output}: cannot be written ({error.strerror}); what was there is whole") from None
    return list(contents)


def _writing(content: bytes) -> Callable[[Any], object]:
    return lambda file: file.write(content)


def _study_tables(folder: Path) -> list[tuple[str, str]]:
    """Return name and LaTeX of each table of a study."""
    title = read_study(folder)[0].title
    found = []
    for name, kind in KINDS.items():
        table = _read(folder / f"{name}.csv")
        parts = table.groupby("metric", sort=False) if kind.by_metric and len(table) else [("", table)]
        for metric, part in parts:
            if len(part):
                label = "-".join(filter(None, [folder.name, name, re.sub(r"[^a-z0-9]+", "-", str(metric))]))
                found.append((label, latex_table(part, kind, title, label)))
    return found


def _read(path: Path) -> pd.DataFrame:
    """Return a table, with numbers where they are meant and everything else as it was written; none where it is not."""
    if not path.is_file():
        return pd.DataFrame()
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: damaged, not a table ({str(error).splitlines()[0]})") from None
    return table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in NUMBERS if name in table})


def latex_table(table: pd.DataFrame, kind: Kind, title: str, label: str) -> str:
    """Return rows of a table of statistics as LaTeX; what all rows share stands in the caption."""
    told, shown = [kind.title], [name for name in table if name not in ("study", *BOUNDS.values())]
    if kind.by_metric:
        metric = table["metric"].iloc[0]
        told.append(metric_title(metric).removesuffix(f" ({metric_unit(metric).strip()})"))
        shown.remove("metric")
    if "verdict" in table:
        shown = list(OF_VERDICTS)
    for name, words in SHARED.items():
        if name in shown and table[name].nunique(dropna=False) == 1:
            told.append(words(table[name].iloc[0]))
            shown.remove(name)
    shown = [name for name in shown if not (table[name].isna() | (table[name] == "")).all()]
    metric = table["metric"].iloc[0] if kind.by_metric else ""
    columns, rows = _cells(table, shown, metric)
    if "verdict" in table or not fits(columns, rows):
        columns, rows = _cells(table, [name for name in shown if name != "low"], metric, stack=True)
    caption = f"{escape(title)}: {escape(', '.join(filter(None, told)))}"
    return float_table(columns, rows, caption, label, kind.notes)


def _cells(
    table: pd.DataFrame, shown: Sequence[str], metric: str, stack: bool = False
) -> tuple[list[Column], list[list[str]]]:
    """Return the columns and the rows of a table; `stack` puts the intervals below what they are of."""
    rows = [[_cell(name, row) for name in shown] for row in table.to_dict("records")]
    for name in (*VALUES[1:], *EFFECTS) if stack else ():
        if name in shown:
            place = shown.index(name)
            for told, row in zip(rows, table.to_dict("records"), strict=True):
                told[place] = stacked([told[place], _cell("low", row)] if told[place] != NONE else [NONE])
    return [Column(_header(name, metric), name not in NUMBERS) for name in shown], rows


def _header(name: str, metric: str) -> str:
    unit = metric_unit(metric).strip() if metric else ""
    unit = "points" if unit and name in EFFECTS else unit
    told = HEADERS.get(name) or escape(name.replace("_", " "))
    return f"{told} ({escape(unit)})" if unit and name in (*VALUES, *EFFECTS) else told


def _cell(name: str, row: Mapping[Any, Any]) -> str:
    value = row[name]
    signed = any(effect in row for effect in EFFECTS)
    if name in BOUNDS and not pd.isna(value):
        return math(f"[{', '.join(_decimal(row[side], row['metric'], signed) for side in (name, BOUNDS[name]))}]")
    if name in NUMBERS and pd.isna(value):
        return NONE
    if name in (*VALUES, *EFFECTS):
        return math(_decimal(value, row["metric"], signed))
    if name in PS:
        return f"{value:.4f}" if value >= 0.0001 else "$<$0.0001"
    if name in NUMBERS:
        return f"{100 * value:.0f}" if name == "share" else f"{value:,.0f}"
    if name == "verdict":
        return _verdict(row)
    if name == "text":
        under = ", ".join(filter(None, (row["condition"], in_words(row["metric"]))))
        return f"{escape(value)} ({escape(under)})"
    return escape(SPOKEN.get(name, str)(value))


def _verdict(row: Mapping[Any, Any]) -> str:
    """Return the verdict, the seeds that would decide it, and a mark where the claim was stated late."""
    seeds = row.get("seeds_to_decide") or ""
    late = "$^\\dagger$" if str(row.get("stated", "")).startswith("after") else ""
    return f"{escape(row['verdict'])}{late}" + (f" ({escape(str(seeds).removesuffix('.0'))})" if seeds else "")


def _decimal(value: float, metric: str, signed: bool) -> str:
    """Return a number with as many decimals as every number of its metric has, or four digits where units vary."""
    sign = "+" * signed
    known = 4 if metric.endswith(("_loss", "_accuracy")) else 2 if metric_unit(metric) else None
    if known is None and not 1000 <= abs(value) < 1e6:
        text = f"{value:{sign}z.4g}"
    else:
        text = rounded(value, known or 0, sign)
    return re.sub(r"e([+-])0*(\d+)", lambda e: rf"\cdot10^{{{e[1].removeprefix('+')}{e[2]}}}", text)
